//! One FETCH that is under way, and what its completion means for the messages that did not come.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    body::Promise,
    error::{Error, Result},
    imap::{ResponseCode, Tag, Tagged, Verdict},
    model::Reason,
    source::FetchItem,
};

/// A message that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) uid: u32,
    pub(super) row: i64,
    pub(super) size: u64,
    /// It was asked for before, and did not come.
    pub(super) again: bool,
}

/// A message that was not delivered, and why.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) item: Item,
    pub(super) reason: Reason,
}

impl Item {
    /// # Errors
    /// The id is not one that this adapter told.
    pub(super) fn of(item: &FetchItem) -> Result<Self> {
        let bytes = item.id.as_slice().try_into().map_err(|_| Error::bug("an IMAP id is a UID in four bytes"))?;
        Ok(Item { uid: u32::from_be_bytes(bytes), row: item.row, size: item.size, again: false })
    }
}

/// What a command asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The messages.
    Bodies,
    /// Whether they are still there.
    Check,
}

/// A command that is under way and the messages that it has not answered.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) tag: Tag,
    pub(super) kind: Kind,
    pub(super) items: BTreeMap<u32, Item>,
    asked: usize,
    seen: BTreeSet<u32>,
    promise: Option<Promise>,
}

/// What a completion means for the messages that did not come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// All came.
    Complete,
    /// These did not come, without a word why.
    Missing(Vec<Item>),
    /// The server cannot deliver one of these.
    Halves(Vec<Item>, Vec<Item>),
    /// The server cannot deliver this one.
    Poison(Item),
    /// Those that are still there, and those that are not.
    Checked { there: Vec<Item>, gone: Vec<Item> },
}

impl Flight {
    pub(super) fn new(tag: Tag, kind: Kind, group: Vec<Item>, promise: Option<Promise>) -> Self {
        let items: BTreeMap<u32, Item> = group.into_iter().map(|item| (item.uid, item)).collect();
        Flight { tag, kind, asked: items.len(), items, seen: BTreeSet::new(), promise }
    }

    /// The message of this UID, which came.
    pub(super) fn take(&mut self, uid: u32) -> Option<Item> {
        let item = self.items.remove(&uid)?;
        self.promise.iter_mut().for_each(|promise| promise.keep(item.size));
        Some(item)
    }

    /// Bytes that are still to come.
    pub(super) fn bytes(&self) -> u64 {
        match self.kind {
            Kind::Bodies => self.items.values().map(|item| item.size).sum(),
            Kind::Check => 0,
        }
    }

    /// Messages that came.
    pub(super) fn arrived(&self) -> u32 {
        u32::try_from(self.asked - self.items.len()).unwrap_or(u32::MAX)
    }

    /// The server told this UID and nothing of its message: the answer to a check.
    pub(super) fn see(&mut self, uid: u32) {
        if self.kind == Kind::Check && self.items.contains_key(&uid) {
            self.seen.insert(uid);
        }
    }

    /// What the completion means.
    pub(super) fn answer(self, tagged: &Tagged) -> Answer {
        let mut left: Vec<Item> = self.items.into_values().collect();
        if self.kind == Kind::Check {
            let (there, gone) = left.into_iter().partition(|item| self.seen.contains(&item.uid));
            return Answer::Checked { there, gone };
        }
        if left.is_empty() {
            return Answer::Complete;
        }
        if tagged.verdict == Verdict::Ok || says_gone(tagged) {
            return Answer::Missing(left);
        }
        match left.as_slice() {
            [one] => Answer::Poison(*one),
            _ => {
                let other = left.split_off(left.len() / 2);
                Answer::Halves(left, other)
            }
        }
    }
}

/// Whether the server says that messages of the set were expunged (RFC 5530; microsoft365.md §1.8).
fn says_gone(tagged: &Tagged) -> bool {
    matches!(&tagged.code, ResponseCode::Other(word, _) if word == "EXPUNGEISSUED")
        || tagged.text.to_ascii_lowercase().contains("no longer exist")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(uid: u32) -> Item {
        Item { uid, row: i64::from(uid), size: 10, again: false }
    }

    fn flight(kind: Kind, uids: &[u32]) -> Flight {
        Flight::new(Tag(1), kind, uids.iter().map(|uid| item(*uid)).collect(), None)
    }

    fn said(verdict: Verdict, text: &str) -> Tagged {
        Tagged { tag: Tag(1), verdict, code: ResponseCode::None, text: text.to_owned() }
    }

    #[test]
    fn a_refused_set_is_halved_down_to_the_poison() {
        let no = said(Verdict::No, "UID FETCH Server error while fetching messages");
        let halves = flight(Kind::Bodies, &[1, 2, 3]).answer(&no);
        assert_eq!(halves, Answer::Halves(vec![item(1)], vec![item(2), item(3)]));
        assert_eq!(flight(Kind::Bodies, &[2]).answer(&no), Answer::Poison(item(2)));
    }

    #[test]
    fn what_came_is_not_condemned_with_the_rest() {
        let mut flight = flight(Kind::Bodies, &[1, 2]);
        flight.items.remove(&1);
        assert_eq!(flight.bytes(), 10);
        assert_eq!(flight.answer(&said(Verdict::No, "error")), Answer::Poison(item(2)));
    }

    #[test]
    fn a_message_that_did_not_come_is_looked_for() {
        for reply in [said(Verdict::Ok, "done"), said(Verdict::No, "Some of the requested messages no longer exist")] {
            assert_eq!(flight(Kind::Bodies, &[4]).answer(&reply), Answer::Missing(vec![item(4)]));
        }
        assert_eq!(flight(Kind::Bodies, &[]).answer(&said(Verdict::Ok, "done")), Answer::Complete);
        let mut check = flight(Kind::Check, &[4, 5]);
        check.see(5);
        let told = check.answer(&said(Verdict::Ok, "done"));
        assert_eq!(told, Answer::Checked { there: vec![item(5)], gone: vec![item(4)] });
    }
}
