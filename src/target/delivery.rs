//! Messages on their way, and what became of them. Every answer is one of four: stored, refused, certainly not sent, or in doubt;
//! a session never guesses between them, for a wrong guess is a message lost or doubled.

use crate::{
    body::Body,
    clock,
    model::{Fingerprint, Flags, Reason, ReceivedAt, TargetUid},
};

/// A message to append: exactly these bytes, flags and date.
#[derive(Clone, Debug)]
pub struct AppendItem {
    /// The ledger row, returned with the outcome.
    pub row: i64,
    /// The bytes.
    pub body: Body,
    /// What it will be recognised by, besides its bytes.
    pub fingerprint: Fingerprint,
    /// The flags, already reduced to what the target keeps.
    pub flags: Flags,
    /// INTERNALDATE; `None` lets the target choose.
    pub received_at: Option<ReceivedAt>,
    /// It was refused before. Nothing else is in flight beside it, for the next refusal may end the session.
    pub suspect: bool,
}

/// What became of one append.
#[derive(Clone, Debug)]
pub struct Appended {
    /// The ledger row.
    pub row: i64,
    /// The target's answer.
    pub what: AppendResult,
}

/// The target's answer to one append.
#[derive(Clone, Debug)]
pub enum AppendResult {
    /// Stored, with its place where the target tells (APPENDUID).
    Stored(Option<TargetUid>),
    /// Refused with certainty; the message is not there.
    Refused(Refusal),
    /// Certainly not stored and not the message's fault (throttled, never sent, or sunk with its MULTIAPPEND): send it again.
    NotSent,
    /// In doubt: it was sent and not answered. The instant is the one at which a goodbye was read that the server ended the session with
    /// instead (BYE, RFC 3501 §7.1.5): what a server says goodbye to, it does not go on reading. What ends otherwise tells nothing.
    Unanswered(Option<clock::Instant>),
}

/// What became of an item that was to be renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// It is what the new content says, at this place.
    Done(TargetUid),
    /// Its user changed it here: it stays as it is.
    Changed,
    /// It is not here any more.
    Gone,
    /// The target does not take the new content.
    Refused(Reason),
    /// Nothing is renewed here.
    Unable,
}

/// A refusal and what the target's words say about its cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The fault that the words name, if they do.
    pub fault: Fault,
    /// The code and the server's own words.
    pub reason: Reason,
}

/// What is wrong with a refused message, as far as the reply names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The reply is vague.
    Unknown,
    /// A line is too long.
    LongLine,
    /// NUL octets.
    Nul,
    /// Bare newlines.
    BareNewline,
    /// A malformed header, or an mbox "From " line.
    Header,
    /// Too large: no repair helps.
    TooBig,
    /// Refused as malware: no repair is tried.
    Virus,
}
