//! One request, before it is sent.

use bytes::Bytes;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use reqwest::Method;
use url::Url;

use super::upload::Upload;
use crate::error::Scope;

/// What happens if it is sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing: it reads, or sets what is set already.
    Repeatable,
    /// There are two of what it creates: a lost answer leaves it in doubt.
    Once,
}

/// What goes with it.
#[derive(Clone, Debug)]
pub(super) enum Payload {
    Nothing,
    Json(Bytes),
    Upload(Upload),
}

impl Payload {
    pub(super) fn len(&self) -> u64 {
        match self {
            Payload::Nothing => 0,
            Payload::Json(bytes) => bytes.len() as u64,
            Payload::Upload(upload) => upload.len(),
        }
    }
}

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) payload: Payload,
    pub(super) effect: Effect,
    /// What it is about, in words, for errors.
    pub(super) what: &'static str,
    /// How much must stop if it fails.
    pub(super) scope: Scope,
    /// Items of one page that are asked for.
    pub(super) page: Option<usize>,
    /// Requests that the service counts for it.
    pub(super) counted: u32,
    /// Whether the token goes along; an import URL has its own and refuses another.
    pub(super) bearer: bool,
}

impl Request {
    /// A reading request about `what`.
    pub(super) fn get(url: Url, what: &'static str) -> Self {
        Request {
            method: Method::GET,
            url,
            payload: Payload::Nothing,
            effect: Effect::Repeatable,
            what,
            scope: Scope::Mailbox,
            page: None,
            counted: 1,
            bearer: true,
        }
    }

    /// A request that creates something.
    pub(super) fn post(url: Url, payload: Payload, what: &'static str) -> Self {
        Request { method: Method::POST, payload, effect: Effect::Once, ..Request::get(url, what) }
    }

    /// A request that sets what is given.
    pub(super) fn patch(url: Url, json: Bytes, what: &'static str) -> Self {
        Request { method: Method::PATCH, payload: Payload::Json(json), ..Request::get(url, what) }
    }

    /// A request that removes what may be gone already.
    pub(super) fn delete(url: Url, what: &'static str) -> Self {
        Request { method: Method::DELETE, ..Request::get(url, what) }
    }

    /// The same, which may be repeated.
    pub(super) fn repeatable(self) -> Self {
        Request { effect: Effect::Repeatable, ..self }
    }

    /// The same with a reach.
    pub(super) fn reaching(self, scope: Scope) -> Self {
        Request { scope, ..self }
    }

    /// The same in pages of this many items.
    pub(super) fn paged(self, items: usize) -> Self {
        Request { page: Some(items), ..self }
    }

    /// The same as `requests` of the service's counting.
    pub(super) fn counted_as(self, requests: u32) -> Self {
        Request { counted: requests, ..self }
    }

    /// The same without our token.
    pub(super) fn without_bearer(self) -> Self {
        Request { bearer: false, ..self }
    }
}

/// `root` with these segments after its path, and these options as its query.
pub(super) fn address(root: &Url, segments: &[&str], query: &[(&str, &str)]) -> Url {
    let mut url = root.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    let pairs: Vec<String> =
        query.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, VALUE))).collect();
    if !pairs.is_empty() {
        url.set_query(Some(&pairs.join("&")));
    }
    url
}

/// A blank is `%20`, not `+`: OData takes a plus for one.
const VALUE: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'&').add(b'+').add(b'<').add(b'>').add(b'?');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_options_are_escaped() {
        let root = Url::parse("https://graph.example/v1.0").unwrap();
        let url = address(&root, &["users", "a/b#c@d", "mailFolders"], &[("$top", "5"), ("$filter", "x eq 'a&b + c'")]);
        assert_eq!(
            url.as_str(),
            "https://graph.example/v1.0/users/a%2Fb%23c@d/mailFolders?$top=5&$filter=x%20eq%20%27a%26b%20%2B%20c%27"
        );
        let slash = Url::parse("https://graph.example/v1.0/").unwrap();
        assert_eq!(address(&slash, &["$batch"], &[]).as_str(), "https://graph.example/v1.0/$batch");
    }
}
