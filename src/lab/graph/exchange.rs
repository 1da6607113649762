//! Items of every class: folders, lists, exports and sessions (microsoft365.md §5).

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    answer::{Answer, Problem},
    call::Call,
    delta, import,
    mail::{self, moment, name_taken},
    paging,
    select::{self, EXPANDED, Type},
    server::Inside,
    store::{Folder, Item, Mailbox},
    stream,
};
use crate::clock;

/// `GET /users/{user}/settings/exchange`.
pub(super) fn settings(inside: &Inside, call: &Call, user: &str) -> Result<Answer, Problem> {
    let id = mail::mailbox(inside, user)?.ids.mailbox();
    let settings = json!({ "id": "exchange", "primaryMailboxId": id });
    Ok(Answer::json(select::one(call, Type::ExchangeSettings, settings)?))
}

/// The mailbox of an id of the import and export interface.
pub(super) fn by_id<'a>(inside: &'a Inside, id: &str) -> Result<&'a Mailbox, Problem> {
    let (owner, mailbox) =
        inside.mailboxes.iter().find(|(_, mailbox)| mailbox.ids.mailbox() == id).ok_or_else(Problem::no_such_item)?;
    // Whatever stands against the user's mailbox stands against this one.
    super::people::find_mailbox(inside, owner)?;
    Ok(mailbox)
}

pub(super) fn by_id_mut<'a>(inside: &'a mut Inside, id: &str) -> Result<&'a mut Mailbox, Problem> {
    by_id(inside, id)?;
    inside.mailboxes.values_mut().find(|mailbox| mailbox.ids.mailbox() == id).ok_or_else(Problem::no_such_item)
}

/// `GET …/folders` and `…/childFolders`: of every class, hidden and search folders included.
pub(super) fn folders(inside: &Inside, call: &Call, id: &str, parent: Option<&str>) -> Result<Answer, Problem> {
    let mailbox = by_id(inside, id)?;
    let parent = parent.map(|key| mail::folder(mailbox, key).map(|folder| folder.serial)).transpose()?;
    let wanted = call.query.get("$filter").map(|filter| {
        let class = filter.strip_prefix("type eq '").and_then(|rest| rest.strip_suffix('\''));
        class.map(str::to_owned).ok_or_else(|| Problem::bad_request("Unsupported $filter."))
    });
    let wanted = wanted.transpose()?;
    let shown = mailbox
        .folders
        .values()
        .filter(|folder| folder.parent == parent && wanted.as_ref().is_none_or(|class| folder.class == *class));
    paging::page_of(inside, call, Type::MailboxFolder, shown, |folder| folder_json(mailbox, folder))
}

/// `GET …/folders/{key}`.
pub(super) fn one_folder(inside: &Inside, call: &Call, id: &str, key: &str) -> Result<Answer, Problem> {
    let mailbox = by_id(inside, id)?;
    let json = folder_json(mailbox, mail::folder(mailbox, key)?);
    Ok(Answer::json(select::one(call, Type::MailboxFolder, json)?))
}

/// `POST …/folders` and `…/childFolders`.
pub(super) fn create(inside: &mut Inside, call: &Call, id: &str, parent: Option<&str>) -> Result<Answer, Problem> {
    let body = call.json()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let name = text("displayName").ok_or_else(|| Problem::bad_request("displayName"))?;
    let class = text("type").unwrap_or("IPF.Note");
    let mailbox = by_id_mut(inside, id)?;
    let parent = parent.map(|key| mail::folder(mailbox, key).map(|folder| folder.serial)).transpose()?;
    let serial = mailbox.create(parent, name, class).map_err(name_taken)?;
    let folder = mailbox.folders.get(&serial).ok_or_else(Problem::no_such_item)?;
    Ok(Answer::with_status(201, folder_json(mailbox, folder)))
}

/// `PATCH …/folders/{key}`: its name.
pub(super) fn rename(inside: &mut Inside, call: &Call, id: &str, key: &str) -> Result<Answer, Problem> {
    let body = call.json()?;
    let name = body.get("displayName").and_then(Value::as_str).ok_or_else(|| Problem::bad_request("displayName"))?;
    let mailbox = by_id_mut(inside, id)?;
    let serial = mail::folder(mailbox, key)?.serial;
    mailbox.give_name(serial, name).map_err(name_taken)?;
    let folder = mailbox.folders.get(&serial).ok_or_else(Problem::no_such_item)?;
    Ok(Answer::json(folder_json(mailbox, folder)))
}

fn folder_json(mailbox: &Mailbox, folder: &Folder) -> Value {
    let items = mailbox.shown_in(folder).count();
    let children = mailbox.folders.values().filter(|f| f.parent == Some(folder.serial)).count();
    json!({
        "id": mailbox.ids.folder(folder.serial), "displayName": folder.name,
        "parentFolderId": mailbox.ids.folder(folder.parent.unwrap_or_default()), "childFolderCount": children,
        "totalItemCount": items, "type": folder.class,
    })
}

/// `GET …/folders/{key}/items`.
pub(super) fn items(inside: &Inside, call: &Call, id: &str, key: &str) -> Result<Answer, Problem> {
    let mailbox = by_id(inside, id)?;
    let expanded = select::expanded(call)?;
    let found = mailbox.shown_in(mail::folder(mailbox, key)?);
    paging::page_of(inside, call, Type::MailboxItem, found, |item| item_json(call, mailbox, item, &expanded))
}

