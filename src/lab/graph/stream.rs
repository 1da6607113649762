//! An item's stream: opaque to every client, and larger than the item where it is told to be (microsoft365.md §5.4).

use bytes::Bytes;
use chrono::DateTime;
use serde_json::{Value, json};

use super::store::NewItem;
use crate::lab::mailstore::Content;

/// What a stream begins with.
const MAGIC: &[u8] = b"\x03\x00\x00\x40FTS\x01";

/// The stream of an item, with so many bytes of padding.
pub(super) fn of_item(item: &NewItem, padding: usize) -> Vec<u8> {
    let head = json!({
        "class": item.class, "search_key": item.search_key, "subject": item.subject, "message_id": item.message_id,
        "received": item.received.timestamp(), "sent": item.sent.timestamp(), "read": item.read, "draft": item.draft,
        "flag": item.flag, "categories": item.categories, "importance": item.importance, "padding": padding,
    })
    .to_string();
    let mut stream = Vec::with_capacity(MAGIC.len() + 4 + head.len() + padding + item.content.len() as usize);
    stream.extend_from_slice(MAGIC);
    stream.extend_from_slice(&(head.len() as u32).to_be_bytes());
    stream.extend_from_slice(head.as_bytes());
    stream.resize(stream.len() + padding, 0xA5);
    stream.extend_from_slice(&item.content.bytes());
    stream
}

/// The item of a stream; `None`: it was changed.
pub(super) fn to_item(stream: &[u8]) -> Option<NewItem> {
    let rest = stream.strip_prefix(MAGIC)?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (head, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    let head: Value = serde_json::from_slice(head).ok()?;
    let text = |name: &str| Some(head.get(name)?.as_str()?.to_owned());
    let date = |name: &str| DateTime::from_timestamp(head.get(name)?.as_i64()?, 0);
    let truth = |name: &str| head.get(name)?.as_bool();
    let content = rest.get(usize::try_from(head.get("padding")?.as_u64()?).ok()?..)?;
    Some(NewItem {
        class: text("class")?,
        search_key: serde_json::from_value(head.get("search_key")?.clone()).ok()?,
        subject: text("subject")?,
        message_id: text("message_id"),
        received: date("received")?,
        sent: date("sent")?,
        read: truth("read")?,
        draft: truth("draft")?,
        flag: text("flag")?,
        categories: serde_json::from_value(head.get("categories")?.clone()).ok()?,
        importance: text("importance")?,
        content: Content::Stored(Bytes::copy_from_slice(content)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_keeps_everything() {
        let mut item = NewItem::new("IPM.Task", "a", Content::Stored("body".into()), DateTime::UNIX_EPOCH);
        (item.read, item.flag, item.categories) = (false, "flagged".into(), vec!["Red".into(), "ä".into()]);
        for padding in [0, 5000] {
            let stream = of_item(&item, padding);
            let back = to_item(&stream).unwrap();
            assert_eq!(format!("{back:?}"), format!("{item:?}"));
            assert!(stream.len() >= padding);
        }
        assert!(to_item(b"no stream").is_none());
        assert!(to_item(&of_item(&item, 0)[..20]).is_none());
    }
}
