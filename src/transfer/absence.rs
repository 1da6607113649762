//! Messages that arrived and are not at the target any more: whose doing that is.
//!
//! One that a verification had found there was taken away by its user, which is no loss and stays so. One that no verification ever saw may have
//! been lost by the target, and counts as an exception until it is found. Either way it is not copied a second time, wherever the source moves
//! it: a mailbox that was renumbered in between cannot tell the two apart. A row is judged once: later it would be taken for one that was seen.

use super::run::Run;
use crate::{
    error::Result,
    ledger::{Correction, Row, RowId},
    model::{FolderName, RowState, TargetUid},
};

/// A row whose message is not where it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Absent {
    pub row: RowId,
    /// Where it was.
    pub at: TargetUid,
    /// It was found there when it was adopted.
    pub adopted: bool,
}

/// What is to be learnt of rows that are missing in `folder`, in their order.
pub(super) async fn judge(run: &Run, folder: &FolderName, absent: &[Absent]) -> Result<Vec<Correction>> {
    if absent.is_empty() {
        return Ok(Vec::new());
    }
    let known = run.ledger.target_folder(run.lease.pair, folder).await?.unwrap_or_default();
    let was_seen = |one: &Absent| one.adopted || one.at.validity == known.validity && one.at.uid < known.seen;
    let learn = |one: &Absent| match was_seen(one) {
        true => Correction::RemovedByUser(one.row),
        false => Correction::Missing(one.row, true),
    };
    Ok(absent.iter().map(learn).collect())
}

impl Absent {
    /// A row that is missing for the first time; `None`: that was told before, or it had no place.
    pub fn of(row: &Row) -> Option<Absent> {
        let at = row.target.filter(|_| !row.missing_at_target)?;
        Some(Absent { row: row.id, at, adopted: row.state == RowState::AlreadyPresent })
    }
}