/// `GET …/folders/{key}/items/{item}`.
pub(super) fn one_item(inside: &Inside, call: &Call, id: &str, key: &str, item: &str) -> Result<Answer, Problem> {
    let mailbox = by_id(inside, id)?;
    let folder = mail::folder(mailbox, key)?.serial;
    let expanded = select::expanded(call)?;
    let item = mailbox.item(item).filter(|item| item.folder == folder).ok_or_else(Problem::no_such_item)?;
    Ok(Answer::json(select::one(call, Type::MailboxItem, item_json(call, mailbox, item, &expanded))?))
}

/// `GET …/folders/{key}/items/delta`; it expands nothing.
pub(super) fn changes(inside: &Inside, call: &Call, id: &str, key: &str) -> Result<Answer, Problem> {
    let mailbox = by_id(inside, id)?;
    let folder = mail::folder(mailbox, key)?.serial;
    if call.query.contains_key("$expand") {
        return Err(Problem::bad_request("Unsupported $expand."));
    }
    let json = |item: &Item| item_json(call, mailbox, item, &[]);
    delta::page(inside, call, mailbox, folder, Type::MailboxItem, |_| true, json)
}

/// An item's version.
pub(super) fn change_key(item: &Item) -> String {
    format!("CQAAABYAAAC{:08x}", item.version)
}

fn item_json(call: &Call, mailbox: &Mailbox, item: &Item, expanded: &[String]) -> Value {
    let data = &item.data;
    let id = match call.immutable {
        true => mailbox.ids.immutable(item.serial),
        false => mailbox.ids.classic(item.folder, item.serial),
    };
    let mut json = json!({
        "id": id, "changeKey": change_key(item), "type": data.class,
        "size": data.content.len(), "categories": data.categories, "createdDateTime": moment(item.created),
        "lastModifiedDateTime": moment(item.modified),
    });
    let properties: Vec<Value> = expanded.iter().filter_map(|wanted| property(item, wanted)).collect();
    if !properties.is_empty() {
        json[EXPANDED] = properties.into();
    }
    json
}

/// Ids come back in lower case and without leading zeros (microsoft365.md part III 2).
fn property(item: &Item, wanted: &str) -> Option<Value> {
    match wanted.to_ascii_lowercase().as_str() {
        "binary 0x300b" => Some(json!({ "id": "Binary 0x300b", "value": STANDARD.encode(item.data.search_key) })),
        "systemtime 0x0e06" => Some(json!({ "id": "SystemTime 0xe06", "value": moment(item.data.received) })),
        "string 0x1035" => Some(json!({ "id": "String 0x1035", "value": item.data.message_id.as_ref()? })),
        _ => None,
    }
}

/// `POST …/exportItems`: at most 20 at once; of several, some may be left out without a word (§5.4).
pub(super) fn export(inside: &mut Inside, call: &Call, id: &str) -> Result<Answer, Problem> {
    let body = call.json()?;
    // The metadata's name, and the one of the documentation's example (part III 3).
    let ids = body.get("ItemIds").or_else(|| body.get("itemIds")).and_then(Value::as_array);
    let ids: Vec<String> = ids.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    if ids.is_empty() || ids.len() > 20 {
        return Err(Problem::bad_request("The number of item ids must be between 1 and 20."));
    }
    if ids.iter().any(|id| inside.settings.fatal.contains(id)) {
        return Err(Problem::new(503, "serviceNotAvailable", "The service is unavailable."));
    }
    let mut exported = Vec::with_capacity(ids.len());
    for item in &ids {
        inside.exported += 1;
        let busy = inside.settings.busy.iter_mut().find(|(id, left)| id == item && *left > 0);
        if let Some((_, left)) = busy {
            *left -= 1;
            let error = json!({ "code": "ErrorServerBusy", "message": "The server is too busy." });
            exported.push(json!({ "itemId": item, "error": error }));
            continue;
        }
        let every = inside.settings.omit_every;
        if ids.len() == 1 || every == 0 || !inside.exported.is_multiple_of(every) {
            exported.push(export_one(inside, by_id(inside, id)?, item));
        }
    }
    Ok(Answer::json(json!({ "value": exported })))
}

fn export_one(inside: &Inside, mailbox: &Mailbox, id: &str) -> Value {
    let Some(item) = mailbox.item(id) else {
        let error = Problem::no_such_item().error();
        return json!({ "itemId": id, "error": { "code": error["code"], "message": error["message"] } });
    };
    let refused = inside.settings.corrupt.iter().chain(&inside.settings.unexportable);
    if refused.into_iter().any(|refused| *refused == mailbox.ids.immutable(item.serial)) {
        return json!({ "itemId": id, "error": { "code": "ErrorCorruptData", "message": "Data is corrupt." } });
    }
    let data = STANDARD.encode(stream::of_item(&item.data, inside.settings.padding));
    json!({ "itemId": id, "changeKey": change_key(item), "data": data })
}

/// `POST …/createImportSession`.
pub(super) fn session(inside: &mut Inside, call: &Call, id: &str) -> Result<Answer, Problem> {
    by_id(inside, id)?;
    let life = TimeDelta::from_std(inside.settings.session_life).unwrap_or_default();
    let token = import::open(inside, id);
    let expires = DateTime::<Utc>::from(clock::now()) + life;
    let session = json!({
        "importUrl": format!("{}/api/gv1.0/Mailboxes('{id}')/importItem?authtoken={token}", call.origin),
        "expirationDateTime": expires.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
    });
    Ok(Answer::with_status(inside.settings.session_status, session))
}
