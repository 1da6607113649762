//! An item, and what an export keeps of it.

use chrono::{DateTime, Utc};

use crate::lab::mailstore::Content;

/// An item.
#[derive(Clone, Debug)]
pub struct Item {
    pub(in crate::lab::graph) serial: u64,
    pub(in crate::lab::graph) folder: u64,
    pub(in crate::lab::graph) created: DateTime<Utc>,
    pub(in crate::lab::graph) modified: DateTime<Utc>,
    pub(in crate::lab::graph) version: u64,
    pub(in crate::lab::graph) changed: u64,
    /// The last change of more than whether it was read.
    pub(in crate::lab::graph) whole: u64,
    /// What it is.
    pub data: NewItem,
}

/// What an item is, wherever it lies: an export keeps all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewItem {
    /// `IPM.Note`, `IPM.Appointment`.
    pub class: String,
    /// PR_SEARCH_KEY: copies share it.
    pub search_key: [u8; 16],
    /// Its subject.
    pub subject: String,
    /// Its Message-ID.
    pub message_id: Option<String>,
    /// When it was delivered.
    pub received: DateTime<Utc>,
    /// When it was sent.
    pub sent: DateTime<Utc>,
    /// Whether it was read.
    pub read: bool,
    /// Whether it was never sent.
    pub draft: bool,
    /// `notFlagged`, `complete`, `flagged`.
    pub flag: String,
    /// Its categories.
    pub categories: Vec<String>,
    /// `low`, `normal`, `high`.
    pub importance: String,
    /// Its bytes: RFC 5322 text for mail.
    pub content: Content,
}

impl NewItem {
    /// Whether it was `before`, and was read since, or is to be read again; nothing else.
    pub(super) fn is_but_for_reading(&self, before: &NewItem) -> bool {
        self.read != before.read && NewItem { read: before.read, ..self.clone() } == *before
    }

    /// A read item of `class` with these bytes.
    pub fn new(class: &str, subject: &str, content: Content, received: DateTime<Utc>) -> Self {
        NewItem {
            class: class.to_owned(),
            search_key: fastrand::u128(..).to_be_bytes(),
            subject: subject.to_owned(),
            message_id: None,
            received,
            sent: received,
            read: true,
            draft: false,
            flag: "notFlagged".to_owned(),
            categories: Vec::new(),
            importance: "normal".to_owned(),
            content,
        }
    }
}
