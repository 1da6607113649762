//! Which request is answered by what.

use super::{
    answer::{Answer, Problem},
    call::Call,
    exchange, import, mail, people,
    server::Inside,
};

/// Answers one request.
pub(super) fn answer(inside: &mut Inside, call: &Call) -> Result<Answer, Problem> {
    let segments = call.segments();
    match call.method.as_str() {
        "GET" => get(inside, call, &segments),
        "POST" => post(inside, call, &segments),
        "PATCH" => match segments[..] {
            ["users", user, "messages", id] | ["users", user, "mailFolders", _, "messages", id] => {
                mail::update(inside, call, user, id)
            }
            ["admin", "exchange", "mailboxes", id, "folders", key] => exchange::rename(inside, call, id, key),
            _ => Err(unknown(&segments)),
        },
        "DELETE" => match segments[..] {
            ["users", user, "messages", id] => mail::remove(inside, user, id),
            _ => Err(unknown(&segments)),
        },
        _ => Err(Problem::new(405, "Request_BadRequest", "Specified HTTP method is not allowed.")),
    }
}

fn get(inside: &Inside, call: &Call, segments: &[&str]) -> Result<Answer, Problem> {
    match *segments {
        ["users"] => people::list(inside, call),
        ["users", user] => people::one(inside, call, user),
        ["users", user, "mailboxSettings"] => people::settings(inside, call, user),
        ["users", user, "licenseDetails"] => people::licences(inside, call, user),
        ["users", user, "settings", "exchange"] => exchange::settings(inside, call, user),
        ["users", user, ref mailbox @ ..] => get_mail(inside, call, user, mailbox),
        ["admin", "exchange", "mailboxes", id, ref rest @ ..] => get_items(inside, call, id, rest),
        _ => Err(unknown(segments)),
    }
}

fn get_mail(inside: &Inside, call: &Call, user: &str, segments: &[&str]) -> Result<Answer, Problem> {
    match *segments {
        ["mailFolders"] => mail::folders(inside, call, user, None),
        ["mailFolders", key] => mail::one_folder(inside, call, user, key),
        ["mailFolders", key, "childFolders"] => mail::folders(inside, call, user, Some(key)),
        ["mailFolders", key, "messages"] => mail::messages(inside, call, user, Some(key)),
        ["mailFolders", key, "messages", "delta" | "delta()"] => mail::changes(inside, call, user, key),
        ["messages"] => mail::messages(inside, call, user, None),
        ["messages", id] | ["mailFolders", _, "messages", id] => mail::message(inside, call, user, id, false),
        ["messages", id, "$value"] | ["mailFolders", _, "messages", id, "$value"] => {
            mail::message(inside, call, user, id, true)
        }
        _ => Err(unknown(segments)),
    }
}

fn get_items(inside: &Inside, call: &Call, id: &str, segments: &[&str]) -> Result<Answer, Problem> {
    match *segments {
        ["folders"] => exchange::folders(inside, call, id, None),
        ["folders", key] => exchange::one_folder(inside, call, id, key),
        ["folders", key, "childFolders"] => exchange::folders(inside, call, id, Some(key)),
        ["folders", key, "items"] => exchange::items(inside, call, id, key),
        ["folders", key, "items", "delta" | "delta()"] => exchange::changes(inside, call, id, key),
        ["folders", key, "items", item] => exchange::one_item(inside, call, id, key, item),
        _ => Err(unknown(segments)),
    }
}

fn post(inside: &mut Inside, call: &Call, segments: &[&str]) -> Result<Answer, Problem> {
    match *segments {
        ["users", user, "mailFolders"] => mail::create(inside, call, user, None),
        ["users", user, "mailFolders", key, "childFolders"] => mail::create(inside, call, user, Some(key)),
        ["users", user, "messages", id, "move"] => mail::move_to(inside, call, user, id),
        ["admin", "exchange", "mailboxes", id, "folders"] => exchange::create(inside, call, id, None),
        ["admin", "exchange", "mailboxes", id, "folders", key, "childFolders"] => {
            exchange::create(inside, call, id, Some(key))
        }
        ["admin", "exchange", "mailboxes", id, "exportItems"] => exchange::export(inside, call, id),
        ["admin", "exchange", "mailboxes", id, "createImportSession"] => exchange::session(inside, call, id),
        ["api", "gv1.0", mailbox, "importItem"] => match import::mailbox_of(mailbox) {
            Some(mailbox) => import::item(inside, call, mailbox),
            None => Err(unknown(segments)),
        },
        _ => Err(unknown(segments)),
    }
}

fn unknown(segments: &[&str]) -> Problem {
    Problem::no_such_path(segments.last().copied().unwrap_or_default())
}

/// Whose mailbox a request is for: the key of its limits. `None`: the directory's.
pub(super) fn mailbox(inside: &Inside, call: &Call) -> Option<String> {
    let owner_of = |id: &str| {
        inside.mailboxes.iter().find(|(_, mailbox)| mailbox.ids.mailbox() == id).map(|(owner, _)| owner.clone())
    };
    match call.segments()[..] {
        ["users", _] | ["users", _, "licenseDetails"] => None,
        ["users", user, ..] => people::find_mailbox(inside, user).ok().map(|person| person.id.clone()),
        ["admin", "exchange", "mailboxes", id, ..] => owner_of(id),
        ["api", "gv1.0", mailbox, ..] => owner_of(import::mailbox_of(mailbox)?),
        _ => None,
    }
}
