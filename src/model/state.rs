//! The states of a ledger row and the moves between them.

use crate::error::Code;

/// Where one placement stands. Rows move by compare-and-set along [`RowState::may_become`] only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowState {
    /// Seen at the source, nothing done yet.
    Listed,
    /// About to be appended; found at start it is in doubt.
    Intended,
    /// At the target, put there by us.
    Copied,
    /// At the target, found there.
    AlreadyPresent,
    /// Known by rule not to be transferable.
    Skipped,
    /// Refused or unreadable after every attempt.
    Failed,
    /// Gone from the source before it could be read.
    Vanished,
}

impl RowState {
    /// All states, in the order of the count equation.
    pub const ALL: [RowState; 7] = [
        RowState::Listed,
        RowState::Intended,
        RowState::Copied,
        RowState::AlreadyPresent,
        RowState::Skipped,
        RowState::Failed,
        RowState::Vanished,
    ];

    /// Whether a row may move from `self` to `next`.
    pub fn may_become(self, next: RowState) -> bool {
        use RowState::*;
        matches!(
            (self, next),
            (Listed, Intended | AlreadyPresent | Skipped | Failed | Vanished)
                | (Intended, Copied | Listed | Failed | Skipped | Intended)
                | (Skipped | Failed, Listed)
        )
    }

    /// A stable number, as the ledger keeps it.
    pub fn number(self) -> i64 {
        self as i64
    }
    /// The opposite of [`RowState::number`].
    pub fn from_number(number: i64) -> Option<RowState> {
        RowState::ALL.get(usize::try_from(number).ok()?).copied()
    }
}

/// Why a row was skipped, failed or waits: a stable code and the words of the side that decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The stable kind.
    pub code: Code,
    /// The server's own words, or ours where the rule is ours.
    pub words: String,
}
