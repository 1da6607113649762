//! Several requests in one (`$batch`, microsoft365.md §4.7): each has its own answer, in any order.
//!
//! Only for what may be repeated: a batch whose answer is lost tells nothing about its parts.

use std::{collections::HashMap, time::Duration};

use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{
    mailbox::json,
    page::Caller,
    refusal::{Failure, Refusal, Told},
    request::{Effect, Payload, Request, address},
};
use crate::{
    error::{Code, Disposition, Error, Result, Scope},
    limits,
};

/// One request within a batch.
#[derive(Debug)]
pub(super) struct Part {
    method: Method,
    url: Url,
    body: Option<Value>,
}

impl Part {
    /// One that sets what is given.
    pub(super) fn patch(url: &Url, body: Value) -> Self {
        Part { method: Method::PATCH, url: url.clone(), body: Some(body) }
    }
}

#[derive(Serialize)]
struct Batch {
    requests: Vec<Sent>,
}

#[derive(Serialize)]
struct Sent {
    id: String,
    method: String,
    url: String,
    headers: HashMap<&'static str, &'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Value>,
}

#[derive(Deserialize)]
struct Replies {
    responses: Vec<Reply>,
}

#[derive(Deserialize)]
struct Reply {
    id: String,
    status: u16,
    #[serde(default)]
    headers: HashMap<String, String>,
    #[serde(default)]
    body: Value,
}

/// Sends `parts` and returns their answers in their order; a part without an answer is tried again later.
///
/// # Errors
/// The batch as a whole failed.
pub(super) async fn send(caller: &Caller, parts: Vec<Part>) -> Result<Vec<Result<Value, Failure>>> {
    let root = caller.service.root();
    let count = parts.len();
    let requests = parts.into_iter().enumerate().map(|(id, part)| sent(id, part, root)).collect();
    let payload = Payload::Json(json(&Batch { requests })?);
    let counted = u32::try_from(count).unwrap_or(u32::MAX).max(1);
    let request = Request::post(address(root, &["$batch"], &[]), payload, "a batch").repeatable().counted_as(counted);
    let replies: Replies = caller.json(&request).await?;
    let mut by_id: HashMap<String, Reply> =
        replies.responses.into_iter().map(|reply| (reply.id.clone(), reply)).collect();
    Ok((0..count).map(|id| outcome(caller, by_id.remove(&id.to_string()))).collect())
}

fn sent(id: usize, part: Part, root: &Url) -> Sent {
    let whole = part.url.as_str();
    let url = whole.strip_prefix(root.as_str().trim_end_matches('/')).unwrap_or(whole).to_owned();
    let mut headers = HashMap::from([("Prefer", "IdType=\"ImmutableId\"")]);
    if part.body.is_some() {
        headers.insert("Content-Type", "application/json");
    }
    Sent { id: id.to_string(), method: part.method.to_string(), url, headers, body: part.body }
}

fn outcome(caller: &Caller, reply: Option<Reply>) -> Result<Value, Failure> {
    let side = caller.service.side();
    let subject = "a part of a batch";
    let Some(Reply { status, headers, body, .. }) = reply else {
        let again = Disposition::RetryAfter(None);
        return Err(Failure::unanswered(Error::new(
            Code::Protocol,
            side,
            Scope::Message,
            again,
            format!("{subject}: no answer"),
        )));
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status.is_success() {
        return Ok(body);
    }
    let seconds = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Retry-After"));
    let retry_after = seconds.and_then(|(_, seconds)| seconds.trim().parse().ok()).map(Duration::from_secs);
    let refusal = Refusal { status, retry_after, told: Told::read(body.to_string().as_bytes(), None) };
    if let (Some(throttle), Some(allowance)) = (refusal.throttle(), &caller.allowance) {
        allowance.obey(throttle, &refusal.told.words());
    }
    Err(refusal.failure(side, Scope::Message, Effect::Repeatable, subject.to_owned()))
}

const _: () = assert!(limits::GRAPH_BATCH <= 20, "the service takes no more");
