//! What an item is recognised by: PR_SEARCH_KEY, class and date of delivery, which an import keeps; id, size and date of creation it does not
//! (microsoft365.md §5.4, part III 1).
//!
//! Copies within a mailbox share all three, so equal evidence is matched as a multiset, in order.

use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::{
    error::{Code, Result, Scope},
    graph::{Item, ItemStore},
    limits,
    mailbox::items::{Patience, next},
    model::{Fingerprint, ReceivedAt},
};

/// Classes of mail begin so: letters, what servers say of them, and meeting mail.
const MAIL: [&str; 3] = ["IPM.Note", "REPORT.", "IPM.Schedule.Meeting"];

/// What is known of an item without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// Over search key, class and date.
    pub(crate) fingerprint: Fingerprint,
    /// When it was delivered, for items that were.
    pub(crate) received_at: Option<ReceivedAt>,
    /// Its size in the store (bytes).
    pub(crate) size: u64,
    /// Its Message-ID, if it has one. What IMAP took has one whatever class Exchange made of it.
    pub(crate) message_id: Option<String>,
    /// Whether its class is one of mail.
    pub(crate) is_mail: bool,
}

impl Evidence {
    fn of(item: &Item) -> Self {
        let delivered = item.delivered();
        let mut hasher = blake3::Hasher::new();
        let date = delivered.map(|date| date.timestamp()).unwrap_or(i64::MIN);
        for part in [item.search_key().unwrap_or_default().as_bytes(), item.class.as_bytes(), &date.to_be_bytes()] {
            hasher.update(&(part.len() as u64).to_be_bytes()).update(part);
        }
        let mut fingerprint = [0; 16];
        hasher.finalize_xof().fill(&mut fingerprint);
        let received_at = delivered.map(|date| ReceivedAt { unix: date.timestamp(), offset: 0 });
        let message_id = item.message_id().map(str::to_owned);
        let is_mail = MAIL.iter().any(|class| item.class.starts_with(class));
        Evidence { fingerprint: Fingerprint(fingerprint), received_at, size: item.size, message_id, is_mail }
    }
}

/// What mail is recognised by where whole items go: its Message-ID and the second in which it was received. Its header is nobody's to read
/// there, and its search key is made where it arrives. Folds in the id count for nothing. It differs from every evidence of an item that went whole.
pub(crate) fn mail_evidence(message_id: &str, received_at: ReceivedAt) -> Fingerprint {
    let message_id: String = message_id.split_whitespace().collect();
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"as mail\0").update(&received_at.unix.to_be_bytes()).update(message_id.as_bytes());
    let mut fingerprint = [0; 16];
    hasher.finalize_xof().fill(&mut fingerprint);
    Fingerprint(fingerprint)
}

/// The evidence of these items of a folder, which holds about `in_all`; those that are not there are left out, and of those that the service
/// cannot show there is none.
///
/// Changes come without it, so it is asked for by itself: one by one, or with the whole list where that takes fewer requests.
///
/// # Errors
/// The mailbox cannot be reached.
pub(crate) async fn evidence(
    store: &ItemStore,
    folder: &str,
    wanted: &HashSet<String>,
    in_all: u64,
) -> Result<HashMap<String, Option<Evidence>>> {
    let mut found = HashMap::with_capacity(wanted.len());
    if wanted.len() as u64 > in_all.div_ceil(limits::GRAPH_PAGE as u64) {
        let mut pages = store.items(folder);
        while found.len() < wanted.len()
            && let Some(page) = next(&mut pages).await?
        {
            let ours = page.iter().filter(|item| wanted.contains(&item.id));
            found.extend(ours.map(|item| (item.id.clone(), Some(Evidence::of(item)))));
        }
    }
    // A list that changes while it is read may leave something out.
    let missing = wanted.iter().filter(|id| !found.contains_key(*id)).cloned();
    let asked = missing.collect::<Vec<_>>().into_iter().map(|id| async move {
        match one(store, folder, &id).await {
            Ok(item) => Ok(Some((id, Some(Evidence::of(&item))))),
            Err(error) if error.code() == Code::ItemVanished => Ok(None),
            Err(error) if error.scope() <= Scope::Message => Ok(Some((id, None))),
            Err(error) => Err(error),
        }
    });
    let single: Vec<_> = stream::iter(asked).buffered(limits::GRAPH_IN_FLIGHT as usize).try_collect().await?;
    found.extend(single.into_iter().flatten());
    Ok(found)
}

async fn one(store: &ItemStore, folder: &str, id: &str) -> Result<Item> {
    let mut patience = Patience::default();
    loop {
        match store.item(folder, id).await {
            Ok(item) => return Ok(item),
            Err(error) => patience.bear(error).await?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(key: &str, class: &str, delivered: Option<&str>, size: u64) -> Item {
        let mut properties = vec![serde_json::json!({ "id": "Binary 0x300b", "value": key })];
        properties.extend(delivered.map(|date| serde_json::json!({ "id": "SystemTime 0xe06", "value": date })));
        let json =
            serde_json::json!({ "id": "A", "type": class, "size": size, "singleValueExtendedProperties": properties });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn key_class_and_date_make_an_item_and_nothing_else() {
        let of = |key, class, date, size| Evidence::of(&item(key, class, date, size)).fingerprint;
        let date = Some("2020-01-02T03:04:05Z");
        let one = of("a", "IPM.Note", date, 7);
        assert_eq!(one, of("a", "IPM.Note", date, 8), "an import changes the size");
        assert_ne!(one, of("b", "IPM.Note", date, 7));
        assert_ne!(one, of("a", "IPM.Note.SMIME", date, 7));
        assert_ne!(one, of("a", "IPM.Note", None, 7));
        assert_eq!(Evidence::of(&item("a", "IPM.Task", None, 7)).received_at, None);
        assert_eq!(Evidence::of(&item("a", "IPM.Note", date, 7)).received_at.unwrap().unix, 1_577_934_245);
    }
}
