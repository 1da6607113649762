//! What a connection tells: one value per reply, bodies already taken out of the stream.

use crate::{
    body::Body,
    model::{Flags, FolderName, ReceivedAt},
};

/// The tag of a command that was sent, in the order of sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(pub u32);

/// One reply of the server.
#[derive(Clone, Debug)]
pub enum Event {
    /// A tagged completion; commands complete in any order (RFC 3501 §5.5), in practice in order.
    Tagged(Tagged),
    /// `+`: the server waits for a synchronising literal or a SASL answer. The text is kept for SASL.
    Continue(String),
    /// `* n FETCH`.
    Fetch(Box<Attributes>),
    /// `* LIST`, `* LSUB`, `* XLIST`.
    List(FolderEntry),
    /// `* STATUS`.
    Status(StatusReply),
    /// `* SEARCH` and `* ESEARCH` (RFC 4731): UIDs or sequence numbers, as asked, and ESEARCH's other values.
    Search {
        /// The numbers, as ranges, in the order told.
        ranges: Vec<(u32, u32)>,
        /// COUNT.
        count: Option<u64>,
    },
    /// `* VANISHED [(EARLIER)]` (RFC 7162): UIDs as ranges.
    Vanished {
        /// The UIDs.
        ranges: Vec<(u32, u32)>,
        /// Told for the past (QRESYNC or UID FETCH … VANISHED), not as it happens.
        earlier: bool,
    },
    /// `* n EXISTS`.
    Exists(u32),
    /// `* n EXPUNGE`.
    Expunge(u32),
    /// `* CAPABILITY`: the words as told.
    Capability(Vec<String>),
    /// `* NAMESPACE` (RFC 2342).
    Namespace(Namespace),
    /// `* ENABLED`.
    Enabled(Vec<String>),
    /// `* QUOTA` (RFC 9208): usage and limit of STORAGE in units of 1,024 bytes, if it is there.
    Quota(Option<(u64, u64)>),
    /// `* ID` (RFC 2971): names in lower case, and values.
    Id(Vec<(String, String)>),
    /// Untagged `OK`, `NO`, `BAD` with its code.
    Condition(Verdict, ResponseCode, String),
    /// `* BYE`: the connection ends; act on the first one (quirk 58).
    Bye(String),
    /// A line that is none of these (microsoft365.md §1.8: bare `Server Unavailable. 15`, bare `[COPYUID …]`), cut to
    /// [`crate::limits::REPLY_KEPT`].
    Other(String),
}

/// A tagged completion.
#[derive(Clone, Debug)]
pub struct Tagged {
    /// Which command.
    pub tag: Tag,
    /// `OK`, `NO` or `BAD`.
    pub verdict: Verdict,
    /// The response code in brackets.
    pub code: ResponseCode,
    /// The text after it, cut to [`crate::limits::REPLY_KEPT`].
    pub text: String,
}

/// The server's verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Done.
    Ok,
    /// Refused.
    No,
    /// Not understood; from Exchange also "throttled" (quirk 2).
    Bad,
}

impl Verdict {
    /// Its word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Ok => "OK",
            Verdict::No => "NO",
            Verdict::Bad => "BAD",
        }
    }
}

/// The response code in brackets (RFC 3501 §7.1, 4315, 5530, 7162).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum ResponseCode {
    /// There is none.
    #[default]
    None,
    /// `APPENDUID validity uids`; more than one UID after MULTIAPPEND, as ranges in order.
    AppendUid(u32, Vec<(u32, u32)>),
    /// `COPYUID validity from to`, as ranges in order.
    CopyUid(u32, Vec<(u32, u32)>, Vec<(u32, u32)>),
    /// `UIDVALIDITY`.
    UidValidity(u32),
    /// `UIDNEXT`.
    UidNext(u32),
    /// `HIGHESTMODSEQ`.
    HighestModSeq(u64),
    /// `NOMODSEQ`.
    NoModSeq,
    /// `PERMANENTFLAGS`: the names; `\*` means any keyword.
    PermanentFlags(Vec<String>),
    /// `READ-ONLY`.
    ReadOnly,
    /// `READ-WRITE`.
    ReadWrite,
    /// `CAPABILITY`.
    Capability(Vec<String>),
    /// Any other: its word in upper case and its arguments (`OVERQUOTA`, `TRYCREATE`, `THROTTLED`, `ALERT` …).
    Other(String, String),
}

/// What a FETCH reply told of one message; items that were not told are `None`.
#[derive(Clone, Debug, Default)]
pub struct Attributes {
    /// The sequence number.
    pub sequence: u32,
    /// UID.
    pub uid: Option<u32>,
    /// FLAGS, without `\Recent`.
    pub flags: Option<Flags>,
    /// INTERNALDATE; `Some(None)` for NIL or a date no calendar knows (quirk 99).
    pub received_at: Option<Option<ReceivedAt>>,
    /// RFC822.SIZE.
    pub size: Option<u64>,
    /// MODSEQ.
    pub modseq: Option<u64>,
    /// `BODY[]`, `BINARY[]` or `RFC822`: the whole message or the part asked for.
    pub body: Option<Literal>,
    /// `BODY[HEADER…]`: bytes of header fields.
    pub header: Option<Literal>,
    /// `X-GM-MSGID`.
    pub gmail_id: Option<u64>,
}

/// The value of a body item.
#[derive(Clone, Debug)]
pub enum Literal {
    /// NIL: the server has none (quirk 36).
    Nil,
    /// The bytes.
    Body(Body),
    /// Announced above [`crate::limits::BODY_MAX`] or the spool failed; read past and dropped, with the reason.
    Dropped(String),
}

/// A folder in a list.
#[derive(Clone, Debug)]
pub struct FolderEntry {
    /// The name as on the wire.
    pub name: FolderName,
    /// The hierarchy delimiter; `None` for NIL.
    pub delimiter: Option<char>,
    /// Attributes as told, with their backslash.
    pub attributes: Vec<String>,
    /// Whether it came from LSUB.
    pub subscribed_list: bool,
}

/// `* STATUS`; counters that were not told are `None`.
#[derive(Clone, Debug, Default)]
pub struct StatusReply {
    /// The folder.
    pub name: Vec<u8>,
    /// MESSAGES.
    pub messages: Option<u64>,
    /// UIDNEXT.
    pub next: Option<u32>,
    /// UIDVALIDITY.
    pub validity: Option<u32>,
    /// HIGHESTMODSEQ.
    pub modseq: Option<u64>,
    /// APPENDLIMIT.
    pub append_limit: Option<u64>,
}

/// `* NAMESPACE`: (prefix, delimiter) of each kind.
#[derive(Clone, Debug, Default)]
pub struct Namespace {
    /// The user's own.
    pub personal: Vec<(Vec<u8>, Option<char>)>,
    /// Other users'.
    pub other: Vec<(Vec<u8>, Option<char>)>,
    /// Shared.
    pub shared: Vec<(Vec<u8>, Option<char>)>,
}
