//! Zimbra's messages in the engine's words.

use crate::{
    model::{ContentId, Flags, ReceivedAt, SystemFlags},
    source::{Listed, keyword::keyword},
    zimbra::Message,
};

/// The id that the ledger keeps: four big-endian bytes, so that byte order is the order of numbers.
pub(super) fn key(id: u32) -> Vec<u8> {
    id.to_be_bytes().to_vec()
}

/// The opposite of [`key`]; `None` if this adapter never told it.
pub(super) fn id(key: &[u8]) -> Option<u32> {
    key.try_into().ok().map(u32::from_be_bytes)
}

/// A message as it is told.
pub(super) fn listed(message: &Message) -> Listed {
    Listed {
        id: key(message.id),
        version: message.revision.to_be_bytes().to_vec(),
        size: message.size,
        received_at: Some(ReceivedAt { unix: message.received.div_euclid(1000), offset: 0 }),
        flags: flags(message),
        content: Some(ContentId(key(message.id))),
        fingerprint: None,
    }
}

/// Flags by their letters, and tags as keywords (zimbra.md §4.4). What says what is in the message (attachment, importance, invitation) is told
/// by the message itself.
fn flags(message: &Message) -> Flags {
    let has = |letter: char| message.flags.contains(letter);
    let system = [
        (!has('u'), SystemFlags::SEEN),
        (has('r'), SystemFlags::ANSWERED),
        (has('f'), SystemFlags::FLAGGED),
        (has('x'), SystemFlags::DELETED),
        (has('d'), SystemFlags::DRAFT),
    ];
    let set = system.into_iter().filter(|(is, _)| *is);
    let system = set.fold(SystemFlags::default(), |flags, (_, flag)| flags.union(flag));
    let known = [('w', "$Forwarded"), ('n', "$MDNSent")].into_iter().filter(|(letter, _)| has(*letter));
    let tags = message.tags.iter().map(|tag| keyword(tag)).filter(|keyword| !keyword.is_empty());
    Flags { system, keywords: known.map(|(_, name)| name.to_owned()).chain(tags).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(flags: &str, tags: &[&str]) -> Message {
        let tags = tags.iter().map(|&tag| tag.to_owned()).collect();
        Message {
            id: 257,
            folder: 2,
            revision: 9,
            received: 1_078_024_183_999,
            size: 12,
            flags: flags.to_owned(),
            tags,
        }
    }

    #[test]
    fn letters_become_flags_and_tags_keywords() {
        let told = listed(&message("urfxdwa!", &["Kunde", "Rot, wichtig"]));
        let names = ["\\Answered", "\\Flagged", "\\Deleted", "\\Draft", "$Forwarded", "Kunde", "Rot,_wichtig"];
        assert_eq!(told.flags, Flags::from_names(names));
        assert_eq!(listed(&message("", &[])).flags, Flags::from_names(["\\Seen"]));
        assert_eq!(told.received_at, Some(ReceivedAt { unix: 1_078_024_183, offset: 0 }));
    }

    #[test]
    fn ids_keep_their_order_as_bytes() {
        assert!(key(255) < key(256) && key(70_000) > key(257));
        assert_eq!((id(&key(257)), id(b"257#1")), (Some(257), None));
    }
}
