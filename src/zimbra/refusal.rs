//! What the server's refusals mean (zimbra.md §1.7 and §5.7). A fault's code decides; its words are only shown.

use reqwest::{StatusCode, header::HeaderMap};

use super::soap::Fault;
use crate::{
    error::{Code, Disposition, Error, Scope, Side},
    limits,
    net::http,
    pace::{Throttle, ThrottleKind},
};

/// A request that failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Error,
    /// The fault's code; empty where there was none.
    pub(super) fault: String,
    /// The item that the fault is about, where it tells.
    pub(super) item: Option<u32>,
    pub(super) status: Option<StatusCode>,
    /// Nothing answers at the door, as far as that can be told apart from a server that is down.
    pub(super) closed: bool,
}

impl Failure {
    /// No answer, or one that makes no sense.
    pub(super) fn unanswered(error: Error) -> Self {
        Failure { error, fault: String::new(), item: None, status: None, closed: false }
    }

    /// Nothing listens there: at the first knock the door is closed, later it is the server that is down for a moment.
    pub(super) fn unheard(error: Error) -> Self {
        Failure { closed: true, ..Failure::unanswered(error) }
    }

    /// A proxy answers in the door's place: whatever its status says is not about the mailbox.
    pub(super) fn kept_out(status: StatusCode, side: Side, subject: &str) -> Self {
        let (code, person) = (Code::Connect, Disposition::NeedsPerson);
        let error = Error::new(code, side, Scope::Mailbox, person, format!("{subject}: {CLOSED}; {REMEDY}"));
        let error = error.with_reply(format!("HTTP {}", status.as_u16()));
        Failure { error, fault: String::new(), item: None, status: Some(status), closed: true }
    }

    /// A SOAP fault.
    pub(super) fn of_fault(fault: Fault, status: StatusCode, side: Side, subject: String) -> Self {
        let (code, scope, disposition) = meaning(&fault.code);
        let subject = match explained(&fault.code) {
            Some(words) => format!("{subject}: {words}"),
            None => subject,
        };
        let words: String = format!("{}: {}", fault.code, fault.words).chars().take(limits::REPLY_KEPT).collect();
        let error = Error::new(code, side, scope, disposition, subject).with_reply(words);
        Failure { error, fault: fault.code, item: fault.item, status: Some(status), closed: false }
    }

    /// A refusal by its status alone.
    pub(super) fn of_status(status: StatusCode, side: Side, subject: String) -> Self {
        let again = Disposition::RetryAfter(None);
        let (code, scope, disposition) = match status.as_u16() {
            401 => (Code::AuthToken, Scope::Mailbox, again),
            403 => (Code::AuthAccess, Scope::Mailbox, Disposition::NeedsPerson),
            404 => (Code::NotFound, Scope::Mailbox, Disposition::NeedsPerson),
            429 => (Code::Throttled, Scope::Mailbox, again),
            500..=599 => (Code::Server, Scope::Mailbox, again),
            _ => (Code::Protocol, Scope::Mailbox, Disposition::GiveUp),
        };
        let words = format!("HTTP {}", status.as_u16());
        let error = Error::new(code, side, scope, disposition, subject).with_reply(words);
        Failure { error, fault: String::new(), item: None, status: Some(status), closed: false }
    }

    /// For those who need no more than the error.
    pub(super) fn into_error(self) -> Error {
        self.error
    }

    /// Whether the token is to blame.
    pub(super) fn is_of_token(&self) -> bool {
        matches!(self.fault.as_str(), "service.AUTH_EXPIRED" | "service.AUTH_REQUIRED")
            || (self.fault.is_empty() && self.status == Some(StatusCode::UNAUTHORIZED))
    }

    /// Whether the fault has this code.
    pub(super) fn says(&self, code: &str) -> bool {
        self.fault == code
    }
}

/// What is said where nothing answers at a door.
const CLOSED: &str = "its own interface is closed here";
/// What is left then, for whom nothing was decided for them.
const REMEDY: &str =
    "open it, or forget the pair (mailhaul reset), which is read by IMAP then, with auth = \"password\" or \"admin\"";

