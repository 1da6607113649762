//! What a message's categories become: only our own difference is applied. What its user set stays, what its user took away stays away.
//!
//! A name that is wanted and was there before we ever wrote it is its user's too, and goes on being so when nothing at the source asks for it any more.

use std::collections::BTreeSet;

use crate::ledger::Carried;

/// Whose a message's categories are.
#[derive(Clone, Debug, Default)]
pub(super) struct Owned {
    /// Those that it has from us.
    pub applied: BTreeSet<String>,
    /// Those that were asked for last and may have been set.
    pub asked: BTreeSet<String>,
    /// Those that it had before us.
    pub theirs: BTreeSet<String>,
}

impl Owned {
    /// As the ledger knows it.
    pub fn of(carried: &Carried) -> Self {
        let set = |names: &[String]| names.iter().cloned().collect();
        Owned { applied: set(&carried.categories), asked: set(&carried.asked), theirs: set(&carried.theirs) }
    }

    /// Takes note of what the message `has`, before `wanted` is given to it.
    pub fn meet(&mut self, has: &[String], wanted: &BTreeSet<String>) {
        let found = has.iter().filter(|name| is_in(wanted, name) && !self.is_from_us(name));
        let found: Vec<String> = found.cloned().collect();
        self.theirs.extend(found);
    }

    /// What the message is to have that has these.
    pub fn difference(&self, has: &[String], wanted: &BTreeSet<String>) -> Vec<String> {
        let stays = |name: &&String| is_in(wanted, name) || is_in(&self.theirs, name) || !self.is_from_us(name);
        let kept: Vec<String> = has.iter().filter(stays).cloned().collect();
        let is_new = |name: &&String| !is_in(&self.applied, name) && !kept.iter().any(|one| is_same(one, name));
        let new: Vec<String> = wanted.iter().filter(is_new).cloned().collect();
        [kept, new].concat()
    }

    fn is_from_us(&self, name: &str) -> bool {
        is_in(&self.applied, name) || is_in(&self.asked, name)
    }
}

fn is_in(names: &BTreeSet<String>, name: &str) -> bool {
    names.iter().any(|one| is_same(one, name))
}

/// Names that differ only in case are one category in Outlook.
fn is_same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(ToString::to_string).collect()
    }

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    /// (has, wanted, applied) → what is set.
    #[test]
    fn only_our_own_difference_is_applied() {
        let on = |has: &[&str], wanted: &[&str], applied: &[&str]| {
            let mut owned = Owned { applied: set(applied), ..Owned::default() };
            owned.meet(&list(has), &set(wanted));
            owned.difference(&list(has), &set(wanted))
        };
        assert_eq!(on(&[], &["Work"], &[]), ["Work"]);
        assert_eq!(on(&["Red"], &["Work"], &[]), ["Red", "Work"], "the user's own stays");
        assert_eq!(on(&["Red", "Work"], &["Family"], &["Work"]), ["Red", "Family"], "a label was taken, another given");
        assert_eq!(
            on(&["Red"], &["Work", "Family"], &["Work"]),
            ["Red", "Family"],
            "what the user took away stays away"
        );
        assert_eq!(on(&["Work"], &["Work"], &[]), ["Work"]);
        assert_eq!(on(&["work"], &["Work"], &[]), ["work"], "names have no case");
    }

    #[test]
    fn what_was_there_before_us_stays_when_its_label_goes() {
        let mut owned = Owned::default();
        owned.meet(&list(&["work", "Red"]), &set(&["Work", "Family"]));
        assert_eq!(owned.theirs, set(&["work"]));
        owned.applied = set(&["Work", "Family"]);
        assert_eq!(owned.difference(&list(&["work", "Red", "Family"]), &set(&[])), ["work", "Red"]);
    }

    #[test]
    fn what_was_asked_for_and_not_written_down_is_ours() {
        let mut owned = Owned { asked: set(&["Work"]), ..Owned::default() };
        owned.meet(&list(&["Work"]), &set(&["Work"]));
        assert!(owned.theirs.is_empty());
        assert_eq!(owned.difference(&list(&["Work"]), &set(&[])), [] as [&str; 0]);
        assert_eq!(owned.difference(&[], &set(&["Work"])), ["Work"], "it was not set after all");
    }
}
