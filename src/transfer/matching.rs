//! Which message is which, by evidence; pure.
//!
//! Equal headers are not equal messages (quirks 24 of imapsync's list, 96 of ours): candidates are grouped by fingerprint and matched as
//! multisets inside a group. One found message answers for at most one wanted message.

use std::{
    cmp::Reverse,
    collections::{HashMap, hash_map::Entry},
};

use crate::model::{BodyHash, Fingerprint, ReceivedAt};

/// One message on either side: a ledger row that is wanted, or a UID that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub id: i64,
    pub fingerprint: Fingerprint,
    pub size: u64,
    pub received_at: Option<ReceivedAt>,
    pub hash: Option<BodyHash>,
}

/// How far sizes may differ between two tellings of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tolerance {
    /// The same bytes: the same size.
    Exact,
    /// Another tool or server added a header: 1 KiB or 5 %.
    Close,
    /// The server renders the message anew (microsoft365.md §1.7): half to double, and 4 KiB for small ones.
    Rendered,
}

impl Tolerance {
    /// Whether the two sizes can belong to one message. A size of 0 is one that nobody told: it fits any.
    pub fn admits(self, a: u64, b: u64) -> bool {
        let (small, large) = (a.min(b), a.max(b));
        if small == 0 {
            return true;
        }
        match self {
            Tolerance::Exact => small == large,
            Tolerance::Close => large - small <= 1024.max(large / 20),
            Tolerance::Rendered => large <= small.saturating_mul(2).saturating_add(4096),
        }
    }
}

/// Messages of both sides that share a fingerprint; neither side is empty.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub wanted: Vec<Item>,
    pub found: Vec<Item>,
}

/// Groups both sides by fingerprint; messages without a counterpart are left out.
pub(super) fn group(wanted: impl IntoIterator<Item = Item>, found: impl IntoIterator<Item = Item>) -> Vec<Group> {
    let mut groups: HashMap<Fingerprint, Group> = HashMap::new();
    for item in wanted {
        let empty = || Group { wanted: Vec::new(), found: Vec::new() };
        groups.entry(item.fingerprint).or_insert_with(empty).wanted.push(item);
    }
    for item in found {
        if let Entry::Occupied(mut group) = groups.entry(item.fingerprint) {
            group.get_mut().found.push(item);
        }
    }
    let mut groups: Vec<Group> = groups.into_values().filter(|group| !group.found.is_empty()).collect();
    groups.sort_by_key(|group| group.wanted.first().map(|item| item.id));
    groups
}

impl Group {
    /// Whether there is one message on either side and their sizes can belong together.
    pub fn is_plain(&self, tolerance: Tolerance) -> bool {
        matches!((self.wanted.as_slice(), self.found.as_slice()), ([w], [f]) if tolerance.admits(w.size, f.size))
    }

    /// Pairs (wanted, found) of equal bytes; an equal received date decides between equals.
    pub fn by_hash(&self) -> Vec<(i64, i64)> {
        self.pair(|w, f| w.hash.is_some() && w.hash == f.hash)
    }

    /// Pairs (wanted, found) whose bytes are equal by what the caller knows of them.
    pub fn by_bytes(&self, equal: impl Fn(&Item, &Item) -> bool) -> Vec<(i64, i64)> {
        self.pair(equal)
    }

    /// Pairs (wanted, found) as like as can be told without bytes: equal dates and near sizes first, else in order.
    pub fn by_likeness(&self, tolerance: Tolerance) -> Vec<(i64, i64)> {
        self.pair(|w, f| tolerance.admits(w.size, f.size))
    }

    fn pair(&self, fits: impl Fn(&Item, &Item) -> bool) -> Vec<(i64, i64)> {
        let mut left: Vec<&Item> = self.found.iter().collect();
        let mut pairs = Vec::new();
        // Rows whose date names their counterpart choose first, so that no other row takes it from them.
        let dated = |w: &Item| self.found.iter().any(|f| f.received_at == w.received_at && fits(w, f));
        let mut wanted: Vec<&Item> = self.wanted.iter().collect();
        wanted.sort_by_key(|w| (Reverse(dated(w)), w.id));
        for w in wanted {
            let distance = |f: &Item| (f.received_at != w.received_at, f.size.abs_diff(w.size), f.id);
            let best = left.iter().enumerate().filter(|(_, f)| fits(w, f)).min_by_key(|(_, f)| distance(f));
            if let Some((index, f)) = best.map(|(index, f)| (index, f.id)) {
                left.remove(index);
                pairs.push((w.id, f));
            }
        }
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: i64, print: u8, size: u64, hash: Option<u8>) -> Item {
        let received_at = Some(ReceivedAt { unix: 0, offset: 0 });
        Item { id, fingerprint: Fingerprint([print; 16]), size, received_at, hash: hash.map(|h| BodyHash([h; 32])) }
    }

    #[test]
    fn only_shared_fingerprints_make_a_group() {
        let groups = group([item(1, 1, 5, None), item(2, 2, 5, None)], [item(9, 2, 5, None), item(8, 3, 5, None)]);
        assert_eq!(groups.len(), 1);
        assert!(groups[0].is_plain(Tolerance::Exact));
        assert_eq!(groups[0].by_likeness(Tolerance::Exact), [(2, 9)]);
    }

    #[test]
    fn equal_headers_with_other_bytes_are_other_messages() {
        let groups = group([item(1, 1, 5, Some(1)), item(2, 1, 5, Some(2))], [item(9, 1, 5, Some(2))]);
        assert!(!groups[0].is_plain(Tolerance::Exact));
        assert_eq!(groups[0].by_hash(), [(2, 9)]);
    }

    #[test]
    fn one_found_message_answers_once() {
        let wanted = [item(1, 1, 5, Some(1)), item(2, 1, 5, Some(1)), item(3, 1, 5, Some(1))];
        let groups = group(wanted, [item(8, 1, 5, Some(1)), item(9, 1, 5, Some(1))]);
        assert_eq!(groups[0].by_hash(), [(1, 8), (2, 9)]);
    }

    #[test]
    fn the_date_decides_between_equals() {
        let mut late = item(7, 1, 5, Some(1));
        late.received_at = Some(ReceivedAt { unix: 60, offset: 0 });
        let mut wanted = item(2, 1, 5, Some(1));
        wanted.received_at = late.received_at;
        let groups = group([item(1, 1, 5, Some(1)), wanted], [late]);
        assert_eq!(groups[0].by_hash(), [(2, 7)]);
    }

    #[test]
    fn without_a_hash_nothing_is_equal_by_hash() {
        assert!(group([item(1, 1, 5, None)], [item(9, 1, 5, None)])[0].by_hash().is_empty());
    }

    #[test]
    fn tolerances() {
        assert!(Tolerance::Exact.admits(5, 5) && !Tolerance::Exact.admits(5, 6));
        assert!(Tolerance::Close.admits(100, 140) && !Tolerance::Close.admits(10_000, 20_000));
        assert!(Tolerance::Exact.admits(0, 5) && Tolerance::Close.admits(1_000_000, 0), "untold");
        assert!(Tolerance::Rendered.admits(10_000, 20_000) && !Tolerance::Rendered.admits(10_000, 40_000));
    }
}
