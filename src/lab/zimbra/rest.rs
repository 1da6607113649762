//! Messages by REST: archives of a list, and one by one (zimbra.md §5).

use std::{io, io::Write, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, Response, StatusCode, Uri, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures_util::{StreamExt, stream};

use super::{
    archive,
    faults::Fault,
    person::Status,
    server::{Desk, Inside},
    store::{Blob, Item},
};
use crate::clock;

/// The longest header of a request, its line included.
const HEADER: usize = 8192;
/// Pieces in which an archive leaves.
const PIECE: usize = 16 << 10;

/// Answers a GET below `/service/home/`.
pub(super) async fn answer(desk: &Desk, uri: &Uri, headers: &HeaderMap) -> Response<Body> {
    let length: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if length + uri.to_string().len() > HEADER {
        return status(431);
    }
    let token = cookie(headers).or_else(|| query(uri, "zauthtoken"));
    let account = match account(&desk.lock(), token.as_deref(), headers) {
        Ok(account) => account,
        Err(refusal) => return *refusal,
    };
    let Some(slot) = desk.admit(&account).await else { return desk.refusal() };
    let response = match (query(uri, "list"), query(uri, "id").and_then(|id| id.parse().ok())) {
        (Some(list), _) => of_list(desk, uri, &account, &list),
        (None, Some(id)) => of_one(desk, uri, &account, id),
        (None, None) => status(501),
    };
    drop(slot);
    response
}

fn status(code: u16) -> Response<Body> {
    let code = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let page =
        format!("<html><head><title>Error {code}</title></head><body>Problem accessing ZimbraServlet</body></html>");
    Response::builder()
        .status(code)
        .header(header::CONTENT_TYPE, "text/html")
        .body(Body::from(page))
        .unwrap_or_default()
}

pub(super) fn query(uri: &Uri, name: &str) -> Option<String> {
    let query = uri.query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The token in the users' cookie.
pub(super) fn cookie(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .find_map(|one| one.trim().strip_prefix("ZM_AUTH_TOKEN=").map(str::to_owned))
}

/// The account that the request opens; 401 with a challenge only where no cookie came (§5.7).
fn account(inside: &Inside, token: Option<&str>, headers: &HeaderMap) -> Result<String, Box<Response<Body>>> {
    if let Some(token) = token {
        let leave = inside.tokens.leave(token).filter(|leave| !leave.restricted);
        return leave
            .filter(|leave| inside.may(leave))
            .map(|leave| leave.account.clone())
            .ok_or_else(|| Box::new(status(401)));
    }
    let basic = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Basic ").map(str::to_owned));
    let decoded = basic.and_then(|basic| String::from_utf8(STANDARD.decode(basic).ok()?).ok());
    let found = decoded.as_deref().and_then(|pair| pair.split_once(':')).and_then(|(name, password)| {
        let person = inside.person(name)?;
        // With a second factor there is no basic authentication.
        (person.password == password && person.status == Status::Active && !person.two_factors)
            .then(|| person.id.clone())
    });
    found.ok_or_else(|| {
        let mut refusal = status(401);
        if let Ok(challenge) = "BASIC realm=\"Zimbra\"".parse() {
            refusal.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        Box::new(refusal)
    })
}

fn of_list(desk: &Desk, uri: &Uri, account: &str, list: &str) -> Response<Body> {
    let ids: Vec<u32> = list.split(',').filter_map(|id| id.parse().ok()).collect();
    let mut inside = desk.lock();
    inside.archives += 1;
    let fault = inside.faults.next();
    match fault {
        Some(Fault::Refuse(more)) => {
            (1..more).for_each(|_| inside.faults.inject(Fault::Refuse(1)));
            drop(inside);
            return desk.refusal();
        }
        Some(Fault::EndTokens) => {
            inside.tokens.end_users();
            return status(401);
        }
        _ => {}
    }
    let Some(mailbox) = inside.mailboxes.get_mut(account) else { return status(404) };
    match fault {
        Some(Fault::Vanish) => {
            if let Some(id) = fastrand::choice(&ids) {
                mailbox.delete(*id);
            }
        }
        Some(Fault::Rewrite) => {
            let draft = ids.iter().copied().find(|id| mailbox.item(*id).is_some_and(|item| item.flags.contains(&'d')));
            if let Some((id, item)) = draft.and_then(|id| Some((id, mailbox.item(id)?.clone()))) {
                mailbox.rewrite(id, [&item.content[..], b"Saved once more.\r\n"].concat().into());
            }
        }
        _ => {}
    }
    let is_empty = ids.first().is_none_or(|id| mailbox.item(*id).is_none());
    if is_empty && query(uri, "emptyname").is_none() {
        return Response::builder().status(StatusCode::NO_CONTENT).body(Body::empty()).unwrap_or_default();
    }
    let tar = archive::of_list(mailbox, &ids);
    drop(inside);
    match query(uri, "fmt").as_deref() {
        Some("tar") => streamed("application/x-tar", tar.into(), fault),
        Some("tgz") => streamed("application/x-compressed-tar", packed(&tar).into(), fault),
        _ => status(501),
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Into memory nothing fails.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// In pieces, without a length, as the fault will have it.
fn streamed(kind: &'static str, bytes: Bytes, fault: Option<Fault>) -> Response<Body> {
    let (kept, stall) = match fault {
        Some(Fault::Cut(share)) => (bytes.len() * usize::from(share) / 100, None),
        Some(Fault::Stall(length)) => (bytes.len() / 2, Some(length)),
        _ => (bytes.len(), None),
    };
    let broken = kept < bytes.len();
    let kept = bytes.slice(..kept);
    let starts: Vec<usize> = (0..kept.len()).step_by(PIECE).collect();
    let pieces = stream::iter(starts).map(move |at| Ok::<_, io::Error>(kept.slice(at..kept.len().min(at + PIECE))));
    let end = stream::once(async move {
        clock::sleep(stall.unwrap_or(Duration::ZERO)).await;
        Err(io::Error::other("cut"))
    });
    let body = if broken { Body::from_stream(pieces.chain(end)) } else { Body::from_stream(pieces) };
    Response::builder().header(header::CONTENT_TYPE, kind).body(body).unwrap_or_default()
}

fn of_one(desk: &Desk, uri: &Uri, account: &str, id: u32) -> Response<Body> {
    let mut inside = desk.lock();
    inside.singles += 1;
    let Some(item) = inside.mailboxes.get(account).and_then(|mailbox| mailbox.item(id)) else { return status(404) };
    if item.blob == Blob::Missing {
        return status(500);
    }
    let told = headers(item);
    let mut response = Response::builder().header(header::CONTENT_TYPE, "text/plain");
    let sync = query(uri, "fmt").as_deref() == Some("sync");
    let mut content = item.content.to_vec();
    for (name, value) in told.iter().filter(|_| sync) {
        response = response.header(*name, value);
    }
    if sync && query(uri, "nohdr").is_none() {
        let lines: String = told.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        content.splice(0..0, lines.into_bytes());
    }
    response.body(Body::from(content)).unwrap_or_default()
}

fn headers(item: &Item) -> Vec<(&'static str, String)> {
    vec![
        ("X-Zimbra-ItemId", item.id.to_string()),
        ("X-Zimbra-FolderId", item.folder.to_string()),
        ("X-Zimbra-Flags", item.flags.iter().collect()),
        ("X-Zimbra-Received", (item.received * 1000).to_string()),
        ("X-Zimbra-Change", item.changed.to_string()),
        ("X-Zimbra-Revision", item.revision.to_string()),
    ]
}
