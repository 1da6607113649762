//! The list of source folders becomes ledger rows; a folder renamed at the source keeps its row.
//!
//! All folders are listed before anything is concluded, so that one that disappeared and one that appeared pair one to one. A rename needs
//! positive evidence: the same epoch and, message by message, the headers that were copied. Without it the folder counts as new.

use std::collections::HashSet;

use super::rename;
use crate::{
    error::Result,
    ledger::{FolderListing, FolderRow, RowQuery},
    limits,
    model::RowState,
    source::{FetchItem, SourceFolder, SourceSession},
    target::{TargetFolder, TargetSession},
    transfer::run::Run,
};

/// What the ledger keeps of a listed folder.
pub(super) fn listing(folder: SourceFolder) -> FolderListing {
    let SourceFolder { name, path, role, class, subscribed, skipped, messages: _ } = folder;
    FolderListing { name, path, role, class, subscribed, skipped }
}

/// Follows renames, before the list of folders is recorded.
pub(super) async fn follow_renames(
    run: &Run,
    source: &mut dyn SourceSession,
    target: &mut dyn TargetSession,
    listed: &[SourceFolder],
    there: &mut Vec<TargetFolder>,
) -> Result<()> {
    let known = run.ledger.folders(run.lease.pair).await?;
    if source.capabilities().lasting_names {
        return follow_ids(run, target, &known, listed, there).await;
    }
    let names: HashSet<_> = listed.iter().map(|l| &l.name).collect();
    let known_names: HashSet<_> = known.iter().map(|f| &f.name).collect();
    let mut disappeared: Vec<_> =
        known.iter().filter(|f| f.present && f.epoch.is_some() && !names.contains(&f.name)).collect();
    let appeared: Vec<_> =
        listed.iter().filter(|l| l.skipped.is_none() && !known_names.contains(&l.name)).cloned().map(listing).collect();
    if disappeared.is_empty() || appeared.is_empty() {
        return Ok(());
    }
    let wanted: Vec<_> = appeared.iter().map(|l| l.name.clone()).collect();
    let epochs = source.epochs(&wanted).await?;
    // A rename takes the folders below along, so the uppermost is followed first.
    disappeared.sort_by_key(|f| f.path.0.len());
    for old in disappeared {
        let same_epoch = appeared.iter().zip(&epochs).filter(|(_, epoch)| **epoch == old.epoch).map(|(l, _)| l);
        for new in same_epoch {
            if holds_the_same(run, source, old, new).await? {
                tracing::info!(from = %old.path, to = %new.path, "A folder was renamed at the source.");
                rename::follow(run, target, there, &known, old, new).await?;
                run.ledger.rename_folder(run.lease, old.id, new.clone()).await?;
                break;
            }
        }
    }
    Ok(())
}

/// The same where a folder's name is an id: that is evidence enough, and the ledger's row learns the new path with the list.
async fn follow_ids(
    run: &Run,
    target: &mut dyn TargetSession,
    known: &[FolderRow],
    listed: &[SourceFolder],
    there: &mut Vec<TargetFolder>,
) -> Result<()> {
    let mut renamed: Vec<(&FolderRow, &SourceFolder)> = Vec::new();
    for new in listed.iter().filter(|new| new.skipped.is_none()) {
        renamed.extend(known.iter().find(|old| old.name == new.name && old.path != new.path).map(|old| (old, new)));
    }
    renamed.sort_by_key(|(old, _)| old.path.0.len());
    for (old, new) in renamed {
        tracing::info!(from = %old.path, to = %new.path, "A folder was renamed at the source.");
        rename::follow(run, target, there, known, old, &listing(new.clone())).await?;
    }
    Ok(())
}

/// Whether messages of `old` that were copied stand under their ids in `new`, header for header.
async fn holds_the_same(
    run: &Run,
    source: &mut dyn SourceSession,
    old: &FolderRow,
    new: &FolderListing,
) -> Result<bool> {
    let arrived = vec![RowState::Copied, RowState::AlreadyPresent];
    let query = RowQuery {
        folder: Some(old.id),
        states: arrived,
        gone: Some(false),
        limit: limits::RENAME_SAMPLE,
        ..RowQuery::default()
    };
    let rows = run.ledger.rows(run.lease.pair, query).await?;
    // A repaired message was sent with another header than the source shows.
    let rows: Vec<_> = rows.into_iter().filter(|row| row.rung == 0 && row.fingerprint.is_some()).collect();
    let items = rows.iter().map(|row| FetchItem { row: row.id, id: row.key.id.clone(), size: row.size }).collect();
    let told = source.fingerprints(&new.name, old.epoch.unwrap_or_default(), items).await?;
    let equal = |(row, print): &(i64, _)| rows.iter().any(|r| r.id == *row && r.fingerprint == Some(*print));
    Ok(!told.is_empty() && told.iter().all(equal))
}
