//! An IMAP server (RFC 3501) over a [`crate::lab::mailstore`], with the habits of a [`Persona`].
//!
//! One task serves one connection, one command after the other; replies are held back while more commands wait, so that
//! a client that pipelines is answered in batches. Everything that a test may want to know is in the [`Journal`];
//! everything that may go wrong is a knob of the persona or a [`Fault`] at the n-th command of a kind.
//!
//! It listens on loopback only. ENVELOPE, BODYSTRUCTURE and MIME parts are not offered.

mod accounts;
mod append;
mod auth;
mod copy;
mod deflate;
mod dispatch;
mod ending;
mod fault;
mod fetch;
mod folders;
mod header;
mod host;
mod journal;
mod list;
mod parse;
mod pattern;
mod persona;
mod receive;
mod reply;
mod search;
mod select;
mod server;
mod session;
mod store;
mod throttling;
mod view;
mod wire;

pub use accounts::{Access, Accounts};
pub use ending::Cause;
pub use fault::{Fault, Faults};
pub use journal::{Closed, Entry, Journal};
pub use parse::Verb;
pub use persona::{
    AppendRules, Capabilities, EXCHANGE_LINE, FolderRules, Latency, Manner, NameForm, Namespaces, Persona, Profile,
    Rendering, SessionRules, Throttle, ThrottleWords, Wording,
};
pub use server::Server;
