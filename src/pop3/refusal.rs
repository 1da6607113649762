//! What an `-ERR` means: the response code decides (RFC 2449 §8, RFC 3206), then the words that servers are known to use.

use std::{sync::Arc, time::Duration};

use super::{Reply, session::Fault};
use crate::{
    error::{Code, Disposition, Error, Scope, Side},
    limits, pace,
    sasl::{self, Refused},
};

/// How servers without response codes say that another session holds the maildrop (UW, qpopper, Courier, Cyrus, Exchange 2003).
const IN_USE: &[&str] = &[
    "in use",
    "another pop",
    "another session",
    "other session",
    "maildrop lock",
    "mailbox lock",
    "maildrop already locked",
    "mailbox already locked",
    "mailbox is locked",
    "maildrop is locked",
    "get lock",
    "lock busy",
    "already open",
];

/// Whose server this is and where: the subject of its errors.
#[derive(Clone, Debug)]
pub(super) struct Place {
    side: Side,
    at: Arc<str>,
}

impl Place {
    pub(super) fn new(side: Side, at: &str) -> Self {
        Place { side, at: at.into() }
    }

    pub(super) fn error(&self, code: Code, scope: Scope, disposition: Disposition) -> Error {
        Error::new(code, self.side, scope, disposition, &*self.at)
    }

    pub(super) fn lost(&self) -> Error {
        Error::lost(self.side, &*self.at)
    }

    pub(super) fn late(&self) -> Error {
        self.error(Code::Timeout, Scope::Mailbox, Disposition::RetryAfter(None))
    }

    /// The server does not speak POP3.
    pub(super) fn protocol(&self, reply: impl Into<String>) -> Error {
        self.error(Code::Protocol, Scope::Endpoint, Disposition::GiveUp).with_reply(reply)
    }

    /// The session cannot go on.
    pub(super) fn fault(&self, fault: Fault) -> Error {
        match fault {
            // Within a session it is the line that failed, not the server: another session may do better.
            Fault::Senseless(_) => {
                // What stands there may be mail: it is not repeated.
                let retry = Disposition::RetryAfter(None);
                self.error(Code::Protocol, Scope::Mailbox, retry).about(format!("{}: a line that is no reply", self.at))
            }
            Fault::Spool(cause) => {
                let person = Disposition::NeedsPerson;
                Error::new(Code::Disk, Side::System, Scope::Run, person, "spool file").with_source(cause)
            }
        }
    }

    /// What this refusal of a command means that is not about one message.
    pub(super) fn refusal(&self, reply: &Reply) -> Error {
        let person = |code| self.error(code, Scope::Mailbox, Disposition::NeedsPerson);
        let error = match reply.code.as_deref() {
            Some("IN-USE") => self.in_use(),
            Some("LOGIN-DELAY") => self.wait(limits::POP3_LOGIN_WAIT),
            Some("AUTH") => person(Code::Auth),
            Some("SYS/PERM") => person(Code::Server),
            _ => match pace::throttle(&reply.text, reply.code.as_deref()) {
                Some(throttle) => self.error(Code::Throttled, Scope::Mailbox, Disposition::RetryAfter(throttle.wait)),
                None if says_in_use(&reply.text) => self.in_use(),
                None => self.error(Code::Server, Scope::Mailbox, Disposition::RetryAfter(None)),
            },
        };
        error.with_reply(reply.in_full())
    }

    /// What this refusal of a sign-in means: `otherwise`, where it says nothing else.
    pub(super) fn sign_in_refusal(&self, reply: &Reply, otherwise: Code, secrets: &[&str]) -> Error {
        let coded = matches!(reply.code.as_deref(), Some("IN-USE" | "LOGIN-DELAY" | "SYS/PERM" | "SYS/TEMP"));
        let throttled = pace::throttle(&reply.text, reply.code.as_deref()).is_some();
        let error = if coded || throttled || says_in_use(&reply.text) {
            self.refusal(reply)
        } else {
            self.by_words(&reply.text.to_ascii_lowercase(), otherwise)
        };
        error.with_reply(sasl::without_secrets(&reply.in_full(), secrets))
    }

    fn by_words(&self, lower: &str, otherwise: Code) -> Error {
        let person = |code| self.error(code, Scope::Mailbox, Disposition::NeedsPerson);
        match sasl::refused(lower) {
            Some(Refused::AppPassword) => person(Code::AuthAppPassword),
            Some(Refused::Blocked) => person(Code::AuthBlocked),
            Some(Refused::Locked) => person(Code::Locked),
            Some(Refused::Passing) => self.error(Code::Server, Scope::Mailbox, Disposition::RetryAfter(None)),
            None if lower.contains("not connected") => {
                self.error(Code::AuthAccess, Scope::Mailbox, Disposition::RetryAfter(None))
            }
            None => person(otherwise),
        }
    }

    fn in_use(&self) -> Error {
        self.error(Code::InUse, Scope::Mailbox, Disposition::RetryAfter(None))
    }

    /// The server wants a sign-in later.
    pub(super) fn wait(&self, wait: Duration) -> Error {
        self.error(Code::Throttled, Scope::Mailbox, Disposition::RetryAfter(Some(wait)))
    }
}

fn says_in_use(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    IN_USE.iter().any(|words| lower.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: Option<&str>, text: &str) -> (Code, Disposition) {
        let reply = Reply { ok: false, code: code.map(str::to_owned), text: text.to_owned() };
        let error = Place::new(Side::Source, "h:110").sign_in_refusal(&reply, Code::Auth, &["hunter2"]);
        assert!(!error.to_string().contains("hunter2"));
        (error.code(), error.disposition())
    }

    #[test]
    fn codes_come_before_words() {
        let (later, person) = (Disposition::RetryAfter(None), Disposition::NeedsPerson);
        let wait = Disposition::RetryAfter(Some(limits::POP3_LOGIN_WAIT));
        for (code, text, expected) in [
            (Some("IN-USE"), "Do you have another POP session running?", (Code::InUse, later)),
            (Some("LOGIN-DELAY"), "minimum time between mail checks violation", (Code::Throttled, wait)),
            (Some("AUTH"), "PASS hunter2 refused", (Code::Auth, person)),
            (Some("SYS/TEMP"), "try again", (Code::Server, later)),
            (Some("SYS/PERM"), "mailbox is broken", (Code::Server, person)),
            (None, "Maildrop already locked", (Code::InUse, later)),
            (None, "Can't get lock. Mailbox in use", (Code::InUse, later)),
            (None, "account locked", (Code::Locked, person)),
            (None, "Authentication failure: unknown user name or bad password.", (Code::Auth, person)),
            (None, "Application-specific password required", (Code::AuthAppPassword, person)),
            (None, "too many connections", (Code::Throttled, later)),
        ] {
            assert_eq!(refused(code, text), expected, "{code:?} {text}");
        }
    }
}
