//! What changed since a token (microsoft365.md §4.2). Tokens carry their state; all of them can be lost at once.

use serde_json::{Value, json};

use super::{
    answer::{Answer, Problem},
    call::Call,
    select::{self, Type},
    server::Inside,
    store::{Item, Mailbox},
};

/// Where a round of changes is: it tells those above `after` up to `until`.
#[derive(Clone, Copy, Debug)]
struct Position {
    /// Tokens of an earlier epoch are lost.
    epoch: u64,
    folder: u64,
    /// Where the round before it ended.
    since: u64,
    after: u64,
    until: u64,
}

impl Position {
    fn write(self) -> String {
        format!("{:x}-{:x}-{:x}-{:x}-{:x}", self.epoch, self.folder, self.since, self.after, self.until)
    }

    fn read(token: &str) -> Option<Self> {
        let numbers = token.split('-').map(|n| u64::from_str_radix(n, 16).ok()).collect::<Option<Vec<_>>>()?;
        let [epoch, folder, since, after, until] = numbers.try_into().ok()?;
        Some(Position { epoch, folder, since, after, until })
    }
}

/// One page of the changes of `folder`: items that `shown` lets through, and ids of what left.
pub(super) fn page(
    inside: &Inside,
    call: &Call,
    mailbox: &Mailbox,
    folder: u64,
    of: Type,
    shown: impl Fn(&Item) -> bool,
    json: impl Fn(&Item) -> Value,
) -> Result<Answer, Problem> {
    let position = begin(inside, call, mailbox, folder)?;
    let is_within = |changed: u64| changed > position.after && changed <= position.until;
    let items = mailbox.items.values().filter(|i| i.folder == folder && is_within(i.changed) && shown(i));
    let here = items.map(|item| (item.changed, Entry::Here(item)));
    let gone = mailbox.gone.iter().filter(|(at, from, _)| *from == folder && is_within(*at) && position.since > 0);
    let mut all: Vec<(u64, Entry<'_>)> = here.chain(gone.map(|&(at, _, item)| (at, Entry::Gone(item)))).collect();
    all.sort_by_key(|(changed, _)| *changed);
    let size = call.page_size(inside.settings.page);
    let more = all.len() > size;
    all.truncate(size);
    let last = all.last().map_or(position.after, |(changed, _)| *changed);
    let id = |serial| if call.immutable { mailbox.ids.immutable(serial) } else { mailbox.ids.classic(folder, serial) };
    let value = all.into_iter().map(|(_, entry)| match entry {
        Entry::Here(item) if of == Type::Message && position.since >= item.whole => Ok(read_alone(&json(item))),
        Entry::Here(item) => select::one(call, of, json(item)),
        Entry::Gone(serial) => Ok(json!({ "id": id(serial), "@removed": { "reason": "deleted" } })),
    });
    let mut body = json!({ "@odata.context": format!("{}/v1.0/$metadata", call.origin),
        "value": value.collect::<Result<Vec<_>, _>>()? });
    match more {
        true => {
            let token = Position { after: last, ..position }.write();
            body["@odata.nextLink"] = call.link(&[("$skiptoken", &token)]).into();
        }
        false => {
            let end = position.until;
            let token = Position { since: end.max(1), after: end, until: end, ..position }.write();
            body["@odata.deltaLink"] = call.link(&[("$deltatoken", &token)]).into();
        }
    }
    Ok(Answer::json(body))
}

/// What the service tells of a message that was only read since the last round, whatever was asked for.
fn read_alone(message: &Value) -> Value {
    let told = ["@odata.etag", "id", "parentFolderId", "isRead"];
    told.into_iter().map(|name| (name.to_owned(), message[name].clone())).collect()
}

enum Entry<'a> {
    Here(&'a Item),
    Gone(u64),
}

fn begin(inside: &Inside, call: &Call, mailbox: &Mailbox, folder: u64) -> Result<Position, Problem> {
    let now = mailbox.changes;
    let fresh = Position { epoch: inside.epoch, folder, since: 0, after: 0, until: now };
    let (token, is_new_round) = match (call.query.get("$skiptoken"), call.query.get("$deltatoken")) {
        (None, None) => return Ok(fresh),
        (Some(token), _) => (token, false),
        (None, Some(token)) => (token, true),
    };
    let known = Position::read(token).filter(|position| position.epoch == inside.epoch && position.folder == folder);
    let position = known.ok_or_else(|| {
        let words = "The sync state generation is not found; a full synchronization is required.";
        Problem::new(410, inside.settings.resync_word, words)
    })?;
    Ok(if is_new_round { Position { until: now, ..position } } else { position })
}
