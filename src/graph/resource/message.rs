//! Messages (microsoft365.md §4.2 and §4.5).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::or_default;

/// A message without its content.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id: the same after a move within the mailbox.
    pub id: String,
    /// Its version.
    #[serde(default, deserialize_with = "or_default")]
    pub change_key: String,
    /// The folder that it lies in.
    #[serde(default)]
    pub parent_folder_id: Option<String>,
    /// Its Message-ID, as far as the service knows one.
    #[serde(default)]
    pub internet_message_id: Option<String>,
    /// When it arrived.
    #[serde(default)]
    pub received_date_time: Option<DateTime<Utc>>,
    /// When it was sent.
    #[serde(default)]
    pub sent_date_time: Option<DateTime<Utc>>,
    /// Whether it was read.
    #[serde(default, deserialize_with = "or_default")]
    pub is_read: bool,
    /// Whether it was never sent.
    #[serde(default, deserialize_with = "or_default")]
    pub is_draft: bool,
    /// Its follow-up flag.
    #[serde(default)]
    pub flag: Option<Flag>,
    /// Its categories.
    #[serde(default, deserialize_with = "or_default")]
    pub categories: Vec<String>,
    /// How important its sender found it.
    #[serde(default, deserialize_with = "or_default")]
    pub importance: Importance,
}

impl Message {
    /// What is asked for.
    pub const SELECT: &'static str = "id,changeKey,parentFolderId,internetMessageId,receivedDateTime,sentDateTime,isRead,isDraft,flag,categories,importance";

    /// Whether all of it was told. Of a message that was only read since, changes tell `id` and `isRead` alone, whatever was asked for
    /// (microsoft-graph-docs issue 7776).
    pub fn is_whole(&self) -> bool {
        !self.change_key.is_empty()
    }

    /// Whether it waits for somebody.
    pub fn is_flagged(&self) -> bool {
        self.flag.as_ref().is_some_and(|flag| flag.flag_status == FlagStatus::Flagged)
    }
}

/// A follow-up flag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Flag {
    /// How far it is.
    pub flag_status: FlagStatus,
}

/// How far a follow-up flag is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FlagStatus {
    /// Done.
    Complete,
    /// Set.
    Flagged,
    /// None.
    #[serde(other)]
    NotFlagged,
}

/// How important a message is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Importance {
    /// Less than others.
    Low,
    /// More than others.
    High,
    /// As others.
    #[default]
    #[serde(other)]
    Normal,
}

/// What is set on a message at any time (microsoft365.md §4.5); what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessagePatch {
    /// All of its categories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<String>>,
    /// Whether it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_read: Option<bool>,
    /// Its follow-up flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag: Option<Flag>,
}
