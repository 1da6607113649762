//! What a mailbox holds at one moment, in a form that can be compared.

use std::collections::BTreeMap;

use super::{Folder, Mailbox, Message};
use crate::model::{BodyHash, ReceivedAt};

/// Every folder of a mailbox by its name.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// The folders that can be opened.
    pub folders: BTreeMap<String, FolderSnapshot>,
}

/// A folder's messages, in UID order.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct FolderSnapshot {
    /// Whether the user is subscribed to it.
    pub subscribed: bool,
    /// The messages.
    pub messages: Vec<MessageSnapshot>,
}

/// A message without its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessageSnapshot {
    /// The hash of its bytes.
    pub hash: BodyHash,
    /// Its length.
    pub len: u64,
    /// INTERNALDATE.
    pub received_at: ReceivedAt,
    /// Flags and keywords, in one line.
    pub flags: String,
}

impl Snapshot {
    /// The snapshot of `mailbox`.
    pub fn of(mailbox: &Mailbox) -> Self {
        let folders = mailbox.folders().filter(|(_, folder)| folder.selectable);
        let named = |(name, folder): (&[u8], &Folder)| (String::from_utf8_lossy(name).into_owned(), folder.into());
        Snapshot { folders: folders.map(named).collect() }
    }

    /// All messages of all folders.
    pub fn messages(&self) -> usize {
        self.folders.values().map(|f| f.messages.len()).sum()
    }

    /// The same with every folder's messages in an order that does not depend on arrival.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.folders.values_mut().for_each(|f| f.messages.sort());
        self
    }

    /// Messages of a folder that it holds more often than `original` does (same bytes and date): what a careless resume
    /// leaves behind. The folder's name is the same on both sides.
    pub fn doubles(&self, original: &Snapshot) -> usize {
        let surplus = |(name, folder): (&String, &FolderSnapshot)| {
            let mut allowed = original.folders.get(name).map(FolderSnapshot::counts).unwrap_or_default();
            let more = folder.messages.iter().filter(|message| {
                let left = allowed.entry((message.hash, message.received_at)).or_default();
                let surplus = *left == 0;
                *left = left.saturating_sub(1);
                surplus
            });
            more.count()
        };
        self.folders.iter().map(surplus).sum()
    }
}

impl FolderSnapshot {
    fn counts(&self) -> BTreeMap<(BodyHash, ReceivedAt), usize> {
        let mut counts = BTreeMap::new();
        for message in &self.messages {
            *counts.entry((message.hash, message.received_at)).or_default() += 1;
        }
        counts
    }
}

impl From<&Folder> for FolderSnapshot {
    fn from(folder: &Folder) -> Self {
        FolderSnapshot {
            subscribed: folder.subscribed,
            messages: folder.messages().iter().map(MessageSnapshot::from).collect(),
        }
    }
}

impl From<&Message> for MessageSnapshot {
    fn from(message: &Message) -> Self {
        MessageSnapshot {
            hash: message.content.hash(),
            len: message.content.len(),
            received_at: message.received_at,
            flags: message.flags.encode(),
        }
    }
}
