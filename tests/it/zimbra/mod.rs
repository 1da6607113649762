//! Zimbra: its archives, its client, its source, and the stand-in that they are tried on.

mod client;
mod closed;
mod commands;
mod exports;
mod faults;
mod life;
mod python;
mod site;
mod source;
pub mod stage;
