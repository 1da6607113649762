//! What a finished listing of a folder leaves for the next one.

use crate::imap::StatusReply;

/// The form of the bytes; another one is not read, and the folder is listed anew.
const VERSION: u8 = 1;

/// The frontier of a listing: the folder's counters from *before* it began, so that what arrived meanwhile is found next time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// UIDVALIDITY.
    pub(super) validity: u32,
    /// UIDNEXT: everything below was listed.
    pub(super) next: u32,
    /// MESSAGES.
    pub(super) messages: u64,
    /// HIGHESTMODSEQ, where the server keeps one for this folder.
    pub(super) modseq: Option<u64>,
}

impl Cursor {
    /// The bytes that the ledger keeps.
    pub(super) fn encode(self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.validity.to_be_bytes());
        bytes.extend(self.next.to_be_bytes());
        bytes.extend(self.messages.to_be_bytes());
        bytes.extend(self.modseq.unwrap_or_default().to_be_bytes());
        bytes
    }

    /// The opposite of [`Cursor::encode`]; `None` for bytes of another version.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        let (validity, rest) = rest.split_first_chunk()?;
        let (next, rest) = rest.split_first_chunk()?;
        let (messages, rest) = rest.split_first_chunk()?;
        let modseq = u64::from_be_bytes(rest.try_into().ok()?);
        (*version == VERSION).then_some(Cursor {
            validity: u32::from_be_bytes(*validity),
            next: u32::from_be_bytes(*next),
            messages: u64::from_be_bytes(*messages),
            modseq: Some(modseq).filter(|modseq| *modseq > 0),
        })
    }

    /// Whether the folder stands exactly where this cursor was taken: only a modification sequence can tell, for flags change
    /// without moving any other counter.
    pub(super) fn is_at(&self, now: &StatusReply) -> bool {
        self.modseq.is_some()
            && self.modseq == now.modseq
            && now.validity == Some(self.validity)
            && now.next == Some(self.next)
            && now.messages == Some(self.messages)
    }

    /// Whether no message can be gone since: as many came as UIDs were given out.
    pub(super) fn lost_nothing(&self, now: &StatusReply) -> bool {
        let (Some(next), Some(messages)) = (now.next, now.messages) else { return false };
        messages.checked_sub(self.messages) == next.checked_sub(self.next).map(u64::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURSOR: Cursor = Cursor { validity: 7, next: 100, messages: 90, modseq: Some(1 << 40) };

    fn now(next: u32, messages: u64, modseq: u64) -> StatusReply {
        StatusReply {
            validity: Some(7),
            next: Some(next),
            messages: Some(messages),
            modseq: Some(modseq),
            ..StatusReply::default()
        }
    }

    #[test]
    fn bytes_come_back_and_strange_ones_do_not() {
        for cursor in [CURSOR, Cursor { modseq: None, ..CURSOR }] {
            assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        }
        let mut newer = CURSOR.encode();
        newer[0] = 2;
        assert_eq!(Cursor::decode(&newer), None);
        assert_eq!(Cursor::decode(&CURSOR.encode()[..20]), None);
    }

    #[test]
    fn without_a_modification_sequence_nothing_is_unchanged_for_certain() {
        assert!(CURSOR.is_at(&now(100, 90, 1 << 40)));
        assert!(!CURSOR.is_at(&now(100, 90, 3)));
        assert!(!Cursor { modseq: None, ..CURSOR }.is_at(&StatusReply { modseq: None, ..now(100, 90, 0) }));
    }

    #[test]
    fn a_loss_is_excluded_only_when_every_new_uid_is_there() {
        assert!(CURSOR.lost_nothing(&now(100, 90, 1)) && CURSOR.lost_nothing(&now(103, 93, 1)));
        // One came and one went, or two came of which one is gone already.
        assert!(!CURSOR.lost_nothing(&now(101, 90, 1)) && !CURSOR.lost_nothing(&now(102, 91, 1)));
        assert!(!CURSOR.lost_nothing(&now(100, 89, 1)));
    }
}
