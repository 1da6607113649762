//! Zimbra, as much of it as a mailbox transfer meets (zimbra.md §9): SOAP in JSON and XML at the users' and the administrators' door, archives and
//! single messages by REST, tokens that end, and every fault of §9.7 on request.
//!
//! It is stricter than the world: a request that it does not know is refused, as is a header above 8 KiB. It shares no code with
//! [`crate::zimbra`]: its archives are written by hand in the bytes of the real ones, its own mistakes included (the mode bit, the clean end after
//! an error). What nobody asks of it is left out: the export of whole folders, search beyond folders.

mod archive;
mod directory;
mod envelope;
mod faults;
mod fill;
mod mail;
mod person;
mod rest;
mod server;
mod store;
mod tokens;
mod xml;

pub use faults::{Fault, Settings};
pub use fill::fill;
pub use person::{Person, Status};
pub use server::Zimbra;
pub use store::{Blob, Folder, FolderKind, Item, Mailbox, NewItem};
