//! What exists at the target: is there a mailbox behind an address, and of what kind?
//!
//! Asked before the first message is copied, so that a wrong address costs minutes and not a night. A [`Directory`] looks addresses up,
//! an [`Entry`] is what it found, its [`Verdict`] the one word with what is wrong and what to do. It changes nothing anywhere.
//!
//! Rejected: trying IMAP log-ins, which cannot tell a missing mailbox from a missing permission (quirk 13).

mod graph;
mod verdict;

use async_trait::async_trait;

pub use graph::GraphDirectory;
pub use verdict::Verdict;

use crate::error::Result;

/// Looks addresses up.
#[async_trait]
pub trait Directory: Send + Sync {
    /// What is behind `address`.
    ///
    /// # Errors
    /// The directory cannot be asked; that an address does not exist is no error but [`Verdict::Missing`].
    async fn look_up(&self, address: &str) -> Result<Entry>;
}

/// What is behind an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The address that was looked up.
    pub address: String,
    /// What it is.
    pub verdict: Verdict,
    /// The mailbox's main address, where it is another one: sign-in and Graph want that (microsoft365.md §4.11 and part III 5).
    pub primary: Option<String>,
    /// Whether its user may sign in; `None`: not told.
    pub sign_in: Option<bool>,
    /// Items in its mail folders. Graph v1.0 tells neither the bytes of a mailbox nor its quota.
    pub items: Option<u64>,
}

impl Entry {
    /// The address to use.
    pub fn mailbox(&self) -> &str {
        self.primary.as_deref().unwrap_or(&self.address)
    }
}
