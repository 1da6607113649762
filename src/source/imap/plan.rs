//! How a folder is listed, decided by its counters before it is opened: pure, so that every case has a test.
//!
//! A plan never uses `*`: Exchange refuses it in an empty folder and counts wrongly right after an arrival (quirks 40, 41), and a
//! listing that ends at the frontier can be compared with the message count of the same STATUS.

use super::cursor::Cursor;
use crate::{imap::StatusReply, source::ListingKind};

/// How to list one folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// What the engine is told.
    pub(super) kind: ListingKind,
    /// What to ask of messages below the cursor's frontier.
    pub(super) old: Option<Old>,
    /// UIDs to list with all attributes: the first, and the last unless the server does not say where UIDs end.
    pub(super) new: Option<(u32, Option<u32>)>,
}

/// What to ask of messages below the cursor's frontier, whose highest UID is `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Old {
    /// The flags of all.
    Flags { last: u32 },
    /// The flags of those changed since `modseq`, and what vanished where the server tells that (QRESYNC).
    Changes { last: u32, modseq: u64, vanished: bool },
}

impl Plan {
    /// Whether the folder need not be opened.
    pub(super) fn is_closed(&self) -> bool {
        self.old.is_none() && self.new.is_none()
    }
}

/// The plan for a folder that stands at `now`; `qresync` is enabled on the connection.
pub(super) fn plan(cursor: Option<&Cursor>, now: &StatusReply, qresync: bool) -> Plan {
    let known = cursor.filter(|cursor| now.validity == Some(cursor.validity));
    if known.is_some_and(|cursor| cursor.is_at(now)) {
        return Plan { kind: ListingKind::Unchanged, old: None, new: None };
    }
    if now.messages == Some(0) {
        return Plan { kind: ListingKind::Complete, old: None, new: None };
    }
    let Some(cursor) = known else {
        return Plan { kind: ListingKind::Complete, old: None, new: range(1, now.next) };
    };
    let last = cursor.next.saturating_sub(1);
    let new = range(cursor.next, now.next);
    let (kind, old) = match (cursor.modseq, now.modseq) {
        (Some(modseq), Some(_)) if qresync || cursor.lost_nothing(now) => {
            (ListingKind::Delta, Old::Changes { last, modseq, vanished: qresync })
        }
        _ => (ListingKind::Complete, Old::Flags { last }),
    };
    Plan { kind, old: (last > 0).then_some(old), new }
}

fn range(first: u32, next: Option<u32>) -> Option<(u32, Option<u32>)> {
    match next {
        Some(next) => (next > first).then(|| (first, Some(next - 1))),
        None => Some((first, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURSOR: Cursor = Cursor { validity: 7, next: 100, messages: 90, modseq: Some(5) };

    fn now(next: u32, messages: u64, modseq: Option<u64>) -> StatusReply {
        StatusReply { validity: Some(7), next: Some(next), messages: Some(messages), modseq, ..StatusReply::default() }
    }

    #[test]
    fn a_first_listing_takes_everything_below_the_frontier() {
        let first = plan(None, &now(100, 90, None), false);
        assert_eq!(first, Plan { kind: ListingKind::Complete, old: None, new: Some((1, Some(99))) });
        let renumbered = StatusReply { validity: Some(8), ..now(100, 90, Some(5)) };
        assert_eq!(plan(Some(&CURSOR), &renumbered, true), first);
    }

    #[test]
    fn a_folder_that_stands_still_is_not_opened() {
        let same = plan(Some(&CURSOR), &now(100, 90, Some(5)), false);
        assert!(same.is_closed() && same.kind == ListingKind::Unchanged);
        let empty = plan(Some(&CURSOR), &now(100, 0, Some(6)), true);
        assert!(empty.is_closed() && empty.kind == ListingKind::Complete);
    }

    #[test]
    fn modification_sequences_give_a_delta() {
        let changes = |vanished| Some(Old::Changes { last: 99, modseq: 5, vanished });
        let with_resync = plan(Some(&CURSOR), &now(102, 80, Some(9)), true);
        assert_eq!(with_resync, Plan { kind: ListingKind::Delta, old: changes(true), new: Some((100, Some(101))) });
        let nothing_lost = plan(Some(&CURSOR), &now(102, 92, Some(9)), false);
        assert_eq!(nothing_lost, Plan { kind: ListingKind::Delta, old: changes(false), new: Some((100, Some(101))) });
    }

    #[test]
    fn what_may_be_gone_without_being_told_needs_a_complete_listing() {
        let flags = Some(Old::Flags { last: 99 });
        for counters in [now(102, 91, Some(9)), now(102, 92, None)] {
            let plan = plan(Some(&CURSOR), &counters, false);
            assert_eq!(plan, Plan { kind: ListingKind::Complete, old: flags, new: Some((100, Some(101))) });
        }
    }

    #[test]
    fn a_server_without_uidnext_is_asked_for_all_that_follows() {
        let counters = StatusReply { next: None, ..now(0, 90, None) };
        assert_eq!(plan(Some(&CURSOR), &counters, false).new, Some((100, None)));
        assert_eq!(plan(None, &counters, false).new, Some((1, None)));
    }
}
