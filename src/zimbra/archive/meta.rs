//! What a `.meta` entry tells of its item (zimbra.md §5.4).

use serde::{Deserialize, Deserializer};

use super::Digest;

/// What an item is (§5.3: type numbers); others are told by their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// A folder.
    Folder,
    /// A tag.
    Tag,
    /// A message.
    Message,
    /// A chat.
    Chat,
    /// Anything else: contacts, appointments, tasks, documents.
    Other(u8),
}

impl From<u8> for ItemKind {
    fn from(number: u8) -> Self {
        match number {
            1 => ItemKind::Folder,
            3 => ItemKind::Tag,
            5 => ItemKind::Message,
            16 => ItemKind::Chat,
            other => ItemKind::Other(other),
        }
    }
}

/// One item's metadata. Keys come in any order, and some may be missing.
#[derive(Clone, Debug, Deserialize)]
pub struct Meta {
    /// The item's id in its mailbox.
    pub id: u32,
    /// What it is.
    #[serde(rename = "type", deserialize_with = "kind")]
    pub kind: ItemKind,
    /// The folder it is in.
    #[serde(default)]
    pub folder_id: u32,
    /// Length of its blob by the server's account (bytes).
    #[serde(default)]
    pub size: u64,
    /// When it was received (Unix seconds).
    #[serde(default)]
    pub date: i64,
    /// The change that last replaced its content.
    #[serde(default)]
    pub mod_content: u64,
    /// The change that last touched it in any way.
    #[serde(default)]
    pub mod_metadata: u64,
    /// The digest of its blob; without one it has none, or it cannot be checked.
    #[serde(default, rename = "blob_digest", deserialize_with = "digest")]
    pub digest: Option<Digest>,
    /// All its flags, a letter each (§4.4); the bit mask beside it leaves out the unread one.
    #[serde(default, rename = "FlagStr")]
    pub flags: String,
}

impl Meta {
    /// Reads an entry.
    pub fn parse(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }
}

fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ItemKind, D::Error> {
    u8::deserialize(deserializer).map(ItemKind::from)
}

fn digest<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Digest>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.as_deref().and_then(Digest::parse))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_version_7_is_read() {
        let json =
            br#"{"tags":0,"subject":"a","unread":1,"date":1315319898,"type":5,"Path":"/Inbox/","id":257,"FlagStr":"uf",
            "mod_metadata":391,"mod_content":2,"parent_id":-257,"flags":32,"size":1373,"folder_id":2,"Ver":10,
            "blob_digest":"DFgt1Thq9X4lf0FjIR5MFfmAnFk=","TagNames":"1:b\\:c"}"#;
        let meta = Meta::parse(json).unwrap();
        assert_eq!((meta.id, meta.kind, meta.folder_id, meta.size), (257, ItemKind::Message, 2, 1373));
        assert_eq!((meta.mod_content, meta.mod_metadata, meta.flags.as_str()), (2, 391, "uf"));
        assert_eq!(meta.digest.unwrap().to_string(), "DFgt1Thq9X4lf0FjIR5MFfmAnFk=");
    }

    #[test]
    fn little_is_enough_and_nonsense_is_none() {
        let folder = Meta::parse(br#"{"type":1,"id":2}"#).unwrap();
        assert_eq!((folder.kind, folder.digest), (ItemKind::Folder, None));
        let odd = Meta::parse(br#"{"type":6,"id":2,"blob_digest":"?"}"#).unwrap();
        assert_eq!((odd.kind, odd.digest), (ItemKind::Other(6), None));
        for bad in [&b""[..], b"{}", b"{\"type\":5,\"id\":-3}", b"7"] {
            assert!(Meta::parse(bad).is_none());
        }
    }
}
