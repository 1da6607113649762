//! Import sessions and what comes through them (microsoft365.md §5.2). The URL is the only proof: a token beside it is refused.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    answer::{Answer, Problem},
    call::Call,
    exchange, mail,
    server::Inside,
    stream,
};
use crate::clock::{self, Instant};

/// A session.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// The mailbox it was opened for.
    mailbox: String,
    expires: Instant,
}

/// Opens a session for a mailbox; its token.
pub(super) fn open(inside: &mut Inside, mailbox: &str) -> String {
    let token: String = std::iter::repeat_with(fastrand::alphanumeric).take(400).collect();
    let token = format!("eyJ{token}");
    let expires = clock::instant() + inside.settings.session_life;
    inside.sessions.insert(token.clone(), Session { mailbox: mailbox.to_owned(), expires });
    token
}

/// The mailbox that an import's path names.
pub(super) fn mailbox_of(segment: &str) -> Option<&str> {
    segment.strip_prefix("Mailboxes('")?.strip_suffix("')")
}

/// `POST {importUrl}`.
pub(super) fn item(inside: &mut Inside, call: &Call, mailbox: &str) -> Result<Answer, Problem> {
    if call.bearer.is_some() {
        return Err(Problem::new(401, "InvalidAuthenticationToken", "The import URL takes no Authorization header."));
    }
    let session = call.query.get("authtoken").and_then(|token| inside.sessions.get(token));
    let session = session.filter(|session| clock::instant() < session.expires);
    let session = session.ok_or_else(|| Problem::new(401, "Unauthorized", "The import session has expired."))?;
    if session.mailbox != mailbox {
        let words = format!("Invalid import session. The target session is expected in mailbox {}.", session.mailbox);
        return Ok(Answer::with_status(409, json!({ "Message": words })));
    }
    let body = call.json()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    if text("Mode") != Some("create") {
        return Err(Problem::bad_request("Mode must be create."));
    }
    let raw = STANDARD.decode(text("Data").unwrap_or_default()).ok();
    let new = raw.and_then(|raw| stream::to_item(&raw));
    let new = new.ok_or_else(|| Problem::new(400, "ErrorCorruptData", "The item's stream cannot be read."))?;
    let mailbox = exchange::by_id_mut(inside, mailbox)?;
    let folder = mail::folder(mailbox, text("FolderId").unwrap_or_default())?.serial;
    if mailbox.quota.is_some_and(|quota| mailbox.bytes() + new.content.len() > quota) {
        return Err(Problem::new(507, "QuotaExceededException", "Target mailbox quota exceeded."));
    }
    let serial = mailbox.store(folder, new);
    let id = mailbox.ids.immutable(serial);
    Ok(Answer::json(json!({ "itemId": id, "changeKey": "CQAAABYAAAC00000001" })))
}
