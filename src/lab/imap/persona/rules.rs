//! The knobs of a persona, by topic.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    time::Duration,
};

/// What is taken as a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppendRules {
    /// The largest message (bytes).
    pub max_size: u64,
    /// The longest line (bytes, without its end).
    pub max_line: Option<usize>,
    /// Refuses NUL octets.
    pub refuse_nul: bool,
    /// Refuses a line feed without a carriage return (quirk 81).
    pub refuse_bare_newline: bool,
    /// Takes any keyword; otherwise those of [`AppendRules::keywords`] alone.
    pub any_keyword: bool,
    /// The keywords that are taken.
    pub keywords: &'static [&'static str],
    /// Bytes that the mailbox holds at most (quirk 80).
    pub quota: Option<u64>,
    /// Refuses everything that writes (`NO [NOPERM]`).
    pub read_only: bool,
    /// A stored message is shown only after this time, although its UID is taken.
    pub shown_after: Duration,
}

impl Default for AppendRules {
    fn default() -> Self {
        AppendRules {
            max_size: 150 << 20,
            max_line: None,
            refuse_nul: true,
            refuse_bare_newline: false,
            any_keyword: true,
            keywords: &[],
            quota: None,
            read_only: false,
            shown_after: Duration::ZERO,
        }
    }
}

/// What is taken as a folder, and what is shown of folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderRules {
    /// How LIST spells the inbox (microsoft365.md §1.5: `Inbox`).
    pub inbox: &'static str,
    /// Folders that cannot be opened: names on the wire, and what SELECT answers.
    pub unreadable: BTreeMap<Vec<u8>, String>,
    /// Messages that cannot be fetched: UIDs in any folder (quirk 55).
    pub poison: BTreeSet<u32>,
    /// A FETCH that names a message which is gone is answered NO (microsoft365.md §1.8).
    pub tells_missing: bool,
    /// Names that CREATE refuses, compared without case (quirk 19).
    pub reserved: &'static [&'static str],
    /// Special-use attributes are shown although SPECIAL-USE is not offered (microsoft365.md §1.5).
    pub unasked_special_use: bool,
    /// Names that differ only in case are one folder (quirk 20).
    pub case_insensitive: bool,
    /// CREATE drops blanks at the ends of a name and says OK (quirk 22).
    pub trims_names: bool,
    /// LIST shows names with control characters without quotes (microsoft365.md §1.5).
    pub bare_control_names: bool,
    /// COPY is answered NO.
    pub refuses_copies: bool,
}

impl Default for FolderRules {
    fn default() -> Self {
        FolderRules {
            inbox: "INBOX",
            unreadable: BTreeMap::new(),
            poison: BTreeSet::new(),
            tells_missing: false,
            reserved: &[],
            unasked_special_use: false,
            case_insensitive: false,
            trims_names: false,
            bare_control_names: false,
            refuses_copies: false,
        }
    }
}

/// How long things take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// A sign-in.
    pub login: Range<Duration>,
    /// An APPEND, for each message.
    pub append: Range<Duration>,
    /// Every command.
    pub command: Duration,
    /// Bytes a second on top of an APPEND's own time.
    pub bandwidth: Option<u64>,
}

impl Latency {
    /// A time out of `range`.
    pub(in crate::lab::imap) fn draw(range: &Range<Duration>) -> Duration {
        range.start + range.end.saturating_sub(range.start).mul_f64(fastrand::f64())
    }
}

/// When a session ends, and how it goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionRules {
    /// Refusals (NO or BAD) after which the server closes (quirks 5, 64).
    pub errors: Option<u32>,
    /// Silence after which the server closes.
    pub idle: Option<Duration>,
    /// Connections of one mailbox; more of them are signed in and not connected.
    pub connections: Option<usize>,
    /// COPYUID of MOVE comes as a bare line (microsoft365.md §1.8).
    pub bare_copyuid: bool,
    /// Goes on executing what it holds after the client is gone, as real servers do.
    pub outlives_client: bool,
    /// Refuses XOAUTH2 by a challenge with an error in JSON first, as Gmail does (microsoft365.md §1.4).
    pub sasl_challenge: bool,
    /// Never says a word.
    pub silent: bool,
    /// Answers every line with what is not IMAP.
    pub nonsense: bool,
}
