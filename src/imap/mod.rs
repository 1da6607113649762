//! IMAP4rev1 (RFC 3501) as a client, pipelined both ways; it does not know that mail is being moved.
//!
//! # On async-imap, and around it
//!
//! [`async_imap`] leads the conversation up to the sign-in (greeting, STARTTLS, SASL), and its parser types response codes. It does not
//! carry the mail, because in version 0.12, with imap-proto 0.17 as its parser,
//!
//! - a session runs one command at a time: its `append` waits for two round trips, its `fetch` borrows the session until
//!   its stream is read;
//! - the parser closes the stream on what it does not know (NAMESPACE, ESEARCH, XLIST, `~{n}`, a bare `Server Unavailable. 15`), and
//!   panics on `INTERNALDATE NIL` and on a text that follows a response code without a blank and begins with an umlaut;
//! - a literal lies in memory as a whole, and folder names, which are identities, are decoded lossily;
//! - its errors quote the line they fail on, which is mail, and its trace log holds every command, which may be a LOGIN. Neither is ever
//!   shown: what a server said is taken from our own reading, and no logger is installed for the `log` crate it uses.
//!
//! So a `Filter` lies below it while it signs in and shows it only lines that surely parse. Afterwards the stream
//! is taken back and a [`Connection`] drives it:
//!
//! ```text
//! Command ─▶ Outbox ─▶ stream ─▶ Intake ─▶ Framer (lines, literals, bodies ─▶ BodyStore) ─▶ readers ─▶ Event
//! ```
//!
//! A reply's form never ends a connection: what cannot be understood is [`Event::Other`], and what is half understood tells its
//! first half. To keep async-imap's session above the framer all the way was rejected: every reply that matters would be
//! read twice, and rewritten in between.
//!
//! # Left out
//!
//! BINARY (RFC 3516): a part without its transfer encoding is not the bytes that are to be copied; literal8 is understood
//! when it comes. IMAP4rev2 is never enabled (Exchange announces it and breaks, microsoft365.md §1.3). IDLE and BODYSTRUCTURE
//! (quirk 39) have no use here.

mod code;
mod command;
mod completed;
mod connection;
pub mod date;
mod deflate;
mod event;
mod exchange;
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
mod token;
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
pub use signin::SignIn;

pub use crate::sasl::{AdminForm, Login};

/// Reads a server's bytes as a [`Connection`] would, without one: for tests and fuzzing.
pub fn read_all(bytes: &[u8], bodies: BodyStore) -> Vec<Event> {
    let mut intake = intake::Intake::new(bodies);
    intake.put(bytes.to_vec());
    std::iter::from_fn(|| intake.event()).collect()
}
