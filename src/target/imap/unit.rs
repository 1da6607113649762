//! What goes as one command: a message, or a MULTIAPPEND of several (RFC 3502).

use crate::{
    imap::{Command, ResponseCode, uidset},
    limits,
    model::{FolderName, TargetUid},
    target::AppendItem,
};

use super::kept::Kept;

/// The messages of one APPEND command.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) items: Vec<AppendItem>,
}

impl Unit {
    /// How a group goes: with `together` its small messages in runs, each as one MULTIAPPEND, so that the order is kept.
    /// A literal above `eager` waits for the server's "go on", and a folder must not be held for that: it goes alone. So does any
    /// large message, whose refusal would cost the upload of its neighbours too, and a suspect.
    pub(super) fn of_group(group: Vec<AppendItem>, together: bool, eager: u64) -> Vec<Unit> {
        let mut units: Vec<Unit> = Vec::new();
        let mut open = false;
        for item in group {
            let small = item.body.len() <= eager.min(limits::SPOOL_THRESHOLD) && !item.suspect;
            match units.last_mut() {
                Some(unit) if open && small && unit.items.len() < limits::INTENT_BATCH => unit.items.push(item),
                _ => units.push(Unit { items: vec![item] }),
            }
            open = together && small;
        }
        units
    }

    /// Whether it must be in flight alone.
    pub(super) fn is_suspect(&self) -> bool {
        self.items.iter().any(|item| item.suspect)
    }

    /// The same messages, each by itself: after a refusal, of which nothing was stored.
    pub(super) fn singles(self) -> impl DoubleEndedIterator<Item = Unit> {
        self.items.into_iter().map(|item| Unit { items: vec![item] })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.items.iter().map(|item| item.body.len()).sum()
    }

    /// Whether every literal goes without waiting for the server.
    pub(super) fn is_eager(&self, eager: u64) -> bool {
        self.items.iter().all(|item| item.body.len() <= eager)
    }

    /// The command.
    pub(super) fn command(&self, folder: &FolderName, kept: &Kept) -> Command {
        self.items.iter().fold(Command::new("APPEND").folder(folder), |command, item| {
            let flags = kept.of(&item.flags);
            let command = if flags.is_empty() { command } else { command.flags(&flags) };
            let command = item.received_at.into_iter().fold(command, Command::date);
            command.body(item.body.clone())
        })
    }

    /// Where each message is now, by APPENDUID; a count that does not fit tells nothing.
    pub(super) fn places(&self, code: &ResponseCode) -> Vec<Option<TargetUid>> {
        let none = vec![None; self.items.len()];
        let ResponseCode::AppendUid(validity, ranges) = code else { return none };
        let uids = uidset::expand(ranges, self.items.len() + 1);
        if uids.len() != self.items.len() {
            return none;
        }
        uids.into_iter().map(|uid| Some(TargetUid { validity: *validity, uid })).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        body::Body,
        model::{Fingerprint, Flags},
    };

    fn item(row: i64, len: usize) -> AppendItem {
        AppendItem {
            row,
            body: Body::from_bytes(vec![b'x'; len]),
            fingerprint: Fingerprint([0; 16]),
            flags: Flags::default(),
            received_at: None,
            suspect: false,
        }
    }

    fn rows(units: &[Unit]) -> Vec<Vec<i64>> {
        units.iter().map(|unit| unit.items.iter().map(|item| item.row).collect()).collect()
    }

    #[test]
    fn small_messages_go_together_and_large_ones_alone_in_order() {
        let group = || vec![item(1, 5), item(2, 5), item(3, 500), item(4, 5), item(5, 5)];
        assert_eq!(rows(&Unit::of_group(group(), true, 100)), [vec![1, 2], vec![3], vec![4, 5]]);
        assert_eq!(rows(&Unit::of_group(group(), false, 100)), [[1], [2], [3], [4], [5]]);
        assert!(!Unit::of_group(group(), true, 100)[1].is_eager(100));
    }

    #[test]
    fn a_unit_is_bounded() {
        let group = (0..150).map(|row| item(row, 1)).collect();
        let sizes: Vec<usize> = Unit::of_group(group, true, 100).iter().map(|unit| unit.items.len()).collect();
        assert_eq!(sizes, [64, 64, 22]);
    }

    #[test]
    fn each_message_of_a_multiappend_gets_its_uid_in_order() {
        let unit = Unit { items: vec![item(1, 1), item(2, 1), item(3, 1)] };
        let uids = |code| unit.places(&code).into_iter().map(|at| at.map(|at| at.uid)).collect::<Vec<_>>();
        assert_eq!(uids(ResponseCode::AppendUid(7, vec![(3, 4), (9, 9)])), [Some(3), Some(4), Some(9)]);
        assert_eq!(uids(ResponseCode::AppendUid(7, vec![(3, u32::MAX)])), [None; 3]);
        assert_eq!(uids(ResponseCode::None), [None; 3]);
    }
}
