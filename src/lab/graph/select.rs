//! `$select` and `$expand`: what a client did not ask for is left out, and what does not exist is refused.

use serde_json::Value;

use super::{answer::Problem, call::Call};

/// A type of Microsoft's metadata (v1.0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    User,
    MailboxSettings,
    LicenseDetails,
    MailFolder,
    Message,
    ExchangeSettings,
    MailboxFolder,
    MailboxItem,
}

impl Type {
    /// Its properties, as far as the stand-in has them.
    fn properties(self) -> &'static [&'static str] {
        match self {
            Type::User => &[
                "id",
                "userPrincipalName",
                "displayName",
                "mail",
                "proxyAddresses",
                "userType",
                "accountEnabled",
                "onPremisesSyncEnabled",
                "assignedPlans",
                "assignedLicenses",
            ],
            Type::MailboxSettings => &["userPurpose", "timeZone", "timeFormat", "dateFormat"],
            Type::LicenseDetails => &["id", "skuId", "skuPartNumber", "servicePlans"],
            Type::MailFolder => &[
                "id",
                "displayName",
                "parentFolderId",
                "childFolderCount",
                "totalItemCount",
                "unreadItemCount",
                "isHidden",
            ],
            Type::Message => &[
                "id",
                "changeKey",
                "parentFolderId",
                "internetMessageId",
                "subject",
                "receivedDateTime",
                "sentDateTime",
                "createdDateTime",
                "lastModifiedDateTime",
                "isRead",
                "isDraft",
                "flag",
                "categories",
                "importance",
            ],
            Type::ExchangeSettings => &["id", "primaryMailboxId"],
            Type::MailboxFolder => {
                &["id", "displayName", "parentFolderId", "childFolderCount", "totalItemCount", "type"]
            }
            Type::MailboxItem => {
                &["id", "changeKey", "type", "size", "categories", "createdDateTime", "lastModifiedDateTime"]
            }
        }
    }
}

/// `whole` as the client wants it.
pub(super) fn one(call: &Call, of: Type, mut whole: Value) -> Result<Value, Problem> {
    let Some(select) = call.query.get("$select") else { return Ok(whole) };
    let wanted: Vec<&str> = select.split(',').map(str::trim).collect();
    if let Some(unknown) = wanted.iter().find(|name| !of.properties().contains(name)) {
        let words = format!("Could not find a property named '{unknown}' on type 'microsoft.graph.{of:?}'.");
        return Err(Problem::new(400, "RequestBroker--ParseUri", words));
    }
    if let Some(members) = whole.as_object_mut() {
        members.retain(|name, _| {
            name == "id" || name.starts_with('@') || wanted.contains(&name.as_str()) || name == EXPANDED
        });
    }
    Ok(whole)
}

/// What only `$expand` brings along.
pub(super) const EXPANDED: &str = "singleValueExtendedProperties";

/// The ids of the properties that `$expand` asks for.
pub(super) fn expanded(call: &Call) -> Result<Vec<String>, Problem> {
    let Some(expand) = call.query.get("$expand") else { return Ok(Vec::new()) };
    let unsupported = || Problem::bad_request("Unsupported $expand.");
    let inner = expand.strip_prefix("singleValueExtendedProperties($filter=").and_then(|rest| rest.strip_suffix(')'));
    let one = |part: &str| part.trim().strip_prefix("id eq '")?.strip_suffix('\'').map(str::to_owned);
    inner.ok_or_else(unsupported)?.split(" or ").map(|part| one(part).ok_or_else(unsupported)).collect()
}
