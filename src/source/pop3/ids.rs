//! Which message is which, in a protocol whose numbers last for one session.
//!
//! A unique id (UIDL, RFC 1939 §7) is behind its length, so that the ids of one server, which mostly count up, stand in the order of arrival.
//! Where a server tells none, or one for several messages, the content is the id: the hash of its bytes and which of its equals it is.

use crate::model::BodyHash;

/// The first byte of an id by content; no unique id has this length.
const BY_CONTENT: u8 = 0;

/// The id of a message with this unique id. One that is longer than RFC 1939 §7 lets it be is cut to its hash.
pub(super) fn by_uidl(uidl: &[u8]) -> Vec<u8> {
    match u8::try_from(uidl.len()) {
        Ok(len) => [&[len], uidl].concat(),
        Err(_) => [&[u8::MAX], blake3::hash(uidl).to_hex().as_bytes()].concat(),
    }
}

/// The id of the `twin`th of the messages with this content.
pub(super) fn by_content(hash: BodyHash, twin: u32) -> Vec<u8> {
    [&[BY_CONTENT][..], &hash.0, &twin.to_be_bytes()].concat()
}

/// Whether `id` may be that of a message with this content; any may that is no id by content.
pub(super) fn fits(id: &[u8], hash: BodyHash) -> bool {
    match id.split_first() {
        Some((&BY_CONTENT, rest)) => rest.starts_with(&hash.0),
        _ => true,
    }
}

/// Whether it is an id by content.
pub(super) fn is_by_content(id: &[u8]) -> bool {
    id.first() == Some(&BY_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_count_stand_in_their_order() {
        let mut ids: Vec<Vec<u8>> = ["10", "9", "100", "1"].iter().map(|uidl| by_uidl(uidl.as_bytes())).collect();
        ids.sort();
        assert_eq!(ids, ["1", "9", "10", "100"].map(|uidl| by_uidl(uidl.as_bytes())));
    }

    #[test]
    fn no_two_forms_meet() {
        let hash = BodyHash([7; 32]);
        let long = by_uidl(&[b'x'; 300]);
        assert_ne!(long, by_uidl(&[b'x'; 301]));
        assert!(!is_by_content(&long) && is_by_content(&by_content(hash, 0)));
        assert!(fits(&by_content(hash, 1), hash) && !fits(&by_content(hash, 1), BodyHash([8; 32])));
        assert!(fits(&by_uidl(b"a"), hash));
    }
}
