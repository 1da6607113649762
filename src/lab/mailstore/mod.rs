//! A mailbox in memory: folders, UIDs, modification sequences, flags, dates, bytes.
//!
//! It keeps the rules a server must keep (UIDs ascend and are never used twice, every change takes a new modification
//! sequence) and nothing else: what a server says about it is the persona's business.

mod content;
mod folder;
mod mailbox;
mod message;
mod snapshot;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

pub use content::{Computed, Content};
pub use folder::Folder;
pub use mailbox::{Mailbox, NameTaken, Transferred};
pub use message::{Message, NewMessage};
pub use snapshot::{FolderSnapshot, MessageSnapshot, Snapshot};

/// A mailbox that connections and tests share.
#[derive(Clone, Debug)]
pub struct Mailstore(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    mailbox: Mutex<Mailbox>,
    changes: watch::Sender<u64>,
}

impl Mailstore {
    /// Shares `mailbox`.
    pub fn new(mailbox: Mailbox) -> Self {
        Mailstore(Arc::new(Shared { mailbox: Mutex::new(mailbox), changes: watch::Sender::new(0) }))
    }

    /// A mailbox with an empty `INBOX` and `/` between levels.
    pub fn empty() -> Self {
        Mailstore::new(Mailbox::new('/'))
    }

    /// Looks at the mailbox.
    pub fn read<R>(&self, look: impl FnOnce(&Mailbox) -> R) -> R {
        look(&self.0.mailbox.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the mailbox and wakes who waits in [`Mailstore::changes`].
    pub fn write<R>(&self, change: impl FnOnce(&mut Mailbox) -> R) -> R {
        let result = change(&mut self.0.mailbox.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.changes.send_modify(|count| *count = count.wrapping_add(1));
        result
    }

    /// Tells of every [`Mailstore::write`].
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// Everything in it, for comparison.
    pub fn snapshot(&self) -> Snapshot {
        self.read(Snapshot::of)
    }
}
