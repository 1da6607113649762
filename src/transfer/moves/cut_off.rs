//! Moves that an earlier pass did not see to its end.

use std::collections::HashSet;

use super::{
    candidates,
    departed::{Departed, is_of_all, standing},
};
use crate::{
    error::Result,
    ledger::{Correction, FolderId, FolderRow, Row, RowId, Twin},
    limits,
    model::RowState,
    target::TargetSession,
    transfer::{job::Job, run::Run},
};

/// Whether a row in doubt may be a move that an earlier pass did not see to its end.
pub(super) async fn was_cut_off(run: &Run, job: &Job, left: &Departed) -> Result<bool> {
    for folder in &job.sources {
        if !candidates(run, folder, RowState::Intended, left).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A move out of the place of what has no label was cut off after it happened: the message answers for its row under the label, and no
/// more for the one of before, which does not miss it.
pub(super) async fn leave(
    run: &Run,
    target: &mut dyn TargetSession,
    folders: &[FolderRow],
    left: &Departed,
) -> Result<()> {
    let all: HashSet<FolderId> = folders.iter().filter(|folder| is_of_all(folder)).map(|folder| folder.id).collect();
    let rows = left.values().flatten().filter(|row| all.contains(&row.folder) && !row.gone);
    let rows: Vec<Row> = rows.cloned().collect();
    let standing = standing(target, &rows, left).await?;
    let moved: Vec<RowId> = rows.iter().map(|row| row.id).filter(|row| !standing.contains(row)).collect();
    for page in moved.chunks(limits::LEDGER_PAGE) {
        let twins = run.ledger.twins(run.lease.pair, page.to_vec()).await?;
        let arrived = twins.into_iter().filter(|(_, twin)| matches!(twin, Twin::Arrived(_)));
        let corrections = arrived.map(|(row, _)| Correction::Removed(row)).collect();
        run.ledger.correct(run.lease, corrections).await?;
    }
    Ok(())
}
