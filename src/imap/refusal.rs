//! What a NO, a BAD or a BYE means: the response code decides (RFC 5530), then the words that servers are known to use.
//!
//! Only what holds for every command is told here. What a refused APPEND says about its message is for the adapter.

use std::sync::Arc;

use super::{ResponseCode, Tagged, Verdict};
use crate::{
    error::{Code, Disposition, Error, Scope, Side},
    pace,
    sasl::{self, Refused},
};

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

    /// The connection is gone; `bye` holds the words with which the server ended it.
    pub(super) fn lost(&self, bye: Option<&str>) -> Error {
        let Some(words) = bye else { return Error::lost(self.side, &*self.at) };
        self.throttled(words, None).unwrap_or_else(|| Error::lost(self.side, &*self.at)).with_reply(words)
    }

    /// The server does not speak IMAP.
    pub(super) fn protocol(&self, reply: impl Into<String>) -> Error {
        self.error(Code::Protocol, Scope::Endpoint, Disposition::GiveUp).with_reply(reply)
    }

    /// What this NO or BAD means.
    pub(super) fn refusal(&self, tagged: &Tagged) -> Error {
        let word = tagged.code.word();
        let text = tagged.text.to_ascii_lowercase();
        self.throttled(&tagged.text, word)
            .or_else(|| word.and_then(|word| self.by_code(word)))
            .or_else(|| self.by_text(&text))
            .unwrap_or_else(|| match tagged.verdict {
                Verdict::Bad => self.error(Code::Protocol, Scope::Folder, Disposition::GiveUp),
                _ => self.error(Code::Server, Scope::Folder, Disposition::RetryAfter(None)),
            })
            .with_reply(in_full(tagged))
    }

    /// What this NO or BAD to a sign-in means (quirks 14, 51, 59, 92; RFC 5530): `otherwise`, where it says nothing else.
    pub(super) fn sign_in_refusal(&self, tagged: &Tagged, otherwise: Code) -> Error {
        let word = tagged.code.word();
        let text = tagged.text.to_ascii_lowercase();
        let refused = sasl::refused(&text);
        let person = |code| self.error(code, Scope::Mailbox, Disposition::NeedsPerson);
        let error = if text.contains("not connected") {
            self.no_access()
        } else if let Some(throttled) = self.throttled(&tagged.text, word) {
            throttled
        } else if refused == Some(Refused::AppPassword) {
            person(Code::AuthAppPassword)
        } else if refused == Some(Refused::Blocked) || matches!(word, Some("PRIVACYREQUIRED" | "CONTACTADMIN")) {
            person(Code::AuthBlocked)
        } else if refused == Some(Refused::Locked) {
            person(Code::Locked)
        } else if refused == Some(Refused::Passing) || matches!(word, Some("SERVERBUG" | "INUSE")) {
            self.error(Code::Server, Scope::Mailbox, Disposition::RetryAfter(None))
        } else {
            person(otherwise)
        };
        error.with_reply(in_full(tagged))
    }

    /// Signed in, but the mailbox behind the account does not answer (quirk 13).
    pub(super) fn no_access(&self) -> Error {
        self.error(Code::AuthAccess, Scope::Mailbox, Disposition::RetryAfter(None))
    }

    fn throttled(&self, text: &str, code: Option<&str>) -> Option<Error> {
        let throttle = pace::throttle(text, code)?;
        Some(self.error(Code::Throttled, Scope::Mailbox, Disposition::RetryAfter(throttle.wait)))
    }

    fn by_code(&self, word: &str) -> Option<Error> {
        let person = Disposition::NeedsPerson;
        Some(match word {
            "OVERQUOTA" => self.error(Code::Quota, Scope::Mailbox, person),
            "NOPERM" | "READ-ONLY" => self.error(Code::ReadOnly, Scope::Folder, person),
            "NONEXISTENT" | "TRYCREATE" => self.error(Code::NotFound, Scope::Folder, Disposition::GiveUp),
            "TOOBIG" => self.error(Code::ItemTooBig, Scope::Message, Disposition::GiveUp),
            "UNAVAILABLE" | "SERVERBUG" | "INUSE" | "CORRUPTION" => {
                self.error(Code::Server, Scope::Folder, Disposition::RetryAfter(None))
            }
            "AUTHENTICATIONFAILED" | "AUTHORIZATIONFAILED" | "EXPIRED" => {
                self.error(Code::Auth, Scope::Mailbox, person)
            }
            _ => return None,
        })
    }

    fn by_text(&self, text: &str) -> Option<Error> {
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if says(&["not connected"]) {
            return Some(self.no_access());
        }
        // A session that lost its mailbox answers everything like this (quirks 15, 17): another one may work.
        if says(&["invalid state"]) {
            return Some(Error::lost(self.side, &*self.at));
        }
        if says(QUOTA) {
            return Some(self.error(Code::Quota, Scope::Mailbox, Disposition::NeedsPerson));
        }
        if says(&["permission denied", "access denied"]) {
            return Some(self.error(Code::ReadOnly, Scope::Folder, Disposition::NeedsPerson));
        }
        None
    }
}

/// How servers say that a mailbox is full (quirks 80, 90; microsoft365.md §1.7).
const QUOTA: &[&str] = &[
    "quota",
    "exceeded maximum mailbox size",
    "mailbox is full",
    "storage limit has been exceeded",
    "blocks limit exceeded",
    "inode limit exceeded",
    "time to find a bigger place",
];

impl ResponseCode {
    /// The word of a code that has no form of its own here, and of `READ-ONLY`.
    pub fn word(&self) -> Option<&str> {
        match self {
            ResponseCode::Other(word, _) => Some(word),
            ResponseCode::ReadOnly => Some("READ-ONLY"),
            _ => None,
        }
    }
}

/// The server's words with their verdict and code, as a person would see them.
fn in_full(tagged: &Tagged) -> String {
    let mut words = tagged.verdict.word().to_owned();
    if let ResponseCode::Other(word, arguments) = &tagged.code {
        let blank = if arguments.is_empty() { "" } else { " " };
        words.push_str(&format!(" [{word}{blank}{arguments}]"));
    }
    format!("{words} {}", tagged.text)
}
