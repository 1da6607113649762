//! Microsoft Graph: mail, items of every class, and the directory, over HTTP (microsoft365.md §4 and §5).
//!
//! A [`Service`] is Graph as one application reaches it, a [`Mailbox`] one user's mail, an [`ItemStore`] the same mailbox as a store of
//! items of every class. Lists are read in [`Pages`], changes by [`Changes`] with a [`DeltaLink`], bytes go into a
//! [`crate::body::BodyStore`] as they arrive. The [`Allowance`] of a mailbox keeps below the service's limits and obeys what it states.
//!
//! It assumes a client of [`crate::net::http`] and a [`crate::oauth::SignIn`] for Graph. It never repeats a request, but for a token that
//! was refused; never sends a token to another server; never shows a token, an import URL or text of a message. Every request
//! asks for immutable ids. Rejected: Microsoft's own Rust client, which is in preview and buffers whole bodies; EWS, which ends in 2027.

mod allowance;
mod batch;
mod content;
mod edits;
mod item_folders;
mod items;
mod mailbox;
mod page;
mod people;
mod refusal;
mod reply;
mod request;
mod resource;
mod service;
mod splice;
mod upload;
mod window;

pub use allowance::{Allowance, Pace, Usage};
pub(crate) use content::Content;
pub use item_folders::Created;
pub use items::{Export, Import, ItemStore};
pub use mailbox::Mailbox;
pub use page::{Change, Changes, DeltaLink, Pages, Turn};
pub use people::Standing;
pub use resource::{
    ExchangeSettings, Flag, FlagStatus, ImportSession, Importance, Item, ItemFolder, LicenseDetails, MailFolder,
    MailboxPurpose, MailboxSettings, Message, MessagePatch, Property, ServicePlan, User, WellKnown,
};
pub use service::Service;
