//! What the service's refusals mean (microsoft365.md §4.8 and §4.9).
//!
//! The code in the reply decides before the status does: 404 alone may be a user, a mailbox, a folder or an item. The reply's words are
//! kept with the request's id, for Microsoft's support asks for it; whatever could be a token in them is not.

use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;

use super::request::Effect;
use crate::{
    error::{Code, Disposition, Error, Scope, Side},
    limits,
    pace::{Throttle, ThrottleKind},
};

/// A request that failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Error,
    /// The service's own word, `ErrorItemNotFound`; empty where it gave none or did not answer.
    pub(super) word: String,
    pub(super) status: Option<StatusCode>,
}

impl Failure {
    /// No answer, or one that makes no sense.
    pub(super) fn unanswered(error: Error) -> Self {
        Failure { error, word: String::new(), status: None }
    }

    /// For those who need no more than the error.
    pub(super) fn into_error(self) -> Error {
        self.error
    }

    /// Whether the service's word is one of these; it varies in case between services.
    pub(super) fn says(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.word.eq_ignore_ascii_case(word))
    }
}

/// The words with which a delta token is refused: everything must be listed anew (microsoft365.md §4.2).
pub(super) const RESYNC: &[&str] = &["SyncStateNotFound", "SyncStateInvalid", "ResyncRequired"];

/// The words of a service that is short of something for a moment (§4.8, §4.9; the last ones are EWS's, whose store this is).
const BUSY: &[&str] = &[
    "ApplicationThrottled",
    "TooManyRequests",
    "serviceNotAvailable",
    "ErrorServerBusy",
    "ErrorTimeoutExpired",
    "ErrorMailboxStoreUnavailable",
    "ErrorInternalServerTransientError",
];

/// A refusal as it came.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
    pub(super) told: Told,
}

/// What the body of a refusal tells.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) word: String,
    message: String,
    request_id: Option<String>,
    /// The token is good, and the tenant asks for more than a token (continuous access evaluation): `insufficient_claims`.
    pub(super) challenged: bool,
}

#[derive(Deserialize)]
struct Envelope {
    error: Option<Word>,
    /// The import end point has a shape of its own (§5.2).
    #[serde(rename = "Message")]
    message: Option<String>,
}

#[derive(Default, Deserialize)]
pub(super) struct Word {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    #[serde(rename = "innerError", alias = "innererror")]
    inner: Option<Inner>,
}

#[derive(Deserialize)]
struct Inner {
    #[serde(rename = "request-id")]
    request_id: Option<String>,
}

impl Told {
    /// From a body of any form; `request_id` is the header's, for bodies that have none.
    pub(super) fn read(body: &[u8], request_id: Option<&str>) -> Self {
        let told = match serde_json::from_slice::<Envelope>(body) {
            Ok(Envelope { error: Some(word), .. }) => Told::from(word),
            Ok(Envelope { message: Some(message), .. }) => Told { message, ..Told::default() },
            // A page of a proxy, or nothing: the status must do.
            _ => Told::default(),
        };
        Told { request_id: told.request_id.or_else(|| request_id.map(str::to_owned)), ..told }
    }

    /// The words for a person.
    pub(super) fn words(&self) -> String {
        let id = self.request_id.as_ref().map(|id| format!("request-id {id}"));
        let parts = [self.word.clone(), without_tokens(&self.message), id.unwrap_or_default()];
        let words = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
        let cut = words.char_indices().map(|(at, _)| at).take_while(|at| *at <= limits::REPLY_KEPT).last();
        words.get(..cut.unwrap_or(0)).filter(|_| words.len() > limits::REPLY_KEPT).unwrap_or(&words).to_owned()
    }
}

impl From<Word> for Told {
    fn from(word: Word) -> Self {
        let request_id = word.inner.and_then(|inner| inner.request_id);
        Told { word: word.code, message: word.message, request_id, challenged: false }
    }
}

/// `text` without what may open something: `authtoken=…`, bearer tokens, anything in the form of a JWT.
fn without_tokens(text: &str) -> String {
    let is_secret = |word: &str| {
        let lower = word.to_ascii_lowercase();
        lower.contains("token=") || word.contains("eyJ") || word.len() > 200
    };
    let words = text.split_inclusive([' ', '\t', '\n', '\'', '"', ',', ';']);
    words.map(|word| if is_secret(word) { "… " } else { word }).collect()
}

impl Refusal {
    /// The throttle that it asks for. A stated time holds for everything; too many requests at once otherwise concern the one that was refused.
    pub(super) fn throttle(&self) -> Option<Throttle> {
        let wait = self.retry_after;
        let kind = match self.status.as_u16() {
            429 if wait.is_none() && self.told.message.contains("Concurrency") => ThrottleKind::Connections,
            429 => ThrottleKind::Rate,
            // 503 without a time is one request's bad luck.
            503 | 504 | 509 if wait.is_some() => ThrottleKind::Busy,
            _ => return None,
        };
        Some(Throttle { wait, kind })
    }

