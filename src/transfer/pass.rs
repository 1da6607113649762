//! One pass over one pair, top to bottom.

use std::sync::Arc;

use super::{
    Event, PassKind, Stage, VerifyLevel, discover,
    job::Job,
    lane::{self, Walked},
    mirror, moves,
    retry::Budget,
    run::Run,
    sides::Sides,
    targets,
};
use crate::{
    error::Result,
    ledger::{FolderRow, RowQuery, Settlement},
    model::RowState,
};

/// Walks the pass. Everything it learns is in the ledger when it returns, whatever it returns.
pub(super) async fn walk(run: &Arc<Run>) -> Result<Walked> {
    let mut sides = Sides::default();
    let folders = look(run, &mut sides).await?;
    tell_scope(run).await?;
    let jobs = prepare(run, &mut sides, &folders).await?;
    let mirror = mirror::allowed(run).await?;
    let lanes = lanes(run, &mut sides, &jobs).await?;
    let rendered = jobs.iter().any(|job| !job.keeps_bytes);
    run.tell(Event::Stage(Stage::Copy));
    let mut walked = lane::walk(run, sides, jobs, lanes, mirror).await?;
    walked.rendered = rendered;
    Ok(walked)
}

/// What there is, over as many sessions as it takes.
async fn look(run: &Run, sides: &mut Sides) -> Result<Vec<FolderRow>> {
    let mut budget = Budget::new();
    loop {
        match look_once(run, sides).await {
            Ok(folders) => return Ok(folders),
            Err(error) => budget.again(run, sides, error).await?,
        }
    }
}

/// Discovery, or what the ledger knows where the pass adds nothing.
async fn look_once(run: &Run, sides: &mut Sides) -> Result<Vec<FolderRow>> {
    match run.options.pass {
        PassKind::Verify => return run.ledger.folders(run.lease.pair).await,
        PassKind::Retry => list_again(run).await?,
        _ => {}
    }
    run.tell(Event::Stage(Stage::Connect));
    let (source, target) = sides.both(run).await?;
    run.tell(Event::Stage(Stage::Discover));
    discover::discover(run, source, target).await
}

/// Where it goes, over as many sessions as it takes.
async fn prepare(run: &Run, sides: &mut Sides, folders: &[FolderRow]) -> Result<Vec<Job>> {
    let mut budget = Budget::new();
    loop {
        match prepare_once(run, sides, folders).await {
            Ok(jobs) => return Ok(jobs),
            Err(error) => budget.again(run, sides, error).await?,
        }
    }
}

/// Maps, creates and follows moves.
async fn prepare_once(run: &Run, sides: &mut Sides, folders: &[FolderRow]) -> Result<Vec<Job>> {
    if run.options.pass == PassKind::Verify {
        return targets::pinned(run, sides.target(run).await?, folders).await;
    }
    let (source, target) = sides.both(run).await?;
    let jobs = targets::prepare(run, target, folders).await?;
    moves::follow(run, source, target, folders, &jobs).await?;
    Ok(jobs)
}

/// Skipped and failed rows get another chance.
async fn list_again(run: &Run) -> Result<()> {
    for state in [RowState::Skipped, RowState::Failed] {
        let query = RowQuery { states: vec![state], ..Run::page() };
        loop {
            let page = run.ledger.rows(run.lease.pair, query.clone()).await?;
            if page.is_empty() {
                break;
            }
            let again = page.iter().map(|row| Settlement::new(row.id, state, RowState::Listed)).collect();
            run.ledger.settle(run.lease, again).await?;
        }
    }
    Ok(())
}

async fn tell_scope(run: &Run) -> Result<()> {
    let tallies = run.ledger.tally(run.lease.pair, None).await?;
    let sum = |of: fn(&crate::ledger::Tally) -> u64| tallies.iter().map(of).sum::<u64>();
    let messages = sum(|t| t.in_scope);
    let settled_bytes = sum(|t| t.bytes);
    let bytes = settled_bytes + sum(|t| t.open_bytes);
    run.tell(Event::Scope { messages, bytes, settled: messages - sum(|t| t.open), settled_bytes });
    Ok(())
}

/// As many lanes as both sides serve usefully, and as there are folders.
async fn lanes(run: &Run, sides: &mut Sides, jobs: &[Job]) -> Result<usize> {
    if run.options.pass == PassKind::Verify || run.options.verify == VerifyLevel::Content && jobs.len() < 2 {
        return Ok(1);
    }
    let (source, target) = sides.both(run).await?;
    let useful = source.capabilities().connections.min(target.capabilities().connections);
    Ok(run.options.connections.unwrap_or(useful).min(jobs.len()).max(1))
}
