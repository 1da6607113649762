//! What a kind of server is known for, beyond what it announces.

use std::time::Duration;

/// How much may be sent to a server before its replies are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Messages without a reply.
    pub messages: usize,
    /// Bytes without a reply.
    pub bytes: u64,
}

/// The habits of one kind of server. What a server announces (UIDPLUS, APPENDLIMIT, MULTIAPPEND …) is not here.
///
/// Where nothing is known the value is the one that cannot lose or double a message, even if it costs time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The name that people know.
    pub name: &'static str,
    /// A message read back has the bytes that were appended: hashes are evidence.
    pub keeps_bytes: bool,
    /// Two reads of one message give the same bytes.
    pub stable_bytes: bool,
    /// How long a folder must stand still before "not arrived" may be concluded.
    pub settle: Duration,
    /// The same where the server itself ended the session of all that is in doubt: it reads no more, so only what it had read can
    /// still take effect. Never longer than `settle`.
    pub settle_after_goodbye: Duration,
    /// Most connections that serve one mailbox usefully, as a source.
    pub source_connections: usize,
    /// Most connections that serve one mailbox usefully, as a target.
    pub target_connections: usize,
    /// APPENDs in flight on one connection.
    pub window: Window,
    /// Messages in one batch of intents.
    pub batch: usize,
    /// Whether keywords are kept at all; where they are, PERMANENTFLAGS decides on each.
    pub keywords: bool,
    /// The largest message it takes where it announces no APPENDLIMIT (bytes).
    pub max_size: Option<u64>,
    /// The longest line it takes (bytes, without its end).
    pub max_line: Option<usize>,
    /// A literal above this many bytes waits for the server's "go on", so that a refusal costs no upload.
    pub eager_literal: u64,
    /// The folder must be selected while messages are appended to it, or each APPEND opens it anew.
    pub select_first: bool,
    /// STATUS and EXAMINE tell another UIDVALIDITY each time until a SELECT makes one permanent.
    pub validity_by_select: bool,
    /// One writer per folder in source order; otherwise several connections may share a folder.
    pub ordered: bool,
    /// Folders at the top that are listed but hold no mail of their own, compared without case.
    pub not_mail: &'static [&'static str],
    /// Whether the folders that [`crate::mailbox::groupware`] finds are such folders too.
    pub groupware: bool,
    /// Names that a target refuses at the top, compared without case.
    pub reserved: &'static [&'static str],
    /// Characters that no folder name may hold, besides the delimiter.
    pub illegal: &'static str,
    /// Its folders may be directories in which a name's `.` or `/` would be a level: to be asked for.
    pub asks_names: bool,
    /// Names that differ only in case are one folder.
    pub case_insensitive: bool,
    /// Errors after which a session is replaced by a fresh one, before the server closes it.
    pub errors_per_session: Option<u32>,
}
