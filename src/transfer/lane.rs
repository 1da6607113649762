//! Lanes: folders side by side, each folder written by one connection in source order.
//!
//! One folder's work, top to bottom: settle what is in doubt, adopt what is there, copy, climb the ladder with what was refused,
//! find the places, apply flags, mirror deletions, verify. A lost session starts that folder's work again from the ledger.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::task::JoinSet;

use super::{
    Attention, Deletions, Event, PassKind, Severity, Stage, VerifyLevel, adopt, copy, flags,
    job::Job,
    mirror, reconcile, refusals,
    retry::Budget,
    run::Run,
    sides::Sides,
    verify::{self, Differences},
};
use crate::{
    error::{Error, Result, Scope},
    ledger::{FolderRow, RowQuery, Settlement},
    model::RowState,
};

/// What all lanes together found.
#[derive(Default)]
pub(super) struct Walked {
    pub differences: Differences,
    /// Folders that could not be worked on.
    pub failed: u64,
    /// Whether the target renders mail anew, so that only kept fields were verified.
    pub rendered: bool,
    /// Time spent in verification, summed over lanes.
    pub verify_time: std::time::Duration,
}

/// Works through `jobs` on up to `lanes` pairs of sessions; the first pair is `sides`.
pub(super) async fn walk(run: &Arc<Run>, sides: Sides, jobs: Vec<Job>, lanes: usize, mirror: bool) -> Result<Walked> {
    let queue = Arc::new(Mutex::new(VecDeque::from(jobs)));
    let mut set = JoinSet::new();
    let mut first = Some(sides);
    for _ in 0..lanes.max(1) {
        let sides = first.take().unwrap_or_default();
        set.spawn(lane(run.clone(), sides, queue.clone(), mirror));
    }
    let mut walked = Walked::default();
    let mut failure = None;
    while let Some(ended) = set.join_next().await {
        match ended.unwrap_or_else(|panic| Err(Error::bug("a lane of the transfer").with_source(panic))) {
            Ok(part) => {
                walked.differences.add(part.differences);
                walked.failed += part.failed;
                walked.verify_time += part.verify_time;
            }
            Err(error) => {
                // What stops the mailbox stops the other lanes too, after they recorded what they know.
                failure.get_or_insert(error);
                queue.lock().unwrap_or_else(PoisonError::into_inner).clear();
            }
        }
    }
    failure.map_or(Ok(walked), Err)
}

async fn lane(run: Arc<Run>, mut sides: Sides, queue: Arc<Mutex<VecDeque<Job>>>, mirror: bool) -> Result<Walked> {
    let mut walked = Walked::default();
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    while let Some(job) = next() {
        run.go_on()?;
        match with_retries(&run, &mut sides, &job, mirror, &mut walked).await {
            Ok(()) => {}
            Err(error) if error.scope() <= Scope::Folder => {
                walked.failed += 1;
                sides.forget();
                run.attend(line(&job, &error));
            }
            Err(error) => return Err(error),
        }
    }
    sides.close().await;
    Ok(walked)
}

fn line(job: &Job, error: &Error) -> Attention {
    let mut line = Attention::new(Severity::Block, error.code(), error.side(), job.weight());
    line.folder = Some(job.path.to_string());
    line.reply = error.reply().map(str::to_owned);
    line
}

async fn with_retries(run: &Run, sides: &mut Sides, job: &Job, mirror: bool, walked: &mut Walked) -> Result<()> {
    let mut budget = Budget::new();
    loop {
        let mut arrived = 0;
        let ended = work(run, sides, job, mirror, walked, &mut arrived).await;
        let Err(error) = ended else { return Ok(()) };
        if arrived > 0 {
            budget.refill();
        }
        budget.again(run, sides, error).await?;
    }
}

