//! IMAP4rev1 (RFC 3501) as a client, pipelined both ways; it does not know that mail is being moved.
//!
//! [`async_imap`] signs in and types the replies it can; below it lies a framer of ours that knows lines and literals, takes
//! message bodies out of the stream (into a [`crate::body::BodyStore`]) before any parser sees them, and reads by itself
//! what async-imap's parser refuses or panics on. A [`Connection`] therefore never dies of a reply's form.

mod command;
mod connection;
pub mod date;
mod event;
pub mod list;
mod server;
mod signin;
pub mod uidset;

pub use command::{Command, is_flag};
pub use connection::{Completed, Connection, Resync, Selected};
pub use event::{Attributes, Event, FolderEntry, Literal, Namespace, ResponseCode, StatusReply, Tag, Tagged, Verdict};
pub use server::Server;
pub use signin::{AdminForm, Login, SignIn};
