//! A mailbox as both sides see it: the server's habits, the names of its folders, what each is for.
//!
//! The two adapters, [`crate::source::imap`] and [`crate::target::imap`], stand on this module. It knows servers by name
//! and cites its evidence: "quirk n" is an entry of the catalogue of server quirks that the design was written from.
//! It never talks to a server about messages. `items` is the same for an Exchange mailbox that is read or written as a store of items.
//! Rejected: flags for each habit in the configuration, for nobody who moves a mailbox knows what window Courier likes.

mod counters;
mod graph_folders;
pub(crate) mod items;
mod link;
pub(crate) mod meanings;
mod names;
mod profile;
mod profiles;
mod recognise;
mod replies;
mod roles;
mod settings;

pub use graph_folders::GraphFolders;
pub use link::{Link, Told};
pub use names::Names;
pub use profile::{Profile, Window};
pub use recognise::{named, recognise};
pub use replies::Replies;
pub use roles::{groupware, role_by_name};
pub use settings::ImapSettings;
