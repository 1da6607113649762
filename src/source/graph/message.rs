//! Graph's messages in the engine's words.

use std::collections::BTreeMap;

use crate::{
    graph::{Change, Message},
    model::{ContentId, Flags, ReceivedAt, SystemFlags},
    source::{Listed, keyword::keyword},
};

/// Stands between a draft's id and its version: no id holds one, and it sorts below every character of one.
const MARK: char = '#';

/// The id that the ledger keeps: the immutable one, and for a draft its version too, for its content changes under its id.
fn key(id: &str, version: Option<&String>) -> Vec<u8> {
    match version {
        Some(version) => format!("{id}{MARK}{version}").into_bytes(),
        None => id.as_bytes().to_vec(),
    }
}

/// The immutable id in one that the ledger keeps; `None` if this adapter never told it.
pub(super) fn immutable(key: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(key).ok()?;
    Some(text.split(MARK).next().unwrap_or(text).to_owned())
}

/// A message as it is told. Only mail that was sent is the same message wherever it lies: a draft becomes another one by being sent.
fn listed(message: &Message) -> Listed {
    let version = message.is_draft.then_some(&message.change_key);
    let received_at = message.received_date_time.map(|date| ReceivedAt { unix: date.timestamp(), offset: 0 });
    Listed {
        id: key(&message.id, version),
        version: Vec::new(),
        size: 0,
        received_at,
        flags: flags(message),
        content: (!message.is_draft).then(|| ContentId(message.id.as_bytes().to_vec())),
        fingerprint: None,
    }
}

/// Read, flagged, draft; categories become keywords. A finished flag is none, and Graph tells of no answer in its lists.
pub(in crate::source) fn flags(message: &Message) -> Flags {
    let system = [
        (message.is_read, SystemFlags::SEEN),
        (message.is_flagged(), SystemFlags::FLAGGED),
        (message.is_draft, SystemFlags::DRAFT),
    ];
    let set = system.into_iter().filter(|(is, _)| *is);
    let system = set.fold(SystemFlags::default(), |flags, (_, flag)| flags.union(flag));
    Flags { system, keywords: message.categories.iter().map(|name| keyword(name)).filter(|k| !k.is_empty()).collect() }
}

/// A page of changes, ready to be told. The last word about a message holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// Ascending by id.
    pub(super) listed: Vec<Listed>,
    pub(super) gone: Vec<Vec<u8>>,
}

impl Page {
    /// Of `changes`; `drafts` are those that were told before, and become those that are told now.
    pub(super) fn of(changes: Vec<Change<Message>>, drafts: &mut BTreeMap<String, String>) -> Self {
        let mut last: BTreeMap<String, Option<Message>> = BTreeMap::new();
        for change in changes {
            match change {
                Change::Here(message) => last.insert(message.id.clone(), Some(message)),
                Change::Gone(id) => last.insert(id, None),
            };
        }
        let mut page = Page::default();
        for (id, message) in last {
            let before = drafts.remove(&id);
            let Some(message) = message else {
                page.gone.push(key(&id, before.as_ref()));
                continue;
            };
            let now = message.is_draft.then(|| message.change_key.clone());
            if before.is_some() && before != now {
                page.gone.push(key(&id, before.as_ref()));
            }
            page.listed.push(listed(&message));
            drafts.extend(now.map(|version| (id, version)));
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str, version: &str, draft: bool) -> Message {
        let json = serde_json::json!({ "id": id, "changeKey": version, "isDraft": draft, "isRead": true,
            "receivedDateTime": "2020-01-02T03:04:05Z", "flag": { "flagStatus": "flagged" }, "categories": ["Rote Kategorie", "Größe"] });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn marks_become_flags_and_categories_keywords() {
        let told = listed(&message("AAk=", "CQ1", false));
        assert_eq!(told.flags, Flags::from_names(["\\Seen", "\\Flagged", "Rote_Kategorie", "Gr&APYA3w-e"]));
        assert_eq!(told.received_at, Some(ReceivedAt { unix: 1_577_934_245, offset: 0 }));
        assert_eq!((told.id.as_slice(), told.content), (&b"AAk="[..], Some(ContentId(b"AAk=".to_vec()))));
    }

    #[test]
    fn a_draft_is_known_by_its_version_and_is_no_other_message() {
        let mut drafts = BTreeMap::new();
        let first = Page::of(vec![Change::Here(message("AAk=", "v1", true))], &mut drafts);
        assert_eq!((first.listed[0].id.as_slice(), &first.listed[0].content), (&b"AAk=#v1"[..], &None));
        assert_eq!(immutable(&first.listed[0].id).as_deref(), Some("AAk="));
        let edited = Page::of(vec![Change::Here(message("AAk=", "v2", true))], &mut drafts);
        assert_eq!((edited.gone, edited.listed[0].id.as_slice()), (vec![b"AAk=#v1".to_vec()], &b"AAk=#v2"[..]));
        let same = Page::of(vec![Change::Here(message("AAk=", "v2", true))], &mut drafts);
        assert!(same.gone.is_empty());
        let sent = Page::of(vec![Change::Here(message("AAk=", "v3", false))], &mut drafts.clone());
        assert_eq!((sent.gone, sent.listed[0].id.as_slice()), (vec![b"AAk=#v2".to_vec()], &b"AAk="[..]));
        let removed = Page::of(vec![Change::Gone("AAk=".to_owned())], &mut drafts);
        assert_eq!((removed.gone, drafts.len()), (vec![b"AAk=#v2".to_vec()], 0));
    }

    #[test]
    fn the_last_word_of_a_page_holds() {
        let here = || Change::Here(message("AAk=", "v1", false));
        let gone = || Change::Gone("AAk=".to_owned());
        let page = Page::of(vec![here(), gone()], &mut BTreeMap::new());
        assert_eq!((page.listed.len(), page.gone.len()), (0, 1));
        let page = Page::of(vec![gone(), here(), here()], &mut BTreeMap::new());
        assert_eq!((page.listed.len(), page.gone.len()), (1, 0));
    }
}
