//! Folders, changes, metadata and searches of one mailbox (zimbra.md §3 and §4).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    envelope::{Asked, Problem},
    store::{Folder, FolderKind, Item, Mailbox},
};

/// The tree as a user sees it.
pub(super) fn folders(mailbox: &Mailbox) -> Value {
    json!({ "_jsns": "urn:zimbraMail", "folder": [tree(mailbox, 1, &|folder| shown(mailbox, folder))] })
}

fn tree(mailbox: &Mailbox, id: u32, tell: &dyn Fn(&Folder) -> Value) -> Value {
    let Some(folder) = mailbox.folders().find(|folder| folder.id == id) else { return Value::Null };
    let mut told = tell(folder);
    for below in mailbox.folders().filter(|below| below.parent == id && below.id != id) {
        let (name, value) = match &below.kind {
            FolderKind::Own => ("folder", tree(mailbox, below.id, tell)),
            FolderKind::Search => ("search", tell(below)),
            FolderKind::Mounted(_) => ("link", tell(below)),
        };
        match told.get_mut(name).and_then(Value::as_array_mut) {
            Some(all) => all.push(value),
            None => told[name] = json!([value]),
        }
    }
    told
}

fn shown(mailbox: &Mailbox, folder: &Folder) -> Value {
    let items: Vec<&Item> = mailbox.items().filter(|item| item.folder == folder.id).collect();
    let size: u64 = items.iter().map(|item| item.size()).sum();
    let mut told = json!({ "id": folder.id.to_string(), "l": folder.parent.to_string(), "name": folder.name,
        "absFolderPath": format!("/{}", mailbox.path(folder.id)), "rev": folder.changed, "ms": folder.changed,
        "n": items.len(), "s": size, "deletable": folder.id > 255 });
    if let Some(view) = folder.view {
        told["view"] = view.into();
    }
    match &folder.kind {
        FolderKind::Own => told["f"] = "*".into(),
        FolderKind::Search => told["query"] = "is:flagged".into(),
        FolderKind::Mounted(owner) => {
            told["owner"] = owner.as_str().into();
            told["zid"] = "9f3c2b1a-0000-4000-8000-000000000000".into();
            told["rid"] = "12".into();
        }
    }
    told
}

/// Everything, or what changed since a token; at most `most` changes at a time.
pub(super) fn sync(mailbox: &Mailbox, asked: &Asked, most: usize) -> Result<Value, Problem> {
    let Some(token) = asked.text("/token") else { return Ok(everything(mailbox)) };
    let invalid = || Problem::new("service.INVALID_REQUEST", format!("invalid sync token: {token}"));
    let mut parts = token.splitn(2, '-').map(str::parse::<u64>);
    let since = parts.next().and_then(Result::ok).ok_or_else(invalid)?;
    let after = parts.next().transpose().map_err(|_| invalid())?;
    if since < mailbox.cutoff() {
        return Err(Problem::new("mail.MUST_RESYNC", "must resync"));
    }
    if since >= mailbox.change() && after.is_none() {
        return Ok(json!({ "_jsns": "urn:zimbraMail", "md": 1_078_054_265, "token": mailbox.change().to_string() }));
    }
    let most = asked.number("/changeLimit").unwrap_or(most).min(most);
    Ok(changes(mailbox, since, after, most))
}

fn changes(mailbox: &Mailbox, since: u64, after: Option<u64>, most: usize) -> Value {
    let beyond = |item: &&Item| match after {
        // The change was told up to this message.
        Some(after) => item.changed > since || (item.changed == since && u64::from(item.id) > after),
        None => item.changed > since,
    };
    let mut items: Vec<&Item> = mailbox.items().filter(beyond).collect();
    items.sort_by_key(|item| (item.changed, item.id));
    let more = items.len() > most;
    items.truncate(most);
    let token = match items.last().filter(|_| more) {
        Some(last) => format!("{}-{}", last.changed, last.id),
        None => mailbox.change().to_string(),
    };
    let mut told = json!({ "_jsns": "urn:zimbraMail", "md": 1_078_054_265, "token": token, "m": items.iter().map(|item| changed(item, since)).collect::<Vec<_>>() });
    if more {
        told["more"] = true.into();
    }
    let gone: Vec<String> = mailbox.removed_since(since).map(|id| id.to_string()).collect();
    if !gone.is_empty() && after.is_none() {
        let ids = gone.join(",");
        told["deleted"] = json!([{ "ids": ids, "m": [{ "ids": ids }] }]);
    }
    let folders: Vec<Value> =
        mailbox.folders().filter(|folder| folder.changed > since).map(|folder| shown(mailbox, folder)).collect();
    if !folders.is_empty() {
        told["folder"] = folders.into();
    }
    told
}

