//! A request as it came.

use std::collections::HashMap;

use axum::http::{HeaderMap, Method, Uri};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::answer::Problem;

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// The path behind `/v1.0`, decoded.
    pub(super) path: Vec<String>,
    pub(super) query: HashMap<String, String>,
    pub(super) bearer: Option<String>,
    /// Whether ids are asked for that survive a move.
    pub(super) immutable: bool,
    /// `odata.maxpagesize`.
    page_wish: Option<usize>,
    pub(super) gzip: bool,
    pub(super) body: Bytes,
    /// `https://localhost:PORT`, for links.
    pub(super) origin: String,
}

/// Where Graph's paths begin.
pub(super) const ROOT: &str = "/v1.0";

impl Call {
    pub(super) fn new(method: Method, uri: &Uri, headers: &HeaderMap, body: Bytes) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let host = text("host");
        let (path, query) = parts(uri.path(), uri.query().unwrap_or_default());
        // HTTP allows a header to come in several lines.
        let prefer: Vec<&str> = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok()).collect();
        let mut call = Call {
            method,
            path,
            query,
            bearer: text("authorization").strip_prefix("Bearer ").map(str::to_owned),
            immutable: false,
            page_wish: None,
            gzip: text("accept-encoding").contains("gzip"),
            body,
            origin: format!("https://{host}"),
        };
        call.prefer(&prefer.join(","));
        call
    }

    /// A request within a batch.
    pub(super) fn part(&self, method: &str, url: &str, prefer: &str, body: &Value) -> Option<Self> {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let (path, query) = parts(&format!("{ROOT}{path}"), query);
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let method = Method::from_bytes(method.as_bytes()).ok()?;
        let mut call = Call { method, path, query, body, immutable: false, page_wish: None, ..self.clone() };
        call.prefer(prefer);
        Some(call)
    }

    fn prefer(&mut self, prefer: &str) {
        for wish in prefer.split(',').map(str::trim) {
            match wish.split_once('=') {
                Some(("IdType", value)) => self.immutable = value.trim_matches('"') == "ImmutableId",
                Some(("odata.maxpagesize", value)) => self.page_wish = value.parse().ok(),
                _ => {}
            }
        }
    }

    /// The path's segments.
    pub(super) fn segments(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    /// How many items a page may have, `usual` if nothing is wished (§4.1: 10), never more than 1,000.
    pub(super) fn page_size(&self, usual: usize) -> usize {
        let top = self.query.get("$top").and_then(|top| top.parse().ok());
        let wishes = [top, self.page_wish].into_iter().flatten();
        wishes.min().unwrap_or(usual).clamp(1, 1000)
    }

    /// This request's address with other options.
    pub(super) fn link(&self, changes: &[(&str, &str)]) -> String {
        let escape =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let path: Vec<String> = self.path.iter().map(|segment| escape(segment)).collect();
        let is_other = |name: &str| changes.iter().all(|(changed, _)| *changed != name) && !TOKENS.contains(&name);
        let mut kept: Vec<_> = self.query.iter().filter(|(name, _)| is_other(name)).collect();
        kept.sort();
        let kept = kept.into_iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let query: Vec<String> =
            kept.chain(changes.iter().copied()).map(|(name, value)| format!("{name}={}", escape(value))).collect();
        format!("{}{ROOT}/{}?{}", self.origin, path.join("/"), query.join("&"))
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> Result<Value, Problem> {
        serde_json::from_slice(&self.body).map_err(|_| Problem::bad_request("Unable to read JSON request payload."))
    }
}

/// What a link adds anew each time.
const TOKENS: [&str; 3] = ["$skiptoken", "$deltatoken", "$skip"];

/// The decoded segments of a path behind [`ROOT`] (or of any other path), and the options of a query.
fn parts(path: &str, query: &str) -> (Vec<String>, HashMap<String, String>) {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let path = path.strip_prefix(ROOT).unwrap_or(path);
    let path = path.split('/').filter(|segment| !segment.is_empty()).map(decode).collect();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let query = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(&value.replace('+', " "))))
        .collect();
    (path, query)
}
