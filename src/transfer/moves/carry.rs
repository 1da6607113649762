//! A move is carried out: a durable intent at the new place, MOVE at the target, and the old row goes on under the message's new key.

use std::collections::HashMap;

use super::Move;
use crate::{
    error::Result,
    ledger::{Correction, Intent, Settlement},
    limits,
    model::{FolderName, Mark, RowState, TargetUid},
    target::TargetSession,
    transfer::{job::Job, run::Run},
};

pub(super) fn by_folder(moves: Vec<Move>) -> HashMap<FolderName, Vec<Move>> {
    let mut folders: HashMap<FolderName, Vec<Move>> = HashMap::new();
    for one in moves {
        if let Some(from) = one.old.target_folder.clone() {
            folders.entry(from).or_default().push(one);
        }
    }
    folders
}

pub(super) async fn carry_out(
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

fn intent(one: &Move, job: &Job, mark: &Mark) -> Option<Intent> {
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
