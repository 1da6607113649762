//! Every name that either side writes exists in Microsoft's metadata (v1.0, 2026-08). The lists are copied by hand from there, as far as a
//! transfer needs them; a name that is in neither list is a mistake of ours that both sides could share.

use mailhaul::{
    graph::{
        ExchangeSettings, Flag, FlagStatus, Item, ItemFolder, LicenseDetails, MailFolder, MailboxSettings, Message,
        MessagePatch, User,
    },
    lab::graph::Settings,
};
use serde_json::Value;

use super::stage::{KIM, Stage};

/// A type with its properties, inherited ones included.
type Names = (&'static str, &'static [&'static str]);

const USER: Names = (
    "user",
    &[
        "id",
        "accountEnabled",
        "assignedLicenses",
        "assignedPlans",
        "displayName",
        "mail",
        "onPremisesSyncEnabled",
        "proxyAddresses",
        "userPrincipalName",
        "userType",
    ],
);
const MAILBOX_SETTINGS: Names =
    ("mailboxSettings", &["dateFormat", "language", "timeFormat", "timeZone", "userPurpose"]);
const LICENSE_DETAILS: Names = ("licenseDetails", &["id", "servicePlans", "skuId", "skuPartNumber"]);
const SERVICE_PLAN: Names =
    ("servicePlanInfo", &["appliesTo", "provisioningStatus", "servicePlanId", "servicePlanName"]);
const ASSIGNED_PLAN: Names = ("assignedPlan", &["assignedDateTime", "capabilityStatus", "service", "servicePlanId"]);
const MAIL_FOLDER: Names = (
    "mailFolder",
    &["id", "childFolderCount", "displayName", "isHidden", "parentFolderId", "totalItemCount", "unreadItemCount"],
);
const MESSAGE: Names = (
    "message",
    &[
        "id",
        "categories",
        "changeKey",
        "createdDateTime",
        "lastModifiedDateTime",
        "flag",
        "from",
        "hasAttachments",
        "importance",
        "internetMessageId",
        "isDraft",
        "isRead",
        "parentFolderId",
        "receivedDateTime",
        "sentDateTime",
        "subject",
    ],
);
const FLAG: Names = ("followupFlag", &["completedDateTime", "dueDateTime", "flagStatus", "startDateTime"]);
const EXCHANGE_SETTINGS: Names = ("exchangeSettings", &["id", "primaryMailboxId"]);
const MAILBOX_FOLDER: Names =
    ("mailboxFolder", &["id", "childFolderCount", "displayName", "parentFolderId", "totalItemCount", "type"]);
const MAILBOX_ITEM: Names = (
    "mailboxItem",
    &[
        "id",
        "categories",
        "changeKey",
        "createdDateTime",
        "lastModifiedDateTime",
        "size",
        "type",
        "singleValueExtendedProperties",
    ],
);
const EXTENDED: Names = ("singleValueLegacyExtendedProperty", &["id", "value"]);
const EXPORT: Names = ("exportItemResponse", &["changeKey", "data", "error", "itemId"]);
const SESSION: Names = ("mailboxItemImportSession", &["expirationDateTime", "importUrl"]);
const ERROR: Names = ("publicError", &["code", "details", "innerError", "message", "target"]);

/// Each member of `value` is a property of its type; members of members are of the types beside their names.
fn check(value: &Value, (of, names): Names, within: &[(&str, Names)]) {
    let members = value.as_object().unwrap_or_else(|| panic!("{of}: {value}"));
    for (name, member) in members.iter().filter(|(name, _)| !name.starts_with('@')) {
        assert!(names.contains(&name.as_str()), "{of} has no {name}: {value}");
        if let Some((_, inner)) = within.iter().find(|(wanted, _)| wanted == name) {
            match member {
                Value::Array(all) => all.iter().for_each(|one| check(one, *inner, within)),
                Value::Null => {}
                one => check(one, *inner, within),
            }
        }
    }
}

fn check_all(list: &Value, names: Names, within: &[(&str, Names)]) {
    let all = list["value"].as_array().unwrap();
    assert!(!all.is_empty(), "{list}");
    all.iter().for_each(|one| check(one, names, within));
}

#[test]
fn our_client_asks_for_what_exists() {
    for (select, (of, names)) in [
        (User::SELECT, USER),
        (MailboxSettings::SELECT, MAILBOX_SETTINGS),
        (LicenseDetails::SELECT, LICENSE_DETAILS),
        (MailFolder::SELECT, MAIL_FOLDER),
        (Message::SELECT, MESSAGE),
        (ExchangeSettings::SELECT, EXCHANGE_SETTINGS),
        (ItemFolder::SELECT, MAILBOX_FOLDER),
        (Item::SELECT, MAILBOX_ITEM),
    ] {
        for name in select.split(',') {
            assert!(names.contains(&name), "{of} has no {name}");
        }
    }
    let flag = Some(Flag { flag_status: FlagStatus::NotFlagged });
    let patch = MessagePatch { categories: Some(Vec::new()), is_read: Some(true), flag };
    let patch = serde_json::to_value(patch).unwrap();
    check(&patch, MESSAGE, &[("flag", FLAG)]);
    assert_eq!(patch["flag"]["flagStatus"], "notFlagged");
}

#[tokio::test]
async fn the_stand_in_writes_what_exists() {
    let stage = Stage::new(Settings::default()).await;
    let id = stage.add(KIM, "Inbox", "a");
    let get = async |path: &str| stage.raw(path).await;
    let user = format!("/users/{KIM}");
    check(&get(&user).await, USER, &[("assignedPlans", ASSIGNED_PLAN)]);
    check(&get(&format!("{user}/mailboxSettings")).await, MAILBOX_SETTINGS, &[]);
    check_all(&get(&format!("{user}/licenseDetails")).await, LICENSE_DETAILS, &[("servicePlans", SERVICE_PLAN)]);
    check_all(&get(&format!("{user}/mailFolders?includeHiddenFolders=true&$top=50")).await, MAIL_FOLDER, &[]);
    let messages = get(&format!("{user}/mailFolders/inbox/messages")).await;
    check_all(&messages, MESSAGE, &[("flag", FLAG)]);
    check_all(&get(&format!("{user}/mailFolders/inbox/messages/delta")).await, MESSAGE, &[("flag", FLAG)]);
    let settings = get(&format!("{user}/settings/exchange")).await;
    check(&settings, EXCHANGE_SETTINGS, &[]);
    let mailbox = format!("/admin/exchange/mailboxes/{}", settings["primaryMailboxId"].as_str().unwrap());
    check_all(&get(&format!("{mailbox}/folders")).await, MAILBOX_FOLDER, &[]);
    let inbox = stage.folder(KIM, "Inbox");
    let expand = "$expand=singleValueExtendedProperties($filter=id%20eq%20'Binary%200x300B')";
    let items = get(&format!("{mailbox}/folders/{inbox}/items?{expand}")).await;
    check_all(&items, MAILBOX_ITEM, &[("singleValueExtendedProperties", EXTENDED)]);
    assert_eq!(items["value"][0]["singleValueExtendedProperties"][0]["id"], "Binary 0x300b");

    let post = async |path: &str, body: Value| -> Value {
        let url = format!("{}{mailbox}/{path}", stage.graph.root());
        let request = stage.http.post(url).bearer_auth(stage.token().await).body(body.to_string());
        serde_json::from_slice(&request.send().await.unwrap().bytes().await.unwrap()).unwrap()
    };
    // The metadata's name of the parameter, and the one of the documentation's example.
    for name in ["ItemIds", "itemIds"] {
        let exported = post("exportItems", serde_json::json!({ name: [id, "AAkALgAAnone="] })).await;
        check_all(&exported, EXPORT, &[("error", ERROR)]);
        assert_eq!(exported["value"].as_array().unwrap().len(), 2);
    }
    check(&post("createImportSession", Value::Null).await, SESSION, &[]);
    let refused = post("exportItems", serde_json::json!({ "ItemIds": [] })).await;
    check(&refused["error"], ERROR, &[]);
}

#[tokio::test]
async fn the_stand_in_refuses_what_does_not_exist() {
    let stage = Stage::new(Settings::default()).await;
    for path in [
        format!("/users/{KIM}/mailFolders?$select=id,size"),
        format!("/users/{KIM}/folders"),
        format!("/users/{KIM}/mailFolders/inbox/messages?$filter=subject%20eq%20'a'"),
    ] {
        let url = format!("{}{path}", stage.graph.root());
        let answer = stage.http.get(url).bearer_auth(stage.token().await).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 400, "{path}");
    }
}