fn meaning(code: &str) -> (Code, Scope, Disposition) {
    use Disposition::{GiveUp, NeedsPerson, RetryAfter};
    let again = RetryAfter(None);
    match code {
        "account.AUTH_FAILED" | "account.CHANGE_PASSWORD" => (Code::Auth, Scope::Mailbox, NeedsPerson),
        "account.MAINTENANCE_MODE" | "account.ACCOUNT_INACTIVE" => (Code::Locked, Scope::Mailbox, NeedsPerson),
        "account.TWO_FACTOR_SETUP_REQUIRED" | "account.TWO_FACTOR_AUTH_FAILED" => {
            (Code::AuthMfa, Scope::Mailbox, NeedsPerson)
        }
        "account.NO_SUCH_ACCOUNT" => (Code::NotFound, Scope::Mailbox, NeedsPerson),
        "service.AUTH_EXPIRED" | "service.AUTH_REQUIRED" => (Code::AuthToken, Scope::Mailbox, again),
        "service.PERM_DENIED" => (Code::AuthAccess, Scope::Mailbox, NeedsPerson),
        "mail.MUST_RESYNC" => (Code::Identity, Scope::Mailbox, again),
        "mail.NO_SUCH_MSG" | "mail.NO_SUCH_ITEM" => (Code::ItemVanished, Scope::Message, GiveUp),
        "mail.NO_SUCH_BLOB" => (Code::ItemFetch, Scope::Message, GiveUp),
        "mail.NO_SUCH_FOLDER" => (Code::FolderSelect, Scope::Folder, GiveUp),
        "service.INVALID_REQUEST" | "service.UNKNOWN_DOCUMENT" => (Code::Protocol, Scope::Mailbox, GiveUp),
        // Busy, moving, or anything else: it may be over soon.
        _ => (Code::Server, Scope::Mailbox, again),
    }
}

/// What a person must know beyond the code's own text.
fn explained(code: &str) -> Option<&'static str> {
    Some(match code {
        "account.CHANGE_PASSWORD" => "the password must be changed before it signs in again",
        "account.MAINTENANCE_MODE" => {
            "the account is in maintenance, where nobody can read it, not even an administrator"
        }
        "account.TWO_FACTOR_SETUP_REQUIRED" => TWO_FACTORS,
        "service.PERM_DENIED" => {
            "reading other mailboxes needs a global administrator, or the right adminLoginAs for them"
        }
        _ => return None,
    })
}

/// What an account with two-factor authentication leaves to do.
pub(super) const TWO_FACTORS: &str = "the account has two-factor authentication, and a password alone does not open it: \
     let an administrator read it (auth = \"admin\"), use the domain's key (preauth-key-file), or read it by IMAP with an application passcode";

/// The wait that an answer asks for, where it does (zimbra.md §5.8). Jetty's filter states none, and counts what it refuses.
pub(super) fn throttle(status: StatusCode, headers: &HeaderMap) -> Option<Throttle> {
    let filtered = headers.contains_key("DoSFilter");
    let stated = http::retry_after(headers);
    let wait = stated.or(filtered.then_some(limits::ZIMBRA_FILTER_WAIT));
    match status.as_u16() {
        429 => Some(Throttle { wait, kind: ThrottleKind::Rate }),
        503 if filtered || stated.is_some() => Some(Throttle { wait, kind: ThrottleKind::Busy }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: &str) -> Failure {
        let fault = Fault { code: code.to_owned(), words: "no".to_owned(), item: None };
        Failure::of_fault(fault, StatusCode::INTERNAL_SERVER_ERROR, Side::Source, "here".to_owned())
    }

    #[test]
    fn faults_have_codes_and_next_steps() {
        for (fault, code, disposition) in [
            ("account.AUTH_FAILED", Code::Auth, Disposition::NeedsPerson),
            ("account.NO_SUCH_ACCOUNT", Code::NotFound, Disposition::NeedsPerson),
            ("service.PERM_DENIED", Code::AuthAccess, Disposition::NeedsPerson),
            ("mail.MUST_RESYNC", Code::Identity, Disposition::RetryAfter(None)),
            ("service.TEMPORARILY_UNAVAILABLE", Code::Server, Disposition::RetryAfter(None)),
            ("mail.NO_SUCH_MSG", Code::ItemVanished, Disposition::GiveUp),
        ] {
            let error = failure(fault).error;
            assert_eq!((error.code(), error.disposition()), (code, disposition), "{fault}");
            assert!(error.reply().is_some_and(|reply| reply.starts_with(fault)));
        }
        assert!(failure("account.TWO_FACTOR_SETUP_REQUIRED").error.subject().contains("preauth-key-file"));
        assert!(failure("service.AUTH_EXPIRED").is_of_token() && !failure("account.AUTH_FAILED").is_of_token());
    }

    #[test]
    fn only_the_filters_answers_ask_to_wait() {
        let mut headers = HeaderMap::new();
        assert_eq!(throttle(StatusCode::SERVICE_UNAVAILABLE, &headers), None);
        assert_eq!(throttle(StatusCode::TOO_MANY_REQUESTS, &headers).map(|throttle| throttle.wait), Some(None));
        headers.insert("DoSFilter", "unavailable".parse().unwrap());
        for status in [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS] {
            assert_eq!(throttle(status, &headers).and_then(|t| t.wait), Some(limits::ZIMBRA_FILTER_WAIT));
        }
    }
}
