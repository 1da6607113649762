//! Folders: the name on the wire, the path people read, the role.

use std::fmt;

/// A folder's name exactly as its server spells it (RFC 3501 §5.1); the identity of a folder on one side.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FolderName(pub Vec<u8>);

impl FolderName {
    /// `INBOX`, which every IMAP server has (RFC 3501 §5.1).
    pub fn inbox() -> Self {
        FolderName(b"INBOX".to_vec())
    }
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for FolderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

/// A folder's place as people read it: decoded segments from the top, without the server's namespace prefix.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FolderPath(pub Vec<String>);

impl FolderPath {
    /// The path of these segments.
    pub fn new<S: Into<String>>(segments: impl IntoIterator<Item = S>) -> Self {
        FolderPath(segments.into_iter().map(Into::into).collect())
    }
    /// The path of `INBOX`.
    pub fn inbox() -> Self {
        FolderPath::new(["INBOX"])
    }
    /// Whether this is the inbox itself (its name has no case; RFC 3501 §5.1).
    pub fn is_inbox(&self) -> bool {
        matches!(self.0.as_slice(), [one] if one.eq_ignore_ascii_case("INBOX"))
    }
    /// The path one level up, if any.
    pub fn parent(&self) -> Option<FolderPath> {
        match self.0.len() {
            0 | 1 => None,
            n => Some(FolderPath(self.0[..n - 1].to_vec())),
        }
    }
    /// Whether it lies in `other`, at any depth.
    pub fn is_below(&self, other: &FolderPath) -> bool {
        self.0.len() > other.0.len() && self.0.starts_with(&other.0)
    }
    /// The last segment.
    pub fn leaf(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }
}

impl fmt::Display for FolderPath {
    /// Segments joined by `/`, for people and for patterns.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}

/// What a folder is for (RFC 6154, and the forms of Gmail and Exchange).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The inbox.
    Inbox,
    /// `\Sent`.
    Sent,
    /// `\Drafts`.
    Drafts,
    /// `\Trash`.
    Trash,
    /// `\Junk`, Gmail's `\Spam`.
    Junk,
    /// `\Archive`.
    Archive,
    /// `\All`: virtual, every message again.
    All,
    /// `\Flagged`, Gmail's `\Starred`: virtual.
    Flagged,
    /// `\Important`: virtual (RFC 8457).
    Important,
    /// The first calendar of a mailbox that holds more than mail.
    Calendar,
    /// Its first address book.
    Contacts,
    /// Its first list of tasks.
    Tasks,
    /// Its notes.
    Notes,
    /// Its journal.
    Journal,
}

/// What a folder's items are, as their service says it (PR_CONTAINER_CLASS): `IPF.Appointment`. The default is mail, which is all that most
/// servers have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FolderClass(pub String);

impl Default for FolderClass {
    fn default() -> Self {
        FolderClass("IPF.Note".to_owned())
    }
}

impl FolderClass {
    /// Whether mail lies in it.
    pub fn is_mail(&self) -> bool {
        self.0 == "IPF.Note" || self.0.starts_with("IPF.Note.")
    }
}

impl Role {
    /// The role of an attribute in LIST or XLIST, compared without case.
    pub fn from_attribute(attribute: &str) -> Option<Role> {
        Some(match attribute.to_ascii_lowercase().as_str() {
            "\\inbox" => Role::Inbox,
            "\\sent" => Role::Sent,
            "\\drafts" => Role::Drafts,
            "\\trash" => Role::Trash,
            "\\junk" | "\\spam" => Role::Junk,
            "\\archive" => Role::Archive,
            "\\all" | "\\allmail" => Role::All,
            "\\flagged" | "\\starred" => Role::Flagged,
            "\\important" => Role::Important,
            _ => return None,
        })
    }

    /// Whether the folder only shows messages that live elsewhere.
    pub fn is_virtual(self) -> bool {
        matches!(self, Role::All | Role::Flagged | Role::Important)
    }

    /// A stable word, as the ledger keeps it.
    pub fn word(self) -> &'static str {
        match self {
            Role::Inbox => "inbox",
            Role::Sent => "sent",
            Role::Drafts => "drafts",
            Role::Trash => "trash",
            Role::Junk => "junk",
            Role::Archive => "archive",
            Role::All => "all",
            Role::Flagged => "flagged",
            Role::Important => "important",
            Role::Calendar => "calendar",
            Role::Contacts => "contacts",
            Role::Tasks => "tasks",
            Role::Notes => "notes",
            Role::Journal => "journal",
        }
    }

    /// The opposite of [`Role::word`].
    pub fn from_word(word: &str) -> Option<Role> {
        // No mail server announces these.
        let more = [Role::Calendar, Role::Contacts, Role::Tasks, Role::Notes, Role::Journal];
        let found = more.into_iter().find(|role| role.word() == word);
        found.or_else(|| Role::from_attribute(&format!("\\{word}")))
    }
}
