//! What goes wrong on request.

use std::collections::VecDeque;

use axum::http::Method;

use super::{
    answer::{Answer, Problem},
    call::Call,
};

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Any of them.
    Any,
    /// Who exists, and what they have.
    Directory,
    /// A list: of folders, messages, items or changes.
    List,
    /// A message's bytes.
    Value,
    /// A change of marks.
    Patch,
    /// A message that is moved.
    Move,
    /// A message that is removed.
    Remove,
    /// A new folder.
    CreateFolder,
    /// An export.
    Export,
    /// A new import session.
    Session,
    /// An import.
    Import,
    /// A batch as a whole.
    Batch,
}

impl Kind {
    pub(super) fn of(call: &Call) -> Self {
        let segments = call.segments();
        let last = segments.last().copied().unwrap_or_default();
        match (&call.method, last) {
            (_, "$batch") => Kind::Batch,
            (_, "importItem") => Kind::Import,
            (_, "exportItems") => Kind::Export,
            (_, "createImportSession") => Kind::Session,
            (_, "$value") => Kind::Value,
            (&Method::PATCH, _) => Kind::Patch,
            (&Method::DELETE, _) => Kind::Remove,
            (&Method::POST, "move") => Kind::Move,
            (&Method::POST, _) => Kind::CreateFolder,
            (_, "mailboxSettings" | "licenseDetails" | "exchange" | "users") => Kind::Directory,
            _ if segments.len() == 2 => Kind::Directory,
            _ => Kind::List,
        }
    }
}

/// What goes wrong with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This status, and nothing happens; with so many seconds in `Retry-After`.
    Refuse(u16, Option<u64>),
    /// This status, but it happens.
    RefuseAfter(u16),
    /// A token that is good is refused for want of claims, and nothing happens.
    Challenge,
    /// The connection ends, and nothing happens.
    Cut,
    /// The connection ends, but it happens.
    CutAfter,
}

impl Fault {
    pub(super) fn is_after(self) -> bool {
        matches!(self, Fault::RefuseAfter(_) | Fault::CutAfter)
    }

    /// What a request of `kind` is answered.
    pub(super) fn answer(self, kind: Kind) -> Answer {
        match self {
            Fault::Refuse(403, _) if kind == Kind::Directory => {
                let words = "Insufficient privileges to complete the operation.";
                Problem::new(403, "Authorization_RequestDenied", words).into()
            }
            Fault::Challenge => Answer { challenge: true, ..problem(401).into() },
            Fault::Cut | Fault::CutAfter => Answer::cut(),
            Fault::Refuse(429, seconds) => Problem::throttled("MailboxConcurrency", seconds).into(),
            Fault::Refuse(status, seconds) => problem(status).after(seconds).into(),
            Fault::RefuseAfter(status) => problem(status).into(),
        }
    }
}

fn problem(status: u16) -> Problem {
    match status {
        401 => Problem::new(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid."),
        403 => Problem::new(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."),
        500 => Problem::new(500, "ErrorCorruptData", "Data is corrupt."),
        503 => Problem::new(503, "serviceNotAvailable", "The service is unavailable."),
        504 => Problem::new(504, "UnknownError", "The gateway did not receive a timely response."),
        507 => Problem::new(507, "QuotaExceededException", "Target mailbox quota exceeded."),
        other => Problem::new(other, "UnknownError", ""),
    }
}

/// Faults of the requests to come.
#[derive(Debug, Default)]
pub(super) struct Faults(VecDeque<(Kind, Fault)>);

impl Faults {
    pub(super) fn inject(&mut self, kind: Kind, fault: Fault, times: usize) {
        self.0.extend(std::iter::repeat_n((kind, fault), times));
    }

    /// Those that did not happen yet.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The fault of this part of a batch: the first one that waits for its very kind.
    pub(super) fn next_part(&mut self, kind: Kind) -> Option<Fault> {
        let at = self.0.iter().position(|(wanted, _)| *wanted == kind)?;
        self.0.remove(at).map(|(_, fault)| fault)
    }

    /// The fault of this request: the first one that waits for its kind.
    pub(super) fn next(&mut self, kind: Kind) -> Option<Fault> {
        let at = self.0.iter().position(|(wanted, _)| *wanted == Kind::Any || *wanted == kind)?;
        self.0.remove(at).map(|(_, fault)| fault)
    }
}
