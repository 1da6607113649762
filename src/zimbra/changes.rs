//! What a mailbox holds, and what changed since a token (zimbra.md §4.1 and §4.3).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    Mailbox,
    refusal::Failure,
    soap::{self, MAIL, Request},
};
use crate::{
    error::{Code, Result},
    limits,
};

/// Everything, as it stood at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Names that moment; opaque, but for the number it begins with.
    pub token: String,
    /// Ids of messages by folder, those flagged `\Deleted` and those in Trash and Junk included.
    pub messages: BTreeMap<u32, BTreeSet<u32>>,
}

/// Where a message lies, and which content it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The folder.
    pub folder: u32,
    /// The change that last replaced its content.
    pub revision: u64,
}

/// What changed since a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Names the moment up to which they are told.
    pub token: String,
    /// Ids that are gone for good; those of moved messages are not among them.
    pub deleted: BTreeSet<u32>,
    /// Messages that are new, moved or changed in any way.
    pub messages: BTreeMap<u32, Placed>,
}

/// How a mailbox answers about a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Since {
    /// With what changed.
    Changes(Changes),
    /// It remembers no more what was removed since then: everything is to be listed.
    Forgotten,
    /// It stands before that moment, for it was restored from a backup: ids are given out a second time.
    Restored,
}

impl Mailbox {
    /// What it holds now, under one lock of the server's.
    ///
    /// # Errors
    /// The sign-in or the request is refused.
    pub async fn listing(&self) -> Result<Listing> {
        let response = self.call(&Request::new("SyncRequest", MAIL, json!({ "typed": "1" }))).await;
        let response = response.map_err(Failure::into_error)?;
        let missing = || self.service().error(Code::Protocol, format!("{}: the listing has no token", self.user()));
        listing(&response).ok_or_else(missing)
    }

    /// What changed since `token`.
    ///
    /// # Errors
    /// As [`Mailbox::listing`].
    pub async fn changes(&self, token: &str) -> Result<Since> {
        let mut changes = Changes { token: token.to_owned(), ..Changes::default() };
        for _ in 0..limits::ZIMBRA_DELTA_PAGES {
            let content = json!({ "token": changes.token, "typed": "1", "changeLimit": limits::ZIMBRA_CHANGES });
            let response = match self.call(&Request::new("SyncRequest", MAIL, content)).await {
                Ok(response) => response,
                Err(failure) if failure.says("mail.MUST_RESYNC") => return Ok(Since::Forgotten),
                Err(failure) => return Err(failure.into_error()),
            };
            let before = change(&changes.token);
            let missing =
                || self.service().error(Code::Protocol, format!("{}: the changes have no token", self.user()));
            let more = add(&mut changes, &response).ok_or_else(missing)?;
            if change(&changes.token) < before {
                return Ok(Since::Restored);
            }
            if !more {
                return Ok(Since::Changes(changes));
            }
        }
        Err(self.service().error(Code::Protocol, format!("{}: the changes have no end", self.user())))
    }
}

/// How many ids a response tells, as a listing and as changes.
pub(super) fn read_all(response: &Value) -> usize {
    let mut changes = Changes::default();
    add(&mut changes, response);
    let listed = listing(response).map_or(0, |listing| listing.messages.values().map(BTreeSet::len).sum());
    listed + changes.messages.len() + changes.deleted.len()
}

/// The change that a token names; a restored mailbox stands before it.
fn change(token: &str) -> u64 {
    token.split(['-', ':']).next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn listing(response: &Value) -> Option<Listing> {
    let mut listing = Listing { token: response.get("token").and_then(soap::text)?, ..Listing::default() };
    let mut open: Vec<&Value> = soap::children(response, "folder").collect();
    while let Some(folder) = open.pop() {
        open.extend(soap::children(folder, "folder"));
        let Some(id) = folder.get("id").and_then(soap::id) else { continue };
        listing.messages.entry(id).or_default().extend(soap::children(folder, "m").flat_map(soap::ids));
    }
    Some(listing)
}

/// Adds a page; whether there are more. A later word about a message holds.
fn add(changes: &mut Changes, page: &Value) -> Option<bool> {
    changes.token = page.get("token").and_then(soap::text)?;
    for deleted in soap::children(page, "deleted") {
        for id in soap::ids(deleted) {
            changes.messages.remove(&id);
            changes.deleted.insert(id);
        }
    }
    for told in soap::children(page, "m") {
        let (Some(id), Some(folder)) = (told.get("id").and_then(soap::id), told.get("l").and_then(soap::id)) else {
            continue;
        };
        let revision = told.get("rev").and_then(soap::number).unwrap_or_default();
        changes.deleted.remove(&id);
        changes.messages.insert(id, Placed { folder, revision });
    }
    Some(
        page.get("more").is_some_and(|more| more.as_bool() == Some(true) || soap::text(more).is_some_and(|m| m == "1")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_holds_all_folders_at_any_depth() {
        let told = listing(&json!({ "md": 1, "token": 403, "folder": [{ "id": "11", "folder": [
            { "id": "8", "tag": [{ "id": "64" }] },
            { "id": "1", "folder": [
                { "id": "2", "m": [{ "ids": "399,461,257" }], "folder": [{ "id": "300", "m": [{ "ids": "1000" }] }] },
                { "id": "7", "cn": [{ "ids": "274" }] }] }] }] }));
        let told = told.unwrap();
        assert_eq!(told.token, "403");
        assert_eq!(told.messages[&2], [257, 399, 461].into());
        assert_eq!((told.messages[&300].len(), told.messages[&7].len()), (1, 0));
        assert_eq!(listing(&json!({})), None);
    }

    #[test]
    fn pages_of_changes_add_up() {
        let mut changes = Changes::default();
        let page = json!({ "token": "540-7", "more": true, "deleted": [{ "ids": "903,904", "m": [{ "ids": "904" }] }],
            "m": [{ "id": "5526", "l": "2", "rev": 503 }, { "id": "5522", "l": "2", "f": "u", "rev": 9, "ms": 519 }] });
        assert_eq!(add(&mut changes, &page), Some(true));
        let page =
            json!({ "token": "541", "deleted": [{ "ids": "5526" }], "m": [{ "id": "5522", "l": "3", "rev": "9" }] });
        assert_eq!(add(&mut changes, &page), Some(false));
        assert_eq!(changes.deleted, [903, 904, 5526].into());
        assert_eq!(changes.messages, BTreeMap::from([(5522, Placed { folder: 3, revision: 9 })]));
        assert_eq!((changes.token.as_str(), change("540-7"), change("540:d3"), change("x")), ("541", 540, 540, 0));
    }
}