/// One folder's work.
async fn work(
    run: &Run,
    sides: &mut Sides,
    job: &Job,
    mirror: bool,
    walked: &mut Walked,
    arrived: &mut u64,
) -> Result<()> {
    if run.options.pass == PassKind::Verify {
        return compare(run, sides, job, walked).await;
    }
    let open = has_rows(run, job, &[RowState::Listed]).await?;
    if !open && job.untouched() && !has_loose_ends(run, job).await? {
        return Ok(());
    }
    if let Some(folder) = job.sources.first() {
        run.tell(Event::Folder(folder.path.clone()));
    }
    copy_all(run, sides, job, open, arrived).await?;
    let target = sides.target(run).await?;
    flags::apply(run, target, job).await?;
    if mirror && matches!(run.options.deletions, Deletions::Mirror { .. }) {
        mirror::apply(run, target, job).await?;
    }
    run.go_on()?;
    if run.options.verify == VerifyLevel::None {
        let status = target.status(&job.folder).await?;
        return verify::remember(run, job, status, false).await;
    }
    compare(run, sides, job, walked).await
}

async fn copy_all(run: &Run, sides: &mut Sides, job: &Job, open: bool, arrived: &mut u64) -> Result<()> {
    let arrivals = reconcile::settle(run, sides.target(run).await?, &job.folder).await?;
    let status = arrivals.status;
    if open || has_rows(run, job, &[RowState::Listed]).await? {
        let (source, target) = sides.both(run).await?;
        adopt::adopt(run, source, target, job, arrivals).await?;
    }
    verify::remember(run, job, status, false).await?;
    for folder in &job.sources {
        vanish(run, folder).await?;
        copy_one(run, sides, job, folder, arrived).await?;
    }
    reconcile::place_arrived(run, sides.target(run).await?, &job.folder).await
}

async fn copy_one(run: &Run, sides: &mut Sides, job: &Job, folder: &FolderRow, arrived: &mut u64) -> Result<()> {
    if !folder_has(run, folder, &[RowState::Listed]).await? {
        return Ok(());
    }
    let (source, target) = sides.both(run).await?;
    let (copied, ended) = copy::copy(run, source, target, job, folder, copy::Feed::Listed).await;
    *arrived += copied.arrived;
    ended?;
    *arrived += refusals::climb(run, sides, job, folder, copied.refused).await?;
    run.go_on()
}

/// Listed messages that are gone from the source can't be copied any more.
async fn vanish(run: &Run, folder: &FolderRow) -> Result<()> {
    let states = vec![RowState::Listed];
    let query = RowQuery { folder: Some(folder.id), states, gone: Some(true), ..Run::page() };
    loop {
        let page = run.ledger.rows(run.lease.pair, query.clone()).await?;
        if page.is_empty() {
            return Ok(());
        }
        let vanished = page.iter().map(|row| Settlement::new(row.id, RowState::Listed, RowState::Vanished)).collect();
        run.ledger.settle(run.lease, vanished).await?;
    }
}

async fn compare(run: &Run, sides: &mut Sides, job: &Job, walked: &mut Walked) -> Result<()> {
    run.tell(Event::Stage(Stage::Verify));
    let begun = crate::clock::instant();
    let differences = verify::verify(run, sides.target(run).await?, job).await?;
    walked.differences.add(differences);
    walked.verify_time += begun.elapsed();
    Ok(())
}

async fn has_rows(run: &Run, job: &Job, states: &[RowState]) -> Result<bool> {
    for folder in &job.sources {
        if folder_has(run, folder, states).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn folder_has(run: &Run, folder: &FolderRow, states: &[RowState]) -> Result<bool> {
    let query = RowQuery { folder: Some(folder.id), states: states.to_vec(), limit: 1, ..RowQuery::default() };
    let in_scope = RowQuery { in_scope: Some(true), ..query };
    Ok(!run.ledger.rows(run.lease.pair, in_scope).await?.is_empty())
}

/// Rows in doubt, without a place, with flags to apply or to be mirrored.
async fn has_loose_ends(run: &Run, job: &Job) -> Result<bool> {
    let here = || RowQuery { target_folder: Some(job.folder.clone()), limit: 1, ..RowQuery::default() };
    let mut queries = vec![
        RowQuery { states: vec![RowState::Intended], ..here() },
        RowQuery { flags_differ: true, has_target: Some(true), gone: Some(false), ..here() },
    ];
    if matches!(run.options.deletions, Deletions::Mirror { .. }) {
        queries.push(RowQuery {
            states: vec![RowState::Copied],
            gone: Some(true),
            removed: Some(false),
            missing_at_target: Some(false),
            ..here()
        });
    }
    for query in queries {
        if !run.ledger.rows(run.lease.pair, query).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}
