//! Messages moved at the source: they are moved at the target too, instead of being copied a second time, where there is evidence.
//!
//! A row that is gone (or whose folder is) and a listed row elsewhere with the same size and date are candidates. The source's own word
//! that both are one message decides, where it gives one ([`Row::content`]), else the body's hash. Only messages that this ledger
//! appended and that still stand at the target are moved. The new place is a durable intent before the move, so that a move cut off in
//! the middle is found again like an append: it is settled first, and one that did not happen is made anew. Left to the copy, it would
//! become a second copy.
//!
//! What its user removed or moved at the target stays as the user left it: the row only learns the message's new place at the
//! source. Unless another row has the same bytes: then nobody can tell which of them that was, and the message is copied.

mod carry;
mod cut_off;
mod departed;

use std::collections::HashSet;

use self::{
    carry::{by_folder, carry_out},
    departed::{Departed, departed, is_of_all, likeness, standing},
};
use super::{
    absence::{self, Absent},
    bodies,
    job::Job,
    reconcile,
    run::Run,
    stillness::Goodbyes,
};
use crate::{
    error::Result,
    ledger::{Correction, Discovered, FolderRow, NewRow, Row, RowId, RowQuery},
    model::RowState,
    source::{FetchItem, SourceSession},
    target::TargetSession,
};

/// A message and where it stands now at the source.
struct Move {
    old: Row,
    new: Row,
}

/// Follows moves of the source at the target.
pub(super) async fn follow(
    run: &Run,
    source: &mut dyn SourceSession,
    target: &mut dyn TargetSession,
    folders: &[FolderRow],
    jobs: &[Job],
) -> Result<()> {
    if departed(run, folders).await?.is_empty() {
        return Ok(());
    }
    for job in jobs.iter().filter(|job| job.was_renumbered()) {
        // Or nothing there would be found to stand at its place.
        reconcile::settle(run, target, job, true, &Goodbyes::default()).await?;
    }
    let mut left = departed(run, folders).await?;
    let max_line = target.capabilities().max_line;
    for job in jobs {
        if cut_off::was_cut_off(run, job, &left).await? {
            reconcile::settle(run, target, job, true, &Goodbyes::default()).await?;
            cut_off::leave(run, target, folders, &left).await?;
        }
        for folder in &job.sources {
            let candidates = candidates(run, folder, RowState::Listed, &left).await?;
            if candidates.is_empty() {
                continue;
            }
            let standing = standing(target, &candidates, &left).await?;
            let moves = pair_up(run, source, folder, candidates, &mut left, &standing, max_line).await?;
            let (standing, lost): (Vec<Move>, Vec<Move>) =
                moves.into_iter().partition(|one| standing.contains(&one.old.id));
            for (from, moves) in by_folder(standing) {
                carry_out(run, target, &from, job, &moves).await?;
                show_again(run, folders, &moves).await?;
            }
            inherit(run, folders, lost).await?;
        }
    }
    Ok(())
}

async fn candidates(run: &Run, folder: &FolderRow, state: RowState, left: &Departed) -> Result<Vec<Row>> {
    let states = vec![state];
    let mut query =
        RowQuery { folder: Some(folder.id), states, in_scope: Some(true), gone: Some(false), ..Run::page() };
    let mut found = Vec::new();
    loop {
        let page = run.ledger.rows(run.lease.pair, query.clone()).await?;
        let Some(last) = page.last() else { return Ok(found) };
        query.after = Some(last.id);
        found.extend(page.into_iter().filter(|row| left.contains_key(&likeness(row))));
    }
}

/// Pairs candidates with the departed rows that are the same message, with those that stand at the target first.
async fn pair_up(
    run: &Run,
    source: &mut dyn SourceSession,
    folder: &FolderRow,
    candidates: Vec<Row>,
    left: &mut Departed,
    standing: &HashSet<RowId>,
    max_line: Option<usize>,
) -> Result<Vec<Move>> {
    let named = |new: &Row| left.get(&likeness(new)).is_some_and(|rows| rows.iter().any(|old| is_named(old, new)));
    let item = |row: &Row| FetchItem { row: row.id, id: row.key.id.clone(), size: row.size };
    let items = candidates.iter().filter(|new| !named(new)).map(item).collect();
    let epoch = folder.epoch.unwrap_or_default();
    let forms = bodies::forms(run, source, &folder.name, epoch, items, max_line).await?;
    let mut moves = Vec::new();
    for new in candidates {
        let Some(rows) = left.get_mut(&likeness(&new)) else { continue };
        let has_form = |hash| forms.get(&new.id).is_some_and(|forms| forms.contains(&hash));
        let same = |old: &Row| is_named(old, &new) || old.body_hash.is_some_and(has_form);
        let best = rows.iter().position(|old| same(old) && standing.contains(&old.id));
        if let Some(at) = best.or_else(|| rows.iter().position(same)) {
            moves.push(Move { old: rows.swap_remove(at), new });
        }
    }
    Ok(moves)
}

/// Whether the source says that both are one message.
fn is_named(old: &Row, new: &Row) -> bool {
    old.content.is_some() && old.content == new.content && old.key.version == new.key.version
}

/// The folder of all messages goes on to show what was moved out of its place: its row went along, and another one takes its key.
async fn show_again(run: &Run, folders: &[FolderRow], moves: &[Move]) -> Result<()> {
    for all in folders.iter().filter(|folder| is_of_all(folder)) {
        let shown = moves.iter().filter(|one| one.old.folder == all.id && !one.old.gone);
        let new = shown.map(|Move { old, .. }| NewRow {
            key: old.key.clone(),
            size: old.size,
            received_at: old.received_at,
            flags: old.flags.clone(),
            in_scope: false,
            content: old.content.clone(),
            fingerprint: None,
        });
        run.ledger.discovered(run.lease, all.id, Discovered { new: new.collect(), ..Discovered::default() }).await?;
    }
    Ok(())
}

/// Moved at the source, and not at the target any more: the row follows, the mailbox stays as it is. Whose doing that was is judged once.
async fn inherit(run: &Run, folders: &[FolderRow], moves: Vec<Move>) -> Result<()> {
    for Move { old, new } in moves {
        if !has_twin(run, folders, &old).await? {
            let mut learnt = vec![Correction::Rekey(old.id, new.folder, new.key)];
            if let (Some(folder), Some(absent)) = (&old.target_folder, Absent::of(&old)) {
                learnt.extend(absence::judge(run, folder, &[absent]).await?);
            }
            run.ledger.correct(run.lease, learnt).await?;
        }
    }
    Ok(())
}

/// Whether another message of the same bytes arrived.
async fn has_twin(run: &Run, folders: &[FolderRow], old: &Row) -> Result<bool> {
    for folder in folders {
        let twins = RowQuery {
            folder: Some(folder.id),
            states: vec![RowState::Copied, RowState::AlreadyPresent],
            gone: Some(false),
            body_hash: old.body_hash,
            limit: 1,
            ..RowQuery::default()
        };
        if !run.ledger.rows(run.lease.pair, twins).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}
