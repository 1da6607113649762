//! Mail folders (microsoft365.md §4.1).

use serde::Deserialize;

use super::or_default;

/// A folder that holds mail.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MailFolder {
    /// Its id.
    pub id: String,
    /// Its name, in the mailbox's language.
    #[serde(default, deserialize_with = "or_default")]
    pub display_name: String,
    /// The folder that it lies in.
    #[serde(default)]
    pub parent_folder_id: Option<String>,
    /// Folders that lie in it.
    #[serde(default, deserialize_with = "or_default")]
    pub child_folder_count: u32,
    /// Items in it.
    #[serde(default, deserialize_with = "or_default")]
    pub total_item_count: u64,
    /// Items in it that were not read.
    #[serde(default, deserialize_with = "or_default")]
    pub unread_item_count: u64,
    /// Whether Outlook hides it.
    #[serde(default, deserialize_with = "or_default")]
    pub is_hidden: bool,
    /// The kind, where it is not a plain folder.
    #[serde(rename = "@odata.type", default)]
    kind: Option<String>,
}

impl MailFolder {
    /// What is asked for.
    pub const SELECT: &'static str =
        "id,displayName,parentFolderId,childFolderCount,totalItemCount,unreadItemCount,isHidden";

    /// Whether it only shows what lies in others.
    pub fn is_search(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| kind.ends_with("mailSearchFolder"))
    }
}

/// A folder that is called by the same name in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WellKnown {
    /// The archive that Outlook's button fills.
    Archive,
    /// Drafts.
    Drafts,
    /// Deleted items.
    DeletedItems,
    /// The inbox.
    Inbox,
    /// Junk.
    JunkEmail,
    /// What is about to be sent.
    Outbox,
    /// What was sent.
    SentItems,
    /// What the top folders lie in.
    Root,
    /// Chats that Skype and Teams left.
    ConversationHistory,
    /// Failures of Outlook's own synchronisation; it holds three more.
    SyncIssues,
    /// What search folders lie in.
    SearchFolders,
    /// What was deleted from the deleted items.
    Recoverable,
    /// What is to be sent later.
    Scheduled,
    /// What the Clutter feature put aside.
    Clutter,
}

impl WellKnown {
    /// Every one.
    pub const ALL: [WellKnown; 14] = [
        WellKnown::Archive,
        WellKnown::Drafts,
        WellKnown::DeletedItems,
        WellKnown::Inbox,
        WellKnown::JunkEmail,
        WellKnown::Outbox,
        WellKnown::SentItems,
        WellKnown::Root,
        WellKnown::ConversationHistory,
        WellKnown::SyncIssues,
        WellKnown::SearchFolders,
        WellKnown::Recoverable,
        WellKnown::Scheduled,
        WellKnown::Clutter,
    ];

    /// The name that stands for its id.
    pub fn name(self) -> &'static str {
        match self {
            WellKnown::Archive => "archive",
            WellKnown::Drafts => "drafts",
            WellKnown::DeletedItems => "deleteditems",
            WellKnown::Inbox => "inbox",
            WellKnown::JunkEmail => "junkemail",
            WellKnown::Outbox => "outbox",
            WellKnown::SentItems => "sentitems",
            WellKnown::Root => "msgfolderroot",
            WellKnown::ConversationHistory => "conversationhistory",
            WellKnown::SyncIssues => "syncissues",
            WellKnown::SearchFolders => "searchfolders",
            WellKnown::Recoverable => "recoverableitemsdeletions",
            WellKnown::Scheduled => "scheduled",
            WellKnown::Clutter => "clutter",
        }
    }
}
