//! What a target is able to do: one record, asked once for a session, which the transfer plans by. It holds no state of the mailbox.

use std::time::Duration;

/// What a target is able to do and what it keeps, by its profile and by what it announces in the session. Quota, APPENDLIMIT and the
/// characters in names are asked once a mailbox.
#[derive(Clone, Debug)]
pub struct TargetCapabilities {
    /// The profile that was recognised ("Dovecot", "Exchange Online", …).
    pub profile: &'static str,
    /// A message read back has the bytes that were appended.
    pub keeps_bytes: bool,
    /// Keywords are kept.
    pub keeps_keywords: bool,
    /// APPEND tells the new UID (RFC 4315).
    pub append_uid: bool,
    /// How long a folder must stand still before "not arrived" may be concluded.
    pub settle: Duration,
    /// The same where the target itself ended the session of all that is in doubt ([`super::AppendResult::Unanswered`]).
    pub settle_after_goodbye: Duration,
    /// The largest message it takes (bytes), if known.
    pub max_size: Option<u64>,
    /// The longest line it takes (bytes), if known.
    pub max_line: Option<usize>,
    /// One writer per folder in source order; otherwise several connections may share a folder.
    pub ordered: bool,
    /// Messages in one intent batch that it takes well.
    pub batch: usize,
    /// Most connections that serve one mailbox usefully.
    pub connections: usize,
    /// How long a round trip to it takes, about.
    pub round_trip: Duration,
    /// Free bytes by QUOTA, if it tells.
    pub quota_free: Option<u64>,
    /// Names that differ only in case are one folder.
    pub case_insensitive: bool,
    /// Folder names that are reserved (compared without case).
    pub reserved_names: &'static [&'static str],
    /// Characters that no folder name may hold, besides the delimiter.
    pub illegal_characters: &'static str,
    /// The hierarchy delimiter, which no segment may hold.
    pub delimiter: Option<char>,
    /// HIGHESTMODSEQ is told, so that "nothing changed" costs one STATUS.
    pub condstore: bool,
}
