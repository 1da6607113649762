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
    let known = match text("Mode") {
        Some("create") => None,
        Some("update") => Some((text("ItemId").unwrap_or_default(), text("ChangeKey").unwrap_or_default())),
        _ => return Err(Problem::bad_request("Mode must be create or update.")),
    };
    let raw = STANDARD.decode(text("Data").unwrap_or_default()).ok();
    let new = raw.and_then(|raw| stream::to_item(&raw));
    let new = new.ok_or_else(|| Problem::new(400, "ErrorCorruptData", "The item's stream cannot be read."))?;
    if inside.settings.unwelcome.contains(&new.search_key) {
        return Err(Problem::new(400, "ErrorCorruptData", "The item's stream cannot be saved."));
    }
    let (status, word) = inside.settings.full;
    let mailbox = exchange::by_id_mut(inside, mailbox)?;
    let folder = mail::folder(mailbox, text("FolderId").unwrap_or_default())?.serial;
    if mailbox.quota.is_some_and(|quota| mailbox.bytes() + new.content.len() > quota) {
        return Err(Problem::new(status, word, "Target mailbox quota exceeded."));
    }
    let serial = match known {
        None => mailbox.store(folder, new),
        Some((id, key)) => {
            let item = mailbox.item(id).filter(|item| item.folder == folder).ok_or_else(Problem::no_such_item)?;
            let serial = item.serial;
            if exchange::change_key(item) != key {
                let words = "The send or update operation could not be performed because the change key is stale.";
                return Err(Problem::new(409, "ErrorIrresolvableConflict", words));
            }
            mailbox.update(&mailbox.ids.immutable(serial), |data| *data = new);
            serial
        }
    };
    let id = mailbox.ids.immutable(serial);
    let item = mailbox.item(&id).ok_or_else(Problem::no_such_item)?;
    Ok(Answer::json(json!({ "itemId": id, "changeKey": exchange::change_key(item) })))
}
