//! The messages of one session by number, and what is told of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::ids;
use crate::{
    model::BodyHash,
    pop3::{Size, UniqueId},
};

/// What was told of the messages, before each of them has an id.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Sizes by number: the messages that there are.
    pub(super) sizes: BTreeMap<u32, u64>,
    uidls: HashMap<u32, Vec<u8>>,
}

impl Told {
    /// A line of LIST.
    pub(super) fn size(&mut self, size: Size) {
        self.sizes.insert(size.number, size.bytes);
    }

    /// A line of UIDL.
    pub(super) fn uidl(&mut self, told: UniqueId) {
        self.uidls.insert(told.number, told.id);
    }

    /// Messages that must be read to be known: without a unique id, or with one of several, now or before.
    pub(super) fn nameless(&self, repeated: &BTreeSet<Vec<u8>>) -> Vec<u32> {
        let is_named = |number: &u32| self.uidls.get(number).is_some_and(|uidl| !repeated.contains(uidl));
        self.sizes.keys().copied().filter(|number| !is_named(number)).collect()
    }

    /// Unique ids that stand for several messages, and those that did `before`.
    pub(super) fn repeated(&self, before: &BTreeSet<Vec<u8>>) -> BTreeSet<Vec<u8>> {
        let (mut seen, mut repeated) = (BTreeSet::new(), before.clone());
        for uidl in self.sizes.keys().filter_map(|number| self.uidls.get(number)) {
            if !seen.insert(uidl) {
                repeated.insert(uidl.clone());
            }
        }
        repeated
    }

    /// The maildrop, with the contents of those that are nameless. What could not be read has no identity, and is counted
    /// alone.
    pub(super) fn named(self, contents: &BTreeMap<u32, BodyHash>, repeated: BTreeSet<Vec<u8>>) -> Maildrop {
        let mut twins: HashMap<BodyHash, u32> = HashMap::new();
        let (mut messages, mut unread) = (BTreeMap::new(), 0);
        for (number, bytes) in self.sizes {
            let uidl = self.uidls.get(&number);
            let id = match (uidl.filter(|uidl| !repeated.contains(*uidl)), contents.get(&number)) {
                (Some(uidl), _) => ids::by_uidl(uidl),
                (None, Some(hash)) => ids::by_content(*hash, next(&mut twins, *hash)),
                (None, None) => {
                    unread += 1;
                    continue;
                }
            };
            messages.insert(id, Message { number, bytes });
        }
        Maildrop { messages, repeated, unread }
    }
}

/// Which of its equals the next one is, from 1.
fn next(twins: &mut HashMap<BodyHash, u32>, hash: BodyHash) -> u32 {
    let twin = twins.entry(hash).or_default();
    *twin += 1;
    *twin
}

/// A message of this session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) number: u32,
    /// Its size by the server's account.
    pub(super) bytes: u64,
}

/// The messages of one session by id.
#[derive(Debug, Default)]
pub(super) struct Maildrop {
    pub(super) messages: BTreeMap<Vec<u8>, Message>,
    /// Unique ids that stood for several messages, now or before.
    pub(super) repeated: BTreeSet<Vec<u8>>,
    /// Messages without a unique id of their own that the server does not deliver: they may be any that are known by their content.
    pub(super) unread: u64,
}

impl Maildrop {
    /// The message of this id.
    pub(super) fn get(&self, id: &[u8]) -> Option<Message> {
        self.messages.get(id).copied()
    }

    /// Whether the message of this id is certainly not there any more.
    pub(super) fn is_gone(&self, id: &[u8]) -> bool {
        let may_be_unread = self.unread > 0 && ids::is_by_content(id);
        !may_be_unread && !self.messages.contains_key(id)
    }

    /// Whether the server seems to give out other ids than those in `known`: most of these are gone at once and others are there, or a
    /// unique id in it became that of several messages.
    pub(super) fn is_renumbered(&self, known: &BTreeSet<Vec<u8>>) -> bool {
        let kept = self.messages.keys().filter(|id| known.contains(*id)).count();
        let vanished = known.iter().filter(|id| self.is_gone(id)).count();
        let new = self.messages.len() - kept;
        let split = self.repeated.iter().any(|uidl| known.contains(&ids::by_uidl(uidl)));
        new > 0 && (vanished * 2 > known.len() || split)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(uidls: &[Option<&str>]) -> Told {
        let mut told = Told::default();
        for (number, uidl) in (1..).zip(uidls) {
            told.size(Size { number, bytes: 100 });
            if let Some(uidl) = uidl {
                told.uidl(UniqueId { number, id: uidl.as_bytes().to_vec() });
            }
        }
        told
    }

    fn hash(n: u8) -> BodyHash {
        BodyHash([n; 32])
    }

    fn drop_of(uidls: &[&str]) -> Maildrop {
        let all: Vec<_> = uidls.iter().map(|uidl| Some(*uidl)).collect();
        told(&all).named(&BTreeMap::new(), BTreeSet::new())
    }

    fn known(maildrop: &Maildrop) -> BTreeSet<Vec<u8>> {
        maildrop.messages.keys().cloned().collect()
    }

    #[test]
    fn messages_without_a_name_of_their_own_go_by_content() {
        let told = told(&[Some("a"), Some("b"), None, Some("b"), Some("c"), None]);
        let repeated = told.repeated(&BTreeSet::from([b"c".to_vec()]));
        assert_eq!(told.nameless(&repeated), [2, 3, 4, 5, 6]);
        let contents = [(2, 1), (3, 1), (4, 2), (5, 3)].map(|(number, n)| (number, hash(n)));
        let maildrop = told.named(&contents.into(), repeated);
        assert_eq!(maildrop.get(&ids::by_uidl(b"a")).unwrap().number, 1);
        assert_eq!(maildrop.get(&ids::by_content(hash(1), 1)).unwrap().number, 2);
        assert_eq!(maildrop.get(&ids::by_content(hash(1), 2)).unwrap().number, 3, "equal, and two");
        assert_eq!((maildrop.messages.len(), maildrop.unread), (5, 1));
        assert!(!maildrop.is_gone(&ids::by_content(hash(9), 1)), "it may be the one that could not be read");
        assert!(maildrop.is_gone(&ids::by_uidl(b"x")));
    }

    #[test]
    fn new_ids_for_most_messages_are_another_life() {
        let before = known(&drop_of(&["a", "b", "c", "d"]));
        assert!(!drop_of(&["a", "b", "c", "d", "e"]).is_renumbered(&before), "one came");
        assert!(!drop_of(&["d"]).is_renumbered(&before), "three went");
        assert!(!drop_of(&[]).is_renumbered(&before));
        assert!(!drop_of(&["c", "d", "e"]).is_renumbered(&before), "two went and one came");
        assert!(drop_of(&["d", "e", "f"]).is_renumbered(&before));
        assert!(drop_of(&["w", "x", "y", "z"]).is_renumbered(&before));
        assert!(!drop_of(&["a"]).is_renumbered(&BTreeSet::new()));
        let split = told(&[Some("a"), Some("a"), Some("b"), Some("c"), Some("d")]);
        let repeated = split.repeated(&BTreeSet::new());
        let split = split.named(&[(1, hash(1)), (2, hash(2))].into(), repeated);
        assert!(split.is_renumbered(&before), "what is one of two was known by its unique id");
    }
}
