//! Many mailboxes: configuration, users, pairs, the supervisor that runs them, reports and the run's outcome.
//!
//! Everything a person writes is read here and nowhere else, and every mistake in it is answered with its file, line
//! and key and with what to write instead. Nothing here prints.

pub mod config;
pub mod connect;
pub mod credentials;
pub mod endpoint;
pub mod files;
pub mod finalised;
pub mod oauth;
pub mod outcome;
pub mod pairs;
mod place;
pub mod report;
pub mod secrets;
pub mod standing;
pub mod store;
pub mod supervisor;
pub mod url;
pub mod users;
pub mod values;
pub mod words;
pub mod zimbra;
