//! POP3 (RFC 1939, 2449, 2595, 5034) as a client, pipelined where the server proves that it can; it does not know that mail is being moved.
//!
//! # Shape
//!
//! [`Session`] is the protocol without a line: bytes in, [`Event`]s out, commands in, bytes out. It never blocks and never asks the time, so
//! it is tested and fuzzed with bytes alone. [`Connection`] drives one over a stream, with deadlines.
//!
//! ```text
//! Command ─▶ Session (what is owed) ─▶ stream ─▶ Session (lines; Unstuffer ─▶ BodyStore) ─▶ Event
//! ```
//!
//! Replies carry no tag: they are told apart by their order alone. A server that takes pipelined commands and drops one would shift every
//! message behind it, so pipelining is used only where it is announced and where a probe's replies came back whole and in their order
//! ([`Connection::proves_pipelining`]).
//!
//! # Absences
//!
//! There is no DELE here, and no way to send one. Where the server says that it deletes what was read (EXPIRE 0, RFC 2449 §6.7) there is no
//! QUIT either: without it a session never comes to its UPDATE state (RFC 1939 §6).
//!
//! # Left out
//!
//! UTF8 and LANG (RFC 6856): the messages are the same bytes without them. CRAM-MD5 and its kin: every server that has them has TLS too.
//! Rejected: a POP3 library. Those that exist hold a message as a string, wait for each reply, and read the dots line by line.

mod apop;
mod capabilities;
mod command;
mod connection;
mod event;
mod exchange;
mod handshake;
mod listing;
mod refusal;
mod reply;
mod session;
mod signin;
mod unstuff;

pub use capabilities::Capabilities;
pub use command::Command;
pub use connection::Connection;
pub use event::Event;
pub use listing::{Size, UniqueId};
pub use reply::Reply;
pub use session::{Fault, Session};
pub use signin::SignIn;
