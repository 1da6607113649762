//! One message as a server keeps it.

use crate::clock::Instant;
use bytes::Bytes;

use super::Content;
use crate::model::{Flags, ReceivedAt};

/// A message in a folder.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its UID (RFC 3501 §2.3.1.1).
    pub uid: u32,
    /// The modification sequence of its last change (RFC 7162).
    pub modseq: u64,
    /// Its flags.
    pub flags: Flags,
    /// INTERNALDATE.
    pub received_at: ReceivedAt,
    /// Its bytes.
    pub content: Content,
    /// Not listed before this instant, although later UIDs may be: what other writers' unfinished work looks like.
    pub visible_from: Option<Instant>,
}

impl Message {
    /// The same message, to be stored once more.
    pub fn again(&self) -> NewMessage {
        NewMessage { content: self.content.clone(), flags: self.flags.clone(), received_at: self.received_at }
    }

    /// Whether a folder opened at `now` shows it.
    pub fn is_visible(&self, now: Instant) -> bool {
        self.visible_from.is_none_or(|from| from <= now)
    }
}

/// A message that is about to be stored.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Its bytes.
    pub content: Content,
    /// Its flags.
    pub flags: Flags,
    /// INTERNALDATE.
    pub received_at: ReceivedAt,
}

impl NewMessage {
    /// An unread message of these bytes.
    pub fn new(bytes: impl Into<Bytes>, received_at: ReceivedAt) -> Self {
        NewMessage { content: Content::Stored(bytes.into()), flags: Flags::default(), received_at }
    }

    /// The same with these flags, by their names.
    #[must_use]
    pub fn flagged<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.flags = Flags::from_names(names);
        self
    }
}
