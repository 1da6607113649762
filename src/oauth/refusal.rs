//! What an authority means when it gives no token (microsoft365.md §2.3, RFC 6749 §5.2, RFC 8628 §3.5).
//!
//! Entra's number (`AADSTS7000222`) says more than OAuth's word (`invalid_client`), so it is asked first ([`super::reasons`]). The reply that
//! people see keeps number, words and the trace and correlation ids that Microsoft's support asks for; whatever the request sent
//! that is no public parameter is blotted out of it.

use oauth2::HttpResponse;
use serde::Deserialize;
use url::form_urlencoded;

use super::{
    Client,
    reasons::{self, Reason},
};
use crate::{
    error::{Code, Disposition, Error, Scope, Side},
    limits,
    net::http::retry_after,
};

/// Who asked, since `invalid_grant` is another's fault each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// An application for itself.
    Application,
    /// An application with a user's refresh token.
    User,
    /// A service account for a user.
    ServiceAccount,
    /// A person who is signing in.
    Person,
}

/// The error JSON.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    error: String,
    error_description: String,
    error_codes: Vec<u32>,
    trace_id: String,
    correlation_id: String,
}

/// The refusal in a response that is no success. `form` is the body of the request.
pub(super) fn of_response(place: &str, asker: Asker, response: &HttpResponse, form: &[u8]) -> Error {
    let told: Told = serde_json::from_slice(response.body()).unwrap_or_default();
    let status = response.status().as_u16();
    let wait = retry_after(response.headers());
    let reason = match status {
        429 => Reason::new(Code::Throttled, Scope::Endpoint, Disposition::RetryAfter(wait)),
        500.. => Reason::new(Code::Server, Scope::Endpoint, Disposition::RetryAfter(wait)),
        _ if told.error.is_empty() => Reason::person(Code::Protocol, Scope::Endpoint),
        _ => reason(&told, asker),
    };
    let words = if told.error.is_empty() { format!("HTTP {status}") } else { words(&told) };
    error(place, reason, &blotted(words, form))
}

/// The refusal that a browser brought back (RFC 6749 §4.1.2.1).
pub(super) fn of_redirect(place: &str, word: &str, description: &str) -> Error {
    let told = Told { error: word.to_owned(), error_description: description.to_owned(), ..Told::default() };
    error(place, reason(&told, Asker::Person), &words(&told))
}

/// The same refusal, with where an administrator of the tenant agrees if that is what it takes.
pub(super) fn with_consent(refusal: Error, client: &Client) -> Error {
    let page = client.authority.admin_consent(&client.id).filter(|_| refusal.code() == Code::Consent);
    match page {
        Some(page) => {
            let subject = format!("{}; an administrator gives consent at {page}", refusal.subject());
            refusal.about(subject)
        }
        None => refusal,
    }
}

fn error(place: &str, reason: Reason, reply: &str) -> Error {
    Error::new(reason.code, Side::System, reason.scope, reason.disposition, place).with_reply(reply)
}

fn reason(told: &Told, asker: Asker) -> Reason {
    let numbers = numbers(told);
    let known = numbers.iter().find_map(|&number| reasons::of_number(number));
    known.or_else(|| reasons::of_words(&told.error_description)).unwrap_or_else(|| reasons::of_word(&told.error, asker))
}

/// Entra's numbers: of their own field, or of the words, where a redirect has no other.
fn numbers(told: &Told) -> Vec<u32> {
    if !told.error_codes.is_empty() {
        return told.error_codes.clone();
    }
    let digits = told.error_description.split("AADSTS").nth(1);
    let digits = digits.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    digits.and_then(|digits| digits.parse().ok()).into_iter().collect()
}

/// Word, first line of the description, and the ids.
fn words(told: &Told) -> String {
    let description = told.error_description.lines().next().unwrap_or_default();
    let description = description.split(" Trace ID:").next().unwrap_or_default().trim();
    let mut words = format!("{} {description}", told.error).trim().to_owned();
    if !description.contains("AADSTS") {
        words.extend(told.error_codes.iter().map(|number| format!(" AADSTS{number}")));
    }
    for (name, id) in [("trace id", &told.trace_id), ("correlation id", &told.correlation_id)] {
        if !id.is_empty() {
            words += &format!("; {name} {id}");
        }
    }
    words
}

/// Parameters of a request that are no secret.
const PUBLIC: [&str; 7] =
    ["grant_type", "client_id", "scope", "redirect_uri", "client_assertion_type", "response_type", "user_code"];

/// `words` without what `form` sent in confidence, and not too long.
fn blotted(mut words: String, form: &[u8]) -> String {
    for (name, value) in form_urlencoded::parse(form) {
        if !PUBLIC.contains(&name.as_ref()) && !value.is_empty() {
            words = words.replace(value.as_ref(), "[secret]");
        }
    }
    let end = words.floor_char_boundary(limits::REPLY_KEPT);
    words.truncate(end);
    words
}

#[cfg(test)]
#[path = "refusal_tests.rs"]
mod tests;
