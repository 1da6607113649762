//! IMAP4rev1 (RFC 3501) as a client, pipelined both ways; it does not know that mail is being moved.
//!
//! [`async_imap`] signs in and types the replies it can; below it lies a framer of ours that knows lines and literals, takes
//! message bodies out of the stream (into a [`crate::body::BodyStore`]) before any parser sees them, and reads by itself
//! what async-imap's parser refuses or panics on. A [`Connection`] therefore never dies of a reply's form.

mod code;
mod command;
mod completed;
mod connection;
pub mod date;
mod deflate;
mod event;
mod fetch;
mod filter;
mod frame;
mod handshake;
mod intake;
pub mod list;
mod outbox;
mod reader;
mod refusal;
mod response;
mod server;
mod setup;
mod signin;
#[cfg(test)]
mod transcript;
pub mod uidset;
pub mod utf7;

use crate::body::BodyStore;

pub use command::{Command, is_flag};
pub use completed::{Completed, Resync, Selected};
pub use connection::Connection;
pub use event::{Attributes, Event, FolderEntry, Literal, Namespace, ResponseCode, StatusReply, Tag, Tagged, Verdict};
pub use server::Server;
pub use signin::{AdminForm, Login, SignIn};

/// Reads a server's bytes as a [`Connection`] would, without one: for tests and fuzzing.
pub fn read_all(bytes: &[u8], bodies: BodyStore) -> Vec<Event> {
    let mut intake = intake::Intake::new(bodies);
    intake.put(bytes.to_vec());
    std::iter::from_fn(|| intake.event()).collect()
}
