//! The error ladder: how much must stop, and what to do next.
//!
//! An error in this field is first of all a blast radius ([`Scope`]) and then a next step ([`Disposition`]).
//! The [`Code`] is the stable word that reports, exit codes and scripts rely on; its Problem and Next step
//! texts follow the product's error taxonomy.
//!
//! One type for everything that can fail, and not one for each module: whoever catches an error decides by its reach and its next
//! step, wherever it came from. Neither a secret nor text of a message is ever put into one.

mod code;
mod texts;

use std::{fmt, time::Duration};

pub use code::{Code, word};

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How much must stop because of an error. Ordered: a larger scope contains the smaller ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// One message; the folder goes on.
    Message,
    /// One folder; the mailbox goes on.
    Folder,
    /// One mailbox pair; the run goes on.
    Mailbox,
    /// Every mailbox of this endpoint.
    Endpoint,
    /// The whole run.
    Run,
}

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Try again, not before the stated time has passed (`None`: the retry policy decides).
    RetryAfter(Option<Duration>),
    /// Trying again would give the same answer.
    GiveUp,
    /// The effect may or may not have happened: ask the other side before anything else.
    InDoubt,
    /// Somebody asked for it.
    Canceled,
    /// Only a person can settle it.
    NeedsPerson,
}

/// Whose side an error belongs to; it gives the code its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The mailbox that is read.
    Source,
    /// The mailbox that is written.
    Target,
    /// This program or its machine.
    System,
}

/// An error: what failed, on which side, how far it reaches, and what to do.
///
/// `subject` names the place (host and port, folder, file and line); `reply` is the other side's own words.
/// Neither ever holds a secret or text of a message.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: Code,
    side: Side,
    scope: Scope,
    disposition: Disposition,
    subject: String,
    reply: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of `code` about `subject`.
    pub fn new(code: Code, side: Side, scope: Scope, disposition: Disposition, subject: impl Into<String>) -> Self {
        Error(Box::new(Inner { code, side, scope, disposition, subject: subject.into(), reply: None, source: None }))
    }

    /// The connection ended or broke; what was under way on it is in doubt.
    pub fn lost(side: Side, subject: impl Into<String>) -> Self {
        Error::new(Code::Lost, side, Scope::Mailbox, Disposition::RetryAfter(None), subject)
    }

    /// A wrong configuration, user file or option; `subject` names the place and the remedy.
    pub fn config(subject: impl Into<String>) -> Self {
        Error::new(Code::Config, Side::System, Scope::Run, Disposition::NeedsPerson, subject)
    }

    /// A wrong option or argument; `subject` names it and the remedy.
    pub fn usage(subject: impl Into<String>) -> Self {
        Error::new(Code::Usage, Side::System, Scope::Run, Disposition::NeedsPerson, subject)
    }

    /// Stopped on request.
    pub fn canceled() -> Self {
        Error::new(Code::Canceled, Side::System, Scope::Run, Disposition::Canceled, "stopped on request")
    }

    /// A mistake of ours: an invariant that did not hold.
    pub fn bug(subject: impl Into<String>) -> Self {
        Error::new(Code::Bug, Side::System, Scope::Mailbox, Disposition::GiveUp, subject)
    }

    /// Adds the other side's own words.
    #[must_use]
    pub fn with_reply(mut self, reply: impl Into<String>) -> Self {
        self.0.reply = Some(reply.into());
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same error seen from `side`.
    #[must_use]
    pub fn on(mut self, side: Side) -> Self {
        self.0.side = side;
        self
    }

    /// The same error with another reach.
    #[must_use]
    pub fn scoped(mut self, scope: Scope) -> Self {
        self.0.scope = scope;
        self
    }

    /// The same error with another next step.
    #[must_use]
    pub fn disposed(mut self, disposition: Disposition) -> Self {
        self.0.disposition = disposition;
        self
    }

    /// The same error about `subject`, for a caller that knows the place better.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.0.subject = subject.into();
        self
    }

    /// The stable kind.
    pub fn code(&self) -> Code {
        self.0.code
    }
    /// Whose side.
    pub fn side(&self) -> Side {
        self.0.side
    }
    /// How much must stop.
    pub fn scope(&self) -> Scope {
        self.0.scope
    }
    /// What to do.
    pub fn disposition(&self) -> Disposition {
        self.0.disposition
    }
    /// The place.
    pub fn subject(&self) -> &str {
        &self.0.subject
    }
    /// The other side's own words.
    pub fn reply(&self) -> Option<&str> {
        self.0.reply.as_deref()
    }
    /// Whether somebody asked to stop.
    pub fn is_canceled(&self) -> bool {
        self.0.disposition == Disposition::Canceled
    }

    /// The stable word with its side: `SRC-AUTH`, `TGT-QUOTA`, `SYS-DISK`, `ITEM-TOO-BIG`.
    pub fn word(&self) -> String {
        word(self.0.code, self.0.side)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.word(), self.0.subject)?;
        if let Some(reply) = &self.0.reply {
            write!(f, " (the server said: {reply})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|e| e as _)
    }
}
