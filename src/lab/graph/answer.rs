//! Answers and refusals in Graph's form (microsoft365.md §4.9).

use std::io::Write;

use axum::{
    body::Body,
    http::{Response, StatusCode, header},
};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::clock;

/// What is sent back.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content: Content,
    pub(super) retry_after: Option<u64>,
    /// The tenant asks for more than a token (continuous access evaluation).
    pub(super) challenge: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    Json(Value),
    Text(Bytes),
    /// The connection ends instead.
    Cut,
}

/// A refusal.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    status: u16,
    word: &'static str,
    message: String,
    retry_after: Option<u64>,
}

impl Answer {
    pub(super) fn json(value: Value) -> Self {
        Answer::with_status(200, value)
    }

    pub(super) fn with_status(status: u16, value: Value) -> Self {
        Answer { status, content: Content::Json(value), retry_after: None, challenge: false }
    }

    pub(super) fn text(bytes: Bytes) -> Self {
        Answer { status: 200, content: Content::Text(bytes), retry_after: None, challenge: false }
    }

    /// Done, with nothing to say.
    pub(super) fn nothing() -> Self {
        Answer { status: 204, ..Answer::text(Bytes::new()) }
    }

    pub(super) fn cut() -> Self {
        Answer { status: 200, content: Content::Cut, retry_after: None, challenge: false }
    }

    /// As HTTP, packed if the client may unpack it.
    pub(super) fn response(self, gzip: bool) -> Response<Body> {
        let (kind, bytes) = match self.content {
            Content::Json(value) => ("application/json", Bytes::from(value.to_string())),
            Content::Text(bytes) => ("text/plain", bytes),
            Content::Cut => return cut(),
        };
        let mut response = Response::builder().status(status(self.status)).header(header::CONTENT_TYPE, kind);
        response = response.header("request-id", guid());
        if let Some(seconds) = self.retry_after {
            response = response.header(header::RETRY_AFTER, seconds);
        }
        if self.challenge {
            let claims = "Bearer realm=\"\", error=\"insufficient_claims\", claims=\"eyJhY2Nlc3NfdG9rZW4iOnt9fQ==\"";
            response = response.header(header::WWW_AUTHENTICATE, claims);
        }
        let body = match packed(&bytes).filter(|_| gzip) {
            Some(packed) => {
                response = response.header(header::CONTENT_ENCODING, "gzip");
                Body::from(packed)
            }
            None => Body::from(bytes),
        };
        response.body(body).unwrap_or_default()
    }
}

/// An answer that breaks off: the client sees the connection end within it.
fn cut() -> Response<Body> {
    let broken = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("cut"))]);
    let response = Response::builder().header(header::CONTENT_LENGTH, 1000);
    response.body(Body::from_stream(broken)).unwrap_or_default()
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn packed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

impl Problem {
    pub(super) fn new(status: u16, word: &'static str, message: impl Into<String>) -> Self {
        Problem { status, word, message: message.into(), retry_after: None }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Problem::new(400, "BadRequest", message)
    }

    pub(super) fn no_such_item() -> Self {
        Problem::new(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    }

    pub(super) fn no_such_path(path: &str) -> Self {
        Problem::bad_request(format!("Resource not found for the segment '{path}'."))
    }

    /// One of the two throttles (§4.8): `MailboxConcurrency` or `IncomingBytes`, or the number of requests.
    pub(super) fn throttled(limit: &str, seconds: Option<u64>) -> Self {
        let message = format!("Application is over its {limit} limit.");
        Problem { retry_after: seconds, ..Problem::new(429, "ApplicationThrottled", message) }
    }

    #[must_use]
    pub(super) fn after(self, seconds: Option<u64>) -> Self {
        Problem { retry_after: seconds, ..self }
    }

    /// The body's `error` member.
    pub(super) fn error(&self) -> Value {
        let id = guid();
        let date = DateTime::<Utc>::from(clock::now()).format("%Y-%m-%dT%H:%M:%S").to_string();
        json!({ "code": self.word, "message": self.message,
            "innerError": { "date": date, "request-id": id, "client-request-id": id } })
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        let body = json!({ "error": problem.error() });
        Answer { retry_after: problem.retry_after, ..Answer::with_status(problem.status, body) }
    }
}

/// Something that looks like a GUID.
pub(super) fn guid() -> String {
    let bits = format!("{:032x}", fastrand::u128(..));
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| bits.get(part).unwrap_or_default());
    parts.join("-")
}