/// New content comes without flags and tags, anything else with them (§4.3).
fn changed(item: &Item, since: u64) -> Value {
    let mut told = json!({ "id": item.id.to_string(), "l": item.folder.to_string(), "cid": format!("-{}", item.id),
        "d": item.received * 1000, "rev": item.revision, "ms": item.changed, "md": item.received + 60 });
    if item.revision <= since {
        told["f"] = item.flags.iter().collect::<String>().into();
        told["t"] = "".into();
        told["tn"] = tags(item).into();
    }
    told
}

fn everything(mailbox: &Mailbox) -> Value {
    let mut ids: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for item in mailbox.items() {
        ids.entry(item.folder).or_default().push(item.id.to_string());
    }
    // In no order at all.
    ids.values_mut().for_each(|ids| fastrand::shuffle(ids));
    let tell = |folder: &Folder| {
        let mut told = shown(mailbox, folder);
        if let Some(ids) = ids.get(&folder.id) {
            told["m"] = json!([{ "ids": ids.join(",") }]);
        }
        told
    };
    json!({ "_jsns": "urn:zimbraMail", "md": 1_077_924_283, "token": mailbox.change(), "s": 0, "folder": [tree(mailbox, 11, &tell)] })
}

fn tags(item: &Item) -> String {
    let escaped = item.tags.iter().map(|tag| tag.replace('\\', "\\\\").replace(',', "\\,"));
    escaped.collect::<Vec<_>>().join(",")
}

/// What is known of messages; one that is not there fails all (§4.2).
pub(super) fn metadata(mailbox: &Mailbox, asked: &Asked) -> Result<Value, Problem> {
    let mut told = Vec::new();
    for id in asked.text("/m/ids").unwrap_or_default().split(',').filter(|id| !id.is_empty()) {
        let item = id.parse().ok().and_then(|id| mailbox.item(id));
        let item = item.ok_or_else(|| Problem {
            item: Some(id.to_owned()),
            ..Problem::new("mail.NO_SUCH_MSG", format!("no such message: {id}"))
        })?;
        told.push(json!({ "id": id, "s": item.size(), "d": item.received * 1000, "l": item.folder.to_string(),
            "cid": format!("-{id}"), "f": item.flags.iter().collect::<String>(), "t": "", "tn": tags(item), "rev": item.revision,
            "ms": item.changed, "md": item.received + 60 }));
    }
    Ok(json!({ "_jsns": "urn:zimbraMail", "m": told }))
}

/// Messages of a folder, by `inid:2` or `in:inbox`.
pub(super) fn search(mailbox: &Mailbox, asked: &Asked) -> Result<Value, Problem> {
    let query = asked.text("/query").unwrap_or_default();
    let folder = match query.split_once(':') {
        Some(("inid", id)) => id.trim_matches('"').parse().ok(),
        Some(("in", name)) => {
            mailbox.folders().find(|f| mailbox.path(f.id).eq_ignore_ascii_case(name.trim_matches('"'))).map(|f| f.id)
        }
        _ => None,
    };
    let folder: u32 =
        folder.ok_or_else(|| Problem::new("mail.QUERY_PARSE_ERROR", format!("couldn't parse query: {query}")))?;
    let limit = asked.number("/limit").unwrap_or(10).min(1000);
    let offset = asked.number("/offset").unwrap_or(0);
    let found: Vec<&Item> = mailbox.items().filter(|item| item.folder == folder).collect();
    let page: Vec<Value> = found.iter().skip(offset).take(limit).map(|item| {
        json!({ "id": item.id.to_string(), "sf": (item.received * 1000).to_string(), "l": item.folder.to_string(), "s": item.size() })
    }).collect();
    let more = found.len() > offset + page.len();
    Ok(json!({ "_jsns": "urn:zimbraMail", "sortBy": "dateDesc", "offset": offset, "m": page, "more": more }))
}
