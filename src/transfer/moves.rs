//! Messages moved at the source: they are moved at the target too, instead of being copied a second time, where there is evidence.
//!
//! A row that is gone (or whose folder is) and a listed row elsewhere with the same size and date are candidates. The source's own word that
//! both are one message decides, where it gives one ([`Row::content`]), else the body's hash. Only messages that this ledger appended and that still stand at the target are moved. The new place is a durable intent before the
//! move, so that a move cut off in the middle is found again like an append: it is settled first, and one that did not happen
//! is made anew. Left to the copy, it would become a second copy.
//!
//! What its user removed or moved at the target stays as the user left it: the row only learns the message's new place at the
//! source. Unless another row has the same bytes: then nobody can tell which of them that was, and the message is copied.

use std::collections::{HashMap, HashSet};

use super::{bodies, job::Job, reconcile, run::Run, stillness::Goodbyes};
use crate::{
    error::Result,
    ledger::{Correction, Discovered, FolderId, FolderRow, Intent, NewRow, Row, RowId, RowQuery, Settlement, Twin},
    limits,
    model::{FolderName, Role, RowState, TargetUid},
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
        if was_cut_off(run, job, &left).await? {
            reconcile::settle(run, target, job, true, &Goodbyes::default()).await?;
            leave(run, target, folders, &left).await?;
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

type Departed = HashMap<(u64, Option<i64>), Vec<Row>>;

fn likeness(row: &Row) -> (u64, Option<i64>) {
    (row.size, row.received_at.map(|at| at.unix))
}

/// Whether the folder shows every message: what is copied from it lies in no other one.
fn is_of_all(folder: &FolderRow) -> bool {
    folder.role == Some(Role::All) && folder.present && folder.skipped.is_none()
}

/// Rows this ledger copied whose message left its folder: gone by evidence, with a folder that is listed no more, or lying in another
/// one now where it had lain in none (a label was given to mail that had none).
async fn departed(run: &Run, folders: &[FolderRow]) -> Result<Departed> {
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

/// Whether a row in doubt may be a move that an earlier pass did not see to its end.
async fn was_cut_off(run: &Run, job: &Job, left: &Departed) -> Result<bool> {
    for folder in &job.sources {
        if !candidates(run, folder, RowState::Intended, left).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A move out of the place of what has no label was cut off after it happened: the message answers for its row under the label, and no
/// more for the one of before, which does not miss it.
async fn leave(run: &Run, target: &mut dyn TargetSession, folders: &[FolderRow], left: &Departed) -> Result<()> {
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

/// Departed rows like one of the candidates whose message stands at the target as this ledger left it.
async fn standing(target: &mut dyn TargetSession, candidates: &[Row], left: &Departed) -> Result<HashSet<RowId>> {
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

/// Moved at the source, and gone from the target by its user's doing: the row follows, the mailbox stays as it is.
async fn inherit(run: &Run, folders: &[FolderRow], moves: Vec<Move>) -> Result<()> {
    for Move { old, new } in moves {
        if !has_twin(run, folders, &old).await? {
            let follow = Correction::Rekey(old.id, new.folder, new.key);
            run.ledger.correct(run.lease, vec![follow, Correction::Missing(old.id, true)]).await?;
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

fn by_folder(moves: Vec<Move>) -> HashMap<FolderName, Vec<Move>> {
    let mut folders: HashMap<FolderName, Vec<Move>> = HashMap::new();
    for one in moves {
        if let Some(from) = one.old.target_folder.clone() {
            folders.entry(from).or_default().push(one);
        }
    }
    folders
}

async fn carry_out(
    run: &Run,
    target: &mut dyn TargetSession,
    from: &FolderName,
    job: &Job,
    moves: &[Move],
) -> Result<()> {
    for page in moves.chunks(limits::INTENT_BATCH) {
        if *from == job.folder {
            // Two source folders share this target folder: the message stands where it belongs.
            rekey(run, job, page, None).await?;
            continue;
        }
        let mark = target.mark(&job.folder).await?;
        let intents = page.iter().filter_map(|one| intent(one, job, &mark)).collect();
        run.ledger.intend(run.lease, intents).await?;
        let mut uids: Vec<u32> = page.iter().filter_map(|one| one.old.target.map(|at| at.uid)).collect();
        uids.sort_unstable();
        let moved = target.editor().move_messages(from, uids, &job.folder).await?;
        let places: HashMap<u32, Option<TargetUid>> = moved.into_iter().collect();
        let refused = page.iter().filter(|one| one.old.target.is_none_or(|at| !places.contains_key(&at.uid)));
        let listed = refused.map(|one| Settlement::new(one.new.id, RowState::Intended, RowState::Listed)).collect();
        run.ledger.settle(run.lease, listed).await?;
        // It stands at its old place and will at its new one: that is said of it.
        let refused = page.iter().filter(|one| one.old.target.is_none_or(|at| !places.contains_key(&at.uid)));
        let doubled = refused.map(|one| Correction::PossiblyDoubled(one.new.id)).collect();
        run.ledger.correct(run.lease, doubled).await?;
        rekey(run, job, page, Some(&places)).await?;
    }
    Ok(())
}

fn intent(one: &Move, job: &Job, mark: &crate::model::Mark) -> Option<Intent> {
    Some(Intent {
        row: one.new.id,
        target_folder: job.folder.clone(),
        mark: mark.clone(),
        body_hash: one.old.body_hash?,
        fingerprint: one.old.fingerprint?,
        sent_size: one.old.sent_size.unwrap_or(one.old.size),
        rung: one.old.rung,
        repairs: one.old.repairs.clone(),
        applied: one.old.applied.clone(),
        read_at: None,
    })
}

/// The old row goes on under the message's new key: a move is not a new message. Where the target does not tell the new place
/// it is looked for like that of an arrival. `places`: those that were moved; `None` where nothing had to be.
async fn rekey(run: &Run, job: &Job, moves: &[Move], places: Option<&HashMap<u32, Option<TargetUid>>>) -> Result<()> {
    let mut corrections = Vec::with_capacity(moves.len() * 2);
    for one in moves {
        let key = || Correction::Rekey(one.old.id, one.new.folder, one.new.key.clone());
        let Some(places) = places else {
            corrections.push(key());
            continue;
        };
        if let Some(place) = one.old.target.and_then(|at| places.get(&at.uid)) {
            corrections.extend([key(), Correction::Place(one.old.id, job.folder.clone(), *place)]);
        }
    }
    run.ledger.correct(run.lease, corrections).await
}
