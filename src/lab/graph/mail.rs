//! Mail folders and messages (microsoft365.md §4.1, §4.2 and §4.5).

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{
    answer::{Answer, Problem},
    call::Call,
    delta, paging, people,
    select::{self, Type},
    server::Inside,
    store::{Folder, Item, Mailbox, NameTaken},
};

/// The mailbox of a user.
pub(super) fn mailbox<'a>(inside: &'a Inside, user: &str) -> Result<&'a Mailbox, Problem> {
    let person = people::find_mailbox(inside, user)?;
    inside.mailboxes.get(&person.id).ok_or_else(Problem::no_such_item)
}

pub(super) fn mailbox_mut<'a>(inside: &'a mut Inside, user: &str) -> Result<&'a mut Mailbox, Problem> {
    let id = people::find_mailbox(inside, user)?.id.clone();
    inside.mailboxes.get_mut(&id).ok_or_else(Problem::no_such_item)
}

/// The folder of an id or a well-known name.
pub(super) fn folder<'a>(mailbox: &'a Mailbox, key: &str) -> Result<&'a Folder, Problem> {
    mailbox.folder(key).ok_or_else(Problem::no_such_item)
}

/// A moment as Graph writes it.
pub(super) fn moment(date: DateTime<Utc>) -> String {
    date.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// `GET …/mailFolders` and `…/childFolders`.
pub(super) fn folders(inside: &Inside, call: &Call, user: &str, parent: Option<&str>) -> Result<Answer, Problem> {
    let mailbox = mailbox(inside, user)?;
    let parent = parent.map(|key| folder(mailbox, key).map(|folder| folder.serial)).transpose()?;
    let hidden = call.query.get("includeHiddenFolders").is_some_and(|wish| wish == "true");
    let shown = mailbox.folders.values().filter(|f| f.parent == parent && is_mail(f) && (hidden || !f.hidden));
    paging::page_of(inside, call, Type::MailFolder, shown, |folder| folder_json(mailbox, folder))
}

/// `GET …/mailFolders/{key}`.
pub(super) fn one_folder(inside: &Inside, call: &Call, user: &str, key: &str) -> Result<Answer, Problem> {
    let mailbox = mailbox(inside, user)?;
    let found = folder(mailbox, key)?;
    Ok(Answer::json(select::one(call, Type::MailFolder, folder_json(mailbox, found))?))
}

/// `POST …/mailFolders` and `…/childFolders`.
pub(super) fn create(inside: &mut Inside, call: &Call, user: &str, parent: Option<&str>) -> Result<Answer, Problem> {
    let body = call.json()?;
    let name = body.get("displayName").and_then(Value::as_str).ok_or_else(|| Problem::bad_request("displayName"))?;
    let mailbox = mailbox_mut(inside, user)?;
    let parent = parent.map(|key| folder(mailbox, key).map(|folder| folder.serial)).transpose()?;
    let serial = mailbox.create(parent, name, "IPF.Note").map_err(name_taken)?;
    let folder = mailbox.folders.get(&serial).ok_or_else(Problem::no_such_item)?;
    Ok(Answer::with_status(201, folder_json(mailbox, folder)))
}

pub(super) fn name_taken(NameTaken: NameTaken) -> Problem {
    Problem::new(409, "ErrorFolderExists", "A folder with the specified name already exists.")
}

fn is_mail(folder: &Folder) -> bool {
    folder.class == "IPF.Note"
}

/// Ids of folders are the same in both forms here: a transfer never moves one.
fn folder_json(mailbox: &Mailbox, folder: &Folder) -> Value {
    let items = || mailbox.shown_in(folder);
    let children = mailbox.folders.values().filter(|f| f.parent == Some(folder.serial) && is_mail(f)).count();
    let mut json = json!({
        "id": mailbox.ids.folder(folder.serial), "displayName": folder.name,
        "parentFolderId": mailbox.ids.folder(folder.parent.unwrap_or_default()), "childFolderCount": children,
        "totalItemCount": items().count(), "unreadItemCount": items().filter(|item| !item.data.read).count(),
        "isHidden": folder.hidden,
    });
    if folder.search {
        json["@odata.type"] = "#microsoft.graph.mailSearchFolder".into();
    }
    json
}

/// Whether an item is a message: a letter, or what a server says of one.
pub(super) fn is_message(item: &Item) -> bool {
    ["IPM.Note", "REPORT."].iter().any(|class| item.data.class.starts_with(class))
}

/// The filters of a list of messages that are understood here.
enum Filter {
    /// `internetMessageId eq '…'`.
    MessageId(String),
    /// `receivedDateTime ge … and receivedDateTime lt …`.
    Received(DateTime<Utc>, DateTime<Utc>),
}

impl Filter {
    fn read(text: &str) -> Result<Self, Problem> {
        let literal = text.strip_prefix("internetMessageId eq '").and_then(|rest| rest.strip_suffix('\''));
        let span = || text.strip_prefix("receivedDateTime ge ")?.split_once(" and receivedDateTime lt ");
        let date = |text: &str| Some(DateTime::parse_from_rfc3339(text).ok()?.to_utc());
        let received = || span().and_then(|(from, to)| Some(Filter::Received(date(from)?, date(to)?)));
        let filter = literal.map(|id| Filter::MessageId(id.replace("''", "'"))).or_else(received);
        filter.ok_or_else(|| Problem::bad_request("Unsupported $filter."))
    }

    fn admits(&self, item: &Item) -> bool {
        match self {
            Filter::MessageId(id) => item.data.message_id.as_ref() == Some(id),
            Filter::Received(from, to) => (*from..*to).contains(&item.data.received),
        }
    }
}

/// `GET …/messages`, of a folder or of all, those that a filter admits.
pub(super) fn messages(inside: &Inside, call: &Call, user: &str, key: Option<&str>) -> Result<Answer, Problem> {
    let mailbox = mailbox(inside, user)?;
    let serial = key.map(|key| folder(mailbox, key).map(|folder| folder.serial)).transpose()?;
    let filter = call.query.get("$filter").map(|filter| Filter::read(filter)).transpose()?;
    let is_meant = |item: &&Item| {
        is_message(item)
            && serial.is_none_or(|serial| item.folder == serial)
            && filter.as_ref().is_none_or(|filter| filter.admits(item))
    };
    let found = mailbox.items.values().filter(is_meant);
    paging::page_of(inside, call, Type::Message, found, |item| message_json(call, mailbox, item))
}

/// `GET …/mailFolders/{key}/messages/delta`.
pub(super) fn changes(inside: &Inside, call: &Call, user: &str, key: &str) -> Result<Answer, Problem> {
    let mailbox = mailbox(inside, user)?;
    let folder = mailbox.folder(key).ok_or_else(|| {
        Problem::new(404, "ErrorSyncFolderNotFound", "The folder to be synchronized is not found in the store.")
    })?;
    let json = |item: &Item| message_json(call, mailbox, item);
    delta::page(inside, call, mailbox, folder.serial, Type::Message, is_message, json)
}

/// `GET …/messages/{id}` and its bytes.
pub(super) fn message(inside: &Inside, call: &Call, user: &str, id: &str, bytes: bool) -> Result<Answer, Problem> {
    let mailbox = mailbox(inside, user)?;
    let item = mailbox.item(id).filter(|item| is_message(item)).ok_or_else(Problem::no_such_item)?;
    if bytes {
        if inside.settings.fatal.iter().any(|fatal| *fatal == mailbox.ids.immutable(item.serial)) {
            return Err(Problem::new(503, "serviceNotAvailable", "The service is unavailable."));
        }
        if inside.settings.corrupt.iter().any(|corrupt| *corrupt == mailbox.ids.immutable(item.serial)) {
            return Err(Problem::new(500, "ErrorCorruptData", "Data is corrupt."));
        }
        return Ok(Answer::text(item.data.content.bytes()));
    }
    Ok(Answer::json(select::one(call, Type::Message, message_json(call, mailbox, item))?))
}

/// `PATCH …/messages/{id}`: marks at any time, the rest on drafts only.
pub(super) fn update(inside: &mut Inside, call: &Call, user: &str, id: &str) -> Result<Answer, Problem> {
    let body = call.json()?;
    let patch = body.as_object().ok_or_else(|| Problem::bad_request("No object."))?;
    let mailbox = mailbox_mut(inside, user)?;
    let item = mailbox.item(id).filter(|item| is_message(item)).ok_or_else(Problem::no_such_item)?;
    let (serial, mut data) = (item.serial, item.data.clone());
    for (name, value) in patch.iter().filter(|(name, _)| !name.starts_with('@')) {
        set(&mut data, name, value)?;
    }
    let immutable = mailbox.ids.immutable(serial);
    mailbox.update(&immutable, |item| *item = data);
    let item = mailbox.item(&immutable).ok_or_else(Problem::no_such_item)?;
    Ok(Answer::json(message_json(call, mailbox, item)))
}

/// `POST …/messages/{id}/move`: the immutable id stays.
pub(super) fn move_to(inside: &mut Inside, call: &Call, user: &str, id: &str) -> Result<Answer, Problem> {
    let body = call.json()?;
    let key = body.get("destinationId").and_then(Value::as_str).ok_or_else(|| Problem::bad_request("destinationId"))?;
    let mailbox = mailbox_mut(inside, user)?;
    let serial = mailbox.item(id).filter(|item| is_message(item)).ok_or_else(Problem::no_such_item)?.serial;
    let folder = folder(mailbox, key)?.serial;
    mailbox.put_into(serial, folder);
    let immutable = mailbox.ids.immutable(serial);
    let item = mailbox.item(&immutable).ok_or_else(Problem::no_such_item)?;
    Ok(Answer::with_status(201, message_json(call, mailbox, item)))
}

/// `DELETE …/messages/{id}`.
pub(super) fn remove(inside: &mut Inside, user: &str, id: &str) -> Result<Answer, Problem> {
    let mailbox = mailbox_mut(inside, user)?;
    let immutable = mailbox.item(id).filter(|item| is_message(item)).map(|item| mailbox.ids.immutable(item.serial));
    mailbox.remove(&immutable.ok_or_else(Problem::no_such_item)?);
    Ok(Answer::nothing())
}

fn set(data: &mut super::store::NewItem, name: &str, value: &Value) -> Result<(), Problem> {
    let wrong = || Problem::new(400, "UnableToDeserializePostBody", "were unable to deserialize");
    let text = |value: &Value, known: &[&str]| {
        let text = value.as_str().filter(|text| known.contains(text)).map(str::to_owned);
        text.ok_or_else(wrong)
    };
    match name {
        "isRead" => data.read = value.as_bool().ok_or_else(wrong)?,
        "categories" => data.categories = serde_json::from_value(value.clone()).map_err(|_| wrong())?,
        "flag" => {
            let status = value.get("flagStatus").ok_or_else(wrong)?;
            data.flag = text(status, &["notFlagged", "complete", "flagged"])?;
        }
        "importance" => data.importance = text(value, &["low", "normal", "high"])?,
        "subject" if data.draft => data.subject = value.as_str().ok_or_else(wrong)?.to_owned(),
        "subject" | "body" | "internetMessageId" | "toRecipients" | "ccRecipients" | "bccRecipients" | "replyTo" => {
            return Err(Problem::new(400, "ErrorInvalidPropertySet", format!("Property {name} is of a draft only.")));
        }
        "receivedDateTime" | "sentDateTime" | "isDraft" => {
            return Err(Problem::new(400, "ErrorInvalidPropertySet", format!("Property {name} is read-only.")));
        }
        _ => return Err(wrong()),
    }
    Ok(())
}

fn message_json(call: &Call, mailbox: &Mailbox, item: &Item) -> Value {
    let data = &item.data;
    let id = match call.immutable {
        true => mailbox.ids.immutable(item.serial),
        false => mailbox.ids.classic(item.folder, item.serial),
    };
    json!({
        "@odata.etag": format!("W/\"{}\"", item.version), "id": id, "changeKey": format!("CQAAABYAAAC{:08x}", item.version),
        "parentFolderId": mailbox.ids.folder(item.folder), "internetMessageId": data.message_id, "subject": data.subject,
        "receivedDateTime": moment(data.received), "sentDateTime": moment(data.sent),
        "createdDateTime": moment(item.created), "lastModifiedDateTime": moment(item.modified), "isRead": data.read,
        "isDraft": data.draft, "flag": { "flagStatus": data.flag }, "categories": data.categories,
        "importance": data.importance,
    })
}
