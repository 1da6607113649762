//! Categories: what messages carry beside their folder (Outlook's; Gmail's labels and IMAP's keywords become such).
//!
//! The port is here, its one adapter is [`GraphCategories`]. Only categories are ever set; nothing else of a message is touched.

mod alike;
mod graph;

use async_trait::async_trait;

pub use graph::GraphCategories;

use crate::{
    error::Result,
    model::{BodyHash, Fingerprint, FolderPath, ReceivedAt},
};

/// The names that messages carry beside their folder (Outlook's categories): a port of its own, for few targets have it, and where they do
/// it speaks another protocol than the one that mail came by.
#[async_trait]
pub trait Categories: Send + Sync {
    /// What a name becomes as a category; `None`: it cannot be one.
    fn name(&self, of: &str) -> Option<String>;

    /// Finds messages that lie in a folder, in the order of `sought`. A message that may be another one is not found.
    ///
    /// # Errors
    /// The mailbox cannot be asked; [`crate::error::Code::refuses_login`] where it may not be.
    async fn find(&self, folder: &FolderPath, sought: &[Sought]) -> Result<Vec<Sighted>>;

    /// Sets all the categories of messages, by their ids; the outcomes are in their order.
    ///
    /// # Errors
    /// As [`Categories::find`]; what was set is not known then, and may be set again.
    async fn set(&self, categories: Vec<(String, Vec<String>)>) -> Result<Vec<Result<()>>>;
}

/// What is known of a message that is sought.
#[derive(Clone, Debug, Default)]
pub struct Sought {
    /// Its id, where it was found before.
    pub id: Option<String>,
    /// Its Message-ID.
    pub message_id: Option<String>,
    /// Its date.
    pub received_at: Option<ReceivedAt>,
    /// The fingerprint of its header.
    pub fingerprint: Option<Fingerprint>,
    /// The hash of the bytes that were sent.
    pub body_hash: Option<BodyHash>,
}

/// What became of the search for one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sighted {
    /// This one, with the categories that it has.
    There(String, Vec<String>),
    /// There is none, or none yet.
    Missing,
    /// It cannot be told from others.
    Unclear,
}
