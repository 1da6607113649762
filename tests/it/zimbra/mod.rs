//! Zimbra: its archives, its client, its source, and the stand-in that they are tried on.

mod client;
mod exports;
mod faults;

mod source;
pub mod stage;
