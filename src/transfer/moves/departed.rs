//! What left its folder at the source, and which of it still stands at the target as this ledger left it.
//!
//! Evidence only: a row is gone, its folder is listed no more, or a label was given to mail that had none. A listing that failed is none.

use std::collections::{HashMap, HashSet};

use crate::{
    error::Result,
    ledger::{FolderRow, Row, RowId, RowQuery},
    limits,
    model::{FolderName, Role, RowState, TargetUid},
    target::TargetSession,
    transfer::{bodies, run::Run},
};

/// Rows that left, by what they are like ([`likeness`]).
pub(super) type Departed = HashMap<(u64, Option<i64>), Vec<Row>>;

/// What two rows of one message share, whatever folder it is in: its size and its date.
pub(super) fn likeness(row: &Row) -> (u64, Option<i64>) {
    (row.size, row.received_at.map(|at| at.unix))
}

/// Whether the folder shows every message: what is copied from it lies in no other one.
pub(super) fn is_of_all(folder: &FolderRow) -> bool {
    folder.role == Some(Role::All) && folder.present && folder.skipped.is_none()
}

/// Rows this ledger copied whose message left its folder: gone by evidence, with a folder that is listed no more, or lying in another
/// one now where it had lain in none (a label was given to mail that had none).
pub(super) async fn departed(run: &Run, folders: &[FolderRow]) -> Result<Departed> {
    let copied = || RowQuery { states: vec![RowState::Copied], removed: Some(false), ..Run::page() };
    let gone = RowQuery { gone: Some(true), ..copied() };
    let absent = folders.iter().filter(|folder| !folder.present);
    let with_folder = absent.map(|folder| RowQuery { folder: Some(folder.id), gone: Some(false), ..copied() });
    let mut departed = Departed::new();
    let mut count = 0;
    for all in folders.iter().filter(|folder| is_of_all(folder)) {
        let mut after = None;
        loop {
            let page = run.ledger.relabelled(run.lease.pair, all.id, after).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            count += page.len();
            if count > limits::MOVES_MOST {
                return Ok(departed);
            }
            for row in page.into_iter().filter(|row| row.body_hash.is_some()) {
                departed.entry(likeness(&row)).or_default().push(row);
            }
        }
    }
    for mut query in std::iter::once(gone).chain(with_folder) {
        loop {
            let page = run.ledger.rows(run.lease.pair, query.clone()).await?;
            let Some(last) = page.last() else { break };
            query.after = Some(last.id);
            count += page.len();
            if count > limits::MOVES_MOST {
                return Ok(departed);
            }
            for row in page.into_iter().filter(|row| row.body_hash.is_some()) {
                departed.entry(likeness(&row)).or_default().push(row);
            }
        }
    }
    Ok(departed)
}

/// Departed rows like one of the candidates whose message stands at the target as this ledger left it.
pub(super) async fn standing(
    target: &mut dyn TargetSession,
    candidates: &[Row],
    left: &Departed,
) -> Result<HashSet<RowId>> {
    let mut folders: HashMap<&FolderName, Vec<(TargetUid, RowId)>> = HashMap::new();
    let like: HashSet<_> = candidates.iter().map(likeness).collect();
    for row in left.iter().filter(|(key, _)| like.contains(key)).flat_map(|(_, rows)| rows) {
        if let (Some(folder), Some(at)) = (&row.target_folder, row.target) {
            folders.entry(folder).or_default().push((at, row.id));
        }
    }
    let mut standing = HashSet::new();
    for (folder, mut places) in folders {
        places.sort_unstable_by_key(|(at, _)| at.uid);
        let there = bodies::attributes(target, folder, places.iter().map(|(at, _)| at.uid).collect()).await?;
        let stands = |(at, _): &&(TargetUid, RowId)| there.get(&at.uid).is_some_and(|found| found.at == *at);
        standing.extend(places.iter().filter(stands).map(|(_, row)| *row));
    }
    Ok(standing)
}
