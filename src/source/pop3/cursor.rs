//! What a finished listing leaves for the next one: the ids of the maildrop, as they were told.

use std::collections::BTreeSet;

use crate::limits;

/// The messages that the ledger knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Under which life of the maildrop: another one begins when a server gives out new ids.
    pub(super) epoch: u64,
    /// Their ids.
    pub(super) known: BTreeSet<Vec<u8>>,
    /// Unique ids that were told for several messages. Those messages go by their content even when one is left.
    pub(super) repeated: BTreeSet<Vec<u8>>,
    /// Whether each was told with its date.
    pub(super) dated: bool,
}

/// The form of the bytes, which tells whether they are of a listing with dates.
const UNDATED: u8 = 1;
const DATED: u8 = 2;

impl Cursor {
    /// The bytes that the ledger keeps: of each id only what differs from the one before.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![if self.dated { DATED } else { UNDATED }];
        bytes.extend_from_slice(&self.epoch.to_be_bytes());
        put(&mut bytes, &self.known);
        put(&mut bytes, &self.repeated);
        bytes
    }

    /// The opposite of [`Cursor::encode`]; `None` for bytes of another form: the maildrop is listed whole.
    pub(super) fn decode(bytes: &[u8]) -> Option<Cursor> {
        let (form, mut rest) = bytes.split_first()?;
        let dated = match *form {
            UNDATED => false,
            DATED => true,
            _ => return None,
        };
        let epoch = u64::from_be_bytes(*take::<8>(&mut rest)?);
        let (known, repeated) = (get(&mut rest)?, get(&mut rest)?);
        rest.is_empty().then_some(Cursor { epoch, known, repeated, dated })
    }
}

fn put(bytes: &mut Vec<u8>, ids: &BTreeSet<Vec<u8>>) {
    let count = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&count.to_be_bytes());
    let mut before: &[u8] = &[];
    for id in ids {
        let shared = before.iter().zip(id).take(255).take_while(|(a, b)| a == b).count();
        let rest = id.get(shared..).unwrap_or_default();
        // No id is longer than its length byte and 255 bytes.
        bytes.push(u8::try_from(shared).unwrap_or(0));
        bytes.extend_from_slice(&u16::try_from(rest.len()).unwrap_or(0).to_be_bytes());
        bytes.extend_from_slice(rest);
        before = id;
    }
}

fn get(rest: &mut &[u8]) -> Option<BTreeSet<Vec<u8>>> {
    let count = u32::from_be_bytes(*take::<4>(rest)?) as usize;
    let mut ids = BTreeSet::new();
    let mut before: Vec<u8> = Vec::new();
    for _ in 0..count.min(limits::POP3_MESSAGES) {
        let [shared] = *take::<1>(rest)?;
        let len = usize::from(u16::from_be_bytes(*take::<2>(rest)?));
        let (own, after) = rest.split_at_checked(len)?;
        *rest = after;
        let id = [before.get(..usize::from(shared))?, own].concat();
        ids.insert(id.clone());
        before = id;
    }
    Some(ids)
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::{super::ids, *};

    #[test]
    fn ids_come_back_and_take_little_room() {
        let known = (0..100_000).map(|n| ids::by_uidl(format!("{n:08x}61a2b3c4").as_bytes()));
        let repeated = BTreeSet::from([b"a".to_vec(), vec![b'x'; 255]]);
        let cursor = Cursor { epoch: 3, known: known.collect(), repeated, dated: true };
        let bytes = cursor.encode();
        assert!(bytes.len() < 100_000 * 14, "{}", bytes.len());
        assert_eq!(Cursor::decode(&bytes), Some(cursor));
    }

    #[test]
    fn strange_bytes_are_no_cursor() {
        let bytes = Cursor { epoch: 1, known: BTreeSet::from([ids::by_uidl(b"a")]), ..Cursor::default() }.encode();
        for len in 0..bytes.len() {
            assert_eq!(Cursor::decode(&bytes[..len]), None);
        }
        assert_eq!(Cursor::decode(&[&bytes[..], b"x"].concat()), None);
        assert_eq!(Cursor::decode(&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 9, 0, 0]), None, "shares what is not there");
    }
}
