//! Refusals in Microsoft's form (microsoft365.md §2.3); Google's have neither number nor ids.

use axum::{
    Json,
    http::{StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use chrono::DateTime;
use serde_json::json;

use super::realm::Realm;
use crate::clock;

/// Why there is no token.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    status: u16,
    word: &'static str,
    number: u32,
    words: String,
    retry_after: Option<u64>,
    is_page: bool,
}

impl Problem {
    pub(super) fn new(status: u16, word: &'static str, number: u32, words: impl Into<String>) -> Self {
        Problem { status, word, number, words: words.into(), retry_after: None, is_page: false }
    }

    pub(super) fn throttled(seconds: u64) -> Self {
        let problem = Problem::new(429, "temporarily_unavailable", 50_196, "The server terminated an operation.");
        Problem { retry_after: Some(seconds), ..problem }
    }

    /// A page in the place of JSON.
    pub(super) fn page(status: u16) -> Self {
        Problem { is_page: true, ..Problem::new(status, "", 0, "") }
    }

    pub(super) fn missing(parameter: &str) -> Self {
        let words = format!("The request body must contain the following parameter: '{parameter}'.");
        Problem::new(400, "invalid_request", 900_144, words)
    }

    pub(super) fn word(&self) -> &'static str {
        self.word
    }

    /// As the realm says it.
    pub(super) fn response(&self, realm: &Realm) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        if self.is_page {
            return (status, "<html><body>Service Unavailable</body></html>").into_response();
        }
        let body = match realm {
            Realm::Tenant(_) if self.number != 0 => self.microsoft(),
            Realm::Tenant(_) | Realm::Google => json!({ "error": self.word, "error_description": self.words }),
        };
        let mut response = (status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }

    fn microsoft(&self) -> serde_json::Value {
        let (trace, correlation) = (guid(), guid());
        let now = DateTime::<chrono::Utc>::from(clock::now()).format("%Y-%m-%d %H:%M:%SZ").to_string();
        let description = format!(
            "AADSTS{}: {}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {now}",
            self.number, self.words
        );
        json!({
            "error": self.word, "error_description": description, "error_codes": [self.number], "timestamp": now,
            "trace_id": trace, "correlation_id": correlation, "error_uri": format!("https://login.example/error?code={}", self.number),
        })
    }
}

/// Something that looks like a GUID.
pub(super) fn guid() -> String {
    let bits = format!("{:032x}", fastrand::u128(..));
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| bits.get(part).unwrap_or_default());
    parts.join("-")
}
