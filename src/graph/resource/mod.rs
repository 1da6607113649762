//! What the service stores, as far as a transfer touches it. The names are those of Microsoft's metadata (v1.0, 2026-08).
//!
//! Every type names the properties it asks for in `SELECT`, and every property that a type needs is there; the rest is left out by the
//! service, which makes pages small.

mod exchange;
mod folder;
mod message;
mod user;

use serde::{Deserialize, Deserializer};

pub(super) use exchange::ImportSessionReply;
pub use exchange::{ExchangeSettings, ImportSession, Item, ItemFolder, Property};
pub use folder::{MailFolder, WellKnown};
pub use message::{Flag, FlagStatus, Importance, Message, MessagePatch};
pub use user::{LicenseDetails, MailboxPurpose, MailboxSettings, ServicePlan, User};

/// Nearly every property may be null, which says as much as its absence.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(value: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_and_unknown_values_spoil_no_page() {
        let message: Message = serde_json::from_value(json!({
            "id": "A", "changeKey": null, "isRead": null, "isDraft": null, "categories": null, "importance": "vital",
            "flag": { "flagStatus": "waving" }, "receivedDateTime": null, "@odata.etag": "W/1", "webLink": "x"
        }))
        .unwrap();
        assert_eq!((message.is_read, message.is_flagged(), message.importance), (false, false, Importance::Normal));
        let folder: MailFolder =
            serde_json::from_value(json!({ "id": "A", "displayName": null, "isHidden": null })).unwrap();
        assert!(!folder.is_hidden && !folder.is_search());
        let item: Item = serde_json::from_value(json!({ "id": "A", "size": null, "type": null })).unwrap();
        assert_eq!((item.size, item.class.as_str()), (0, ""));
        let settings: MailboxSettings = serde_json::from_value(json!({ "userPurpose": "satellite" })).unwrap();
        assert_eq!(settings.user_purpose, MailboxPurpose::Others);
    }
}
