//! Microsoft Graph, as much of it as a mailbox transfer meets (microsoft365.md §4, §5 and §7.3).
//!
//! A directory of people in every state, their mailboxes with items of every class, and the service's habits: pages of ten, ids that
//! change with a move unless immutable ones are asked for, delta tokens that can be lost, 429 with its two messages, streams that nobody
//! may read, import sessions that end. It is stricter than the world: an unknown property in `$select` is refused, a token at an
//! import URL is refused, and every fault ([`Fault`], [`Settings`]) can be switched while it runs.
//!
//! It shares no code with [`crate::graph`]. Tokens are asked about at the [`super::entra`] stand-in.

mod answer;
mod batch;
mod call;
mod delta;
mod exchange;
mod faults;
mod fill;
mod ids;
mod import;
mod limiter;
mod mail;
mod paging;
mod people;
mod reflect;
mod route;
mod select;
mod server;
mod store;
mod stream;

pub use faults::{Fault, Kind};
pub use fill::fill;
pub use limiter::Limits;
pub use people::{Person, Status};
pub use server::{Graph, Imported, Settings};
pub use store::{Folder, Item, Mailbox, NewItem};