    /// The failure of a request about `subject` on `side`.
    pub(super) fn failure(self, side: Side, scope: Scope, effect: Effect, subject: String) -> Failure {
        let (code, disposition, reach) = self.meaning();
        let scope = reach.unwrap_or(scope);
        let disposition =
            if effect == Effect::Once && self.may_have_taken_effect() { Disposition::InDoubt } else { disposition };
        let words = match self.told.words() {
            words if words.is_empty() => format!("HTTP {}", self.status.as_u16()),
            words => format!("HTTP {}: {words}", self.status.as_u16()),
        };
        let error = Error::new(code, side, scope, disposition, subject).with_reply(words);
        Failure { error, word: self.told.word, status: Some(self.status) }
    }

    /// A gateway that gave up on an answer does not know what came of the request (microsoft365.md part III 7).
    fn may_have_taken_effect(&self) -> bool {
        let turned_away = self.status.as_u16() == 503 && self.retry_after.is_some();
        let is_certain = turned_away || is_full(&self.told.word) || is_of_the_item(&self.told.word);
        self.status.is_server_error() && !matches!(self.status.as_u16(), 501 | 507 | 509) && !is_certain
    }

    /// Code, next step, and the reach where it is not the request's own.
    fn meaning(&self) -> (Code, Disposition, Option<Scope>) {
        let again = Disposition::RetryAfter(self.retry_after);
        let word = self.told.word.as_str();
        let is = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
        if is_full(word) {
            return (Code::Quota, Disposition::NeedsPerson, Some(Scope::Mailbox));
        }
        if self.told.challenged {
            return (Code::AuthMfa, Disposition::NeedsPerson, Some(Scope::Mailbox));
        }
        if is(RESYNC) {
            return (Code::Identity, Disposition::RetryAfter(None), Some(Scope::Folder));
        }
        if is(&["Request_ResourceNotFound", "ErrorInvalidUser"]) {
            return (Code::NotFound, Disposition::NeedsPerson, Some(Scope::Mailbox));
        }
        if is(&["MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI"]) {
            return (Code::AuthAccess, Disposition::NeedsPerson, Some(Scope::Mailbox));
        }
        if is(&["ErrorItemNotFound"]) {
            return (Code::ItemVanished, Disposition::GiveUp, Some(Scope::Message));
        }
        if is(&["ErrorSyncFolderNotFound", "ErrorFolderNotFound", "ErrorArchiveFolderMovedPermanently"]) {
            return (Code::FolderSelect, Disposition::GiveUp, Some(Scope::Folder));
        }
        if is(&["ErrorMessageSizeExceeded"]) {
            return (Code::ItemTooBig, Disposition::GiveUp, Some(Scope::Message));
        }
        if is(&["ErrorFolderExists"]) {
            return (Code::FolderName, Disposition::GiveUp, Some(Scope::Folder));
        }
        // Told of one item of several, with a status that says nothing.
        if self.status == StatusCode::OK && is(BUSY) {
            return (Code::Throttled, again, Some(Scope::Mailbox));
        }
        if is_of_the_item(word) {
            return (Code::ItemFetch, again, Some(Scope::Message));
        }
        if is(&["Authorization_RequestDenied"]) {
            return (Code::Consent, Disposition::NeedsPerson, Some(Scope::Endpoint));
        }
        by_status(self.status, again)
    }
}

fn by_status(status: StatusCode, again: Disposition) -> (Code, Disposition, Option<Scope>) {
    match status.as_u16() {
        401 => (Code::Auth, Disposition::NeedsPerson, Some(Scope::Mailbox)),
        403 => (Code::AuthAccess, Disposition::NeedsPerson, Some(Scope::Mailbox)),
        404 => (Code::NotFound, Disposition::GiveUp, None),
        408 => (Code::Timeout, again, None),
        413 => (Code::ItemTooBig, Disposition::GiveUp, Some(Scope::Message)),
        429 => (Code::Throttled, again, Some(Scope::Mailbox)),
        507 => (Code::Quota, Disposition::NeedsPerson, Some(Scope::Mailbox)),
        // Even 503 may be one message's own: who asks for several sees whether the others come.
        500..=599 => (Code::Server, again, None),
        _ => (Code::Protocol, Disposition::GiveUp, None),
    }
}

/// The service looked into an item and does not like what it saw.
fn is_of_the_item(word: &str) -> bool {
    ["ErrorCorruptData", "ErrorCannotOpenFileAttachment"].iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// The mailbox is full (507, or another status with these words).
fn is_full(word: &str) -> bool {
    ["ErrorQuotaExceeded", "QuotaExceededException", "ErrorMailboxQuotaExceeded"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(word))
}

#[cfg(test)]
#[path = "refusal_tests.rs"]
mod tests;
