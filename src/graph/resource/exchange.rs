//! Items of every class, as the mailbox import and export interface shows them (microsoft365.md §5).

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::or_default;
use crate::{clock, limits, secret::Secret};

/// What the Exchange mailbox of a user is called.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExchangeSettings {
    /// `MBX:…@…`.
    pub primary_mailbox_id: String,
}

impl ExchangeSettings {
    /// What is asked for.
    pub const SELECT: &'static str = "primaryMailboxId";
}

/// A folder of items of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemFolder {
    /// Its id.
    pub id: String,
    /// Its name, in the mailbox's language.
    #[serde(default, deserialize_with = "or_default")]
    pub display_name: String,
    /// The folder that it lies in.
    #[serde(default)]
    pub parent_folder_id: Option<String>,
    /// Folders that lie in it.
    #[serde(default, deserialize_with = "or_default")]
    pub child_folder_count: u32,
    /// Items in it.
    #[serde(default, deserialize_with = "or_default")]
    pub total_item_count: u64,
    /// The class of its items: `IPF.Note`, `IPF.Appointment`; absent for what has none.
    #[serde(rename = "type", default)]
    pub class: Option<String>,
}

impl ItemFolder {
    /// What is asked for.
    pub const SELECT: &'static str = "id,displayName,parentFolderId,childFolderCount,totalItemCount,type";
}

/// An item of any class, without its content.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// Its id.
    pub id: String,
    /// Its version.
    #[serde(default, deserialize_with = "or_default")]
    pub change_key: String,
    /// The class: `IPM.Note`, `IPM.Appointment`.
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    pub class: String,
    /// Its size in the store (bytes); its stream may be much larger (§5.4).
    #[serde(default, deserialize_with = "or_default")]
    pub size: u64,
    /// Its categories.
    #[serde(default, deserialize_with = "or_default")]
    pub categories: Vec<String>,
    /// When this copy was made: an import makes another.
    #[serde(default)]
    pub created_date_time: Option<DateTime<Utc>>,
    /// When it was changed.
    #[serde(default)]
    pub last_modified_date_time: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "or_default")]
    single_value_extended_properties: Vec<Property>,
}

impl Item {
    /// What is asked for.
    pub const SELECT: &'static str = "id,changeKey,type,size,categories,createdDateTime,lastModifiedDateTime";
    /// The property that survives an import, PR_SEARCH_KEY: copies share it, so it is evidence and no identity (part III 1).
    pub const SEARCH_KEY: &'static str = "Binary 0x300B";
    /// When it was delivered, PR_MESSAGE_DELIVERY_TIME.
    pub const DELIVERED: &'static str = "SystemTime 0x0E06";

    /// The Message-ID of items that are mail, PR_INTERNET_MESSAGE_ID.
    pub const MESSAGE_ID: &'static str = "String 0x1035";

    /// PR_SEARCH_KEY, if it was asked for and exists: base64 as the service wrote it.
    pub fn search_key(&self) -> Option<&str> {
        self.property(Item::SEARCH_KEY)
    }

    /// When it was delivered, for items that were.
    pub fn delivered(&self) -> Option<DateTime<Utc>> {
        DateTime::parse_from_rfc3339(self.property(Item::DELIVERED)?).ok().map(|date| date.to_utc())
    }

    /// Its Message-ID, if it has one.
    pub fn message_id(&self) -> Option<&str> {
        self.property(Item::MESSAGE_ID)
    }

    fn property(&self, id: &str) -> Option<&str> {
        let mut all = self.single_value_extended_properties.iter();
        all.find(|property| property.is(id)).map(|property| property.value.as_str())
    }
}

/// A property that has no name of its own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Property {
    /// Its type and tag, `Binary 0x300B`.
    pub id: String,
    /// Its value.
    pub value: String,
}

impl Property {
    /// Whether this is the property `id`: ids come back in lower case (part III 2), and tags are numbers.
    fn is(&self, id: &str) -> bool {
        let tag = |id: &str| {
            let (kind, tag) = id.split_once(' ')?;
            let digits = tag.strip_prefix("0x").or_else(|| tag.strip_prefix("0X"))?;
            Some((kind.to_ascii_lowercase(), u32::from_str_radix(digits, 16).ok()?))
        };
        tag(id).is_some_and(|wanted| tag(&self.id) == Some(wanted))
    }
}

/// Leave to import into one mailbox for a while. Its URL is a secret.
#[derive(Clone)]
pub struct ImportSession {
    pub(crate) url: Secret,
    /// When it ends.
    pub expires: DateTime<Utc>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImportSessionReply {
    pub(crate) import_url: String,
    pub(crate) expiration_date_time: DateTime<Utc>,
}

impl ImportSession {
    /// Whether it is time for another one.
    pub fn should_renew(&self) -> bool {
        let left = self.expires.signed_duration_since(DateTime::<Utc>::from(clock::now()));
        left.to_std().is_ok_and(|left| left < limits::IMPORT_SESSION_MARGIN) || left.num_milliseconds() <= 0
    }
}

impl From<ImportSessionReply> for ImportSession {
    fn from(reply: ImportSessionReply) -> Self {
        ImportSession { url: Secret::new(reply.import_url), expires: reply.expiration_date_time }
    }
}

impl std::fmt::Debug for ImportSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ImportSession until {}", self.expires)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_properties_are_found_in_any_case() {
        let item: Item = serde_json::from_value(serde_json::json!({
            "id": "A", "type": "IPM.Note", "singleValueExtendedProperties": [
                { "id": "Binary 0x300b", "value": "c2VhcmNo" }, { "id": "SystemTime 0xe06", "value": "2018-10-22T22:58:29Z" }
            ]
        }))
        .unwrap();
        assert_eq!(item.search_key(), Some("c2VhcmNo"));
        assert_eq!(item.delivered().map(|date| date.timestamp()), Some(1_540_249_109));
    }

    #[test]
    fn a_session_is_renewed_before_its_end_and_never_shown() {
        let session = |seconds: i64| {
            let expires = DateTime::<Utc>::from(clock::now()) + chrono::TimeDelta::seconds(seconds);
            ImportSession { url: Secret::new("https://x/?authtoken=s3cret".into()), expires }
        };
        assert!(!session(3600).should_renew());
        assert!(session(100).should_renew() && session(-100).should_renew());
        assert!(!format!("{:?}", session(1)).contains("s3cret"));
    }
}
