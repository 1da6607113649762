//! One pass over one pair, top to bottom.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    Event, PassKind, Stage, VerifyLevel, categories,
    copy::first_cause,
    discover,
    job::Job,
    lane::{self, Walked},
    mirror::{self, Removal},
    moves,
    retry::Budget,
    run::Run,
    sides::{Sides, Spares},
    targets,
    twins::Turn,
};
use crate::{
    error::Result,
    ledger::{FolderId, FolderRow, RowQuery, Settlement},
    limits,
    model::{FolderPath, RowState},
    source::SourceSession,
    target::{TargetFolder, TargetSession},
};

/// Walks the pass. Everything it learns is in the ledger when it returns, whatever it returns.
pub(super) async fn walk(run: &Arc<Run>) -> Result<Walked> {
    if run.options.pass == PassKind::Retry {
        list_again(run).await?;
    }
    let (mut walked, ways) = look_and_copy(run, Turn::Later).await?;
    if !walked.waiting.is_empty() && !ways.labels {
        // What seems to lie in two folders was moved while they were listed: now it is told where it is, and followed there.
        (walked, _) = look_and_copy(run, Turn::Copies).await?;
    }
    copy_twins(run, &mut walked, ways).await?;
    walked.categories = categories::carry(run, ways.keeps_keywords).await?;
    Ok(walked)
}

/// How the folders are worked on.
#[derive(Clone, Copy)]
struct Ways {
    lanes: usize,
    removal: Removal,
    /// Whether the source's messages may lie in several folders.
    labels: bool,
    /// Whether the target keeps keywords as they are.
    keeps_keywords: bool,
}

/// Looks at both sides and works on every folder; twins have their `turn` unless the source has labels: then they are copies.
async fn look_and_copy(run: &Arc<Run>, turn: Turn) -> Result<(Walked, Ways)> {
    let mut sides = Sides::default();
    let mut spares = Spares::default();
    let sight = look(run, &mut sides, &mut spares).await?;
    let open = tell_scope(run).await?;
    let mut jobs = prepare(run, &mut sides, sight).await?;
    // The longest work first, so that no lane is left with it alone.
    jobs.sort_by_key(|job| std::cmp::Reverse(job.sources.iter().filter_map(|f| open.get(&f.path)).sum::<u64>()));
    let lanes = lanes(run, &mut sides, jobs.len()).await?;
    let able = match run.options.pass {
        PassKind::Verify => None,
        _ => Some(sides.both(run).await?.0.capabilities().clone()),
    };
    let removal = mirror::allowed(run, able.as_ref().is_some_and(|able| able.versions)).await?;
    let labels = able.is_none_or(|able| able.labels);
    let turn = if labels { Turn::Copies } else { turn };
    let keeps_keywords = sides.target(run).await?.capabilities().keeps_keywords;
    let rendered = jobs.iter().any(|job| !job.keeps_bytes);
    run.tell(Event::Stage(Stage::Copy));
    let mut walked = lane::walk(run, spares.take(sides, lanes), jobs, removal, turn).await?;
    walked.rendered = rendered;
    Ok((walked, Ways { lanes, removal, labels, keeps_keywords }))
}

/// Goes back to the folders with messages that waited for their twins. A round in which nothing arrived is followed by a last one, in which
/// none waits any more: the twin may have failed, or lie in a folder that is not read.
async fn copy_twins(run: &Arc<Run>, walked: &mut Walked, Ways { lanes, removal, .. }: Ways) -> Result<()> {
    let mut turn = Turn::Copies;
    while !walked.waiting.is_empty() {
        let before = open_messages(run).await?;
        // What their counters were at the start of the pass is not what they are now.
        let jobs = std::mem::take(&mut walked.waiting).into_iter().map(|job| Job { status: None, ..job }).collect();
        run.tell(Event::Stage(Stage::Copy));
        walked.join(lane::walk(run, Spares::default().take(Sides::default(), lanes), jobs, removal, turn).await?);
        turn = if open_messages(run).await? == before { Turn::Alone } else { Turn::Copies };
    }
    Ok(())
}

async fn open_messages(run: &Run) -> Result<u64> {
    Ok(run.ledger.tally(run.lease.pair, None).await?.iter().map(|tally| tally.open).sum())
}

/// What both sides hold.
struct Sight {
    folders: Vec<FolderRow>,
    /// The target's own list of folders.
    there: Vec<TargetFolder>,
    /// Source folders whose target folder was refused, and told to be.
    refused: HashSet<FolderId>,
}

/// What there is, over as many sessions as it takes.
async fn look(run: &Arc<Run>, sides: &mut Sides, spares: &mut Spares) -> Result<Sight> {
    let mut budget = Budget::new();
    loop {
        match look_once(run, sides, spares).await {
            Ok(sight) => return Ok(sight),
            Err(error) => budget.again(run, sides, error).await?,
        }
    }
}

/// Discovery, beside which the folders that are new are created; or what the ledger knows where the pass adds nothing.
async fn look_once(run: &Arc<Run>, sides: &mut Sides, spares: &mut Spares) -> Result<Sight> {
    if run.options.pass == PassKind::Verify {
        let there = sides.target(run).await?.folders().await?;
        return Ok(Sight { folders: run.ledger.folders(run.lease.pair).await?, there, refused: HashSet::new() });
    }
    run.tell(Event::Stage(Stage::Connect));
    let (source, target) = sides.both(run).await?;
    run.tell(Event::Stage(Stage::Discover));
    let (listed, there) = tokio::join!(source.folders(), target.folders());
    let (listed, mut there) = (listed?, there?);
    if run.ledger.folders(run.lease.pair).await?.is_empty() {
        // Nothing was copied before: every lane will have work, and its sessions open while the source is listed.
        spares.open(run, useful_lanes(run, source, target, listed.len()));
    }
    let recorded = discover::record(run, source, target, listed, &mut there).await?;
    let max_line = target.capabilities().max_line;
    let mut refused = HashSet::new();
    let (read, created) = tokio::join!(
        discover::list(run, source, recorded.clone(), max_line),
        targets::create_new(run, target, &recorded, &mut there, &mut refused)
    );
    first_cause([read, created])?;
    Ok(Sight { folders: run.ledger.folders(run.lease.pair).await?, there, refused })
}

/// Where it goes, over as many sessions as it takes.
async fn prepare(run: &Run, sides: &mut Sides, sight: Sight) -> Result<Vec<Job>> {
    let mut budget = Budget::new();
    loop {
        match prepare_once(run, sides, &sight).await {
            Ok(jobs) => return Ok(jobs),
            Err(error) => budget.again(run, sides, error).await?,
        }
    }
}

/// Maps, creates and follows moves.
async fn prepare_once(run: &Run, sides: &mut Sides, Sight { folders, there, refused }: &Sight) -> Result<Vec<Job>> {
    if run.options.pass == PassKind::Verify {
        return targets::pinned(run, sides.target(run).await?, folders, there).await;
    }
    let (source, target) = sides.both(run).await?;
    let jobs = targets::prepare(run, target, folders, there, refused).await?;
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

/// Tells what is in scope; returns the bytes that each source folder has still to copy.
async fn tell_scope(run: &Run) -> Result<HashMap<FolderPath, u64>> {
    let tallies = run.ledger.tally(run.lease.pair, None).await?;
    let sum = |of: fn(&crate::ledger::Tally) -> u64| tallies.iter().map(of).sum::<u64>();
    let messages = sum(|t| t.in_scope);
    let settled_bytes = sum(|t| t.bytes);
    let bytes = settled_bytes + sum(|t| t.open_bytes);
    run.tell(Event::Scope { messages, bytes, settled: messages - sum(|t| t.open), settled_bytes });
    Ok(tallies.into_iter().map(|t| (t.source, t.open_bytes)).collect())
}

/// As many lanes as there is use for.
async fn lanes(run: &Run, sides: &mut Sides, jobs: usize) -> Result<usize> {
    if run.options.pass == PassKind::Verify || (run.options.verify == VerifyLevel::Content && jobs < 2) {
        return Ok(1);
    }
    let (source, target) = sides.both(run).await?;
    Ok(useful_lanes(run, source, target, jobs))
}

/// As many as both sides serve usefully and a person allows, and as there are folders.
fn useful_lanes(run: &Run, source: &dyn SourceSession, target: &dyn TargetSession, folders: usize) -> usize {
    let (source, target) = (source.capabilities(), target.capabilities());
    let useful = source.connections.min(target.connections);
    // Lanes hide round trips. Where there are none to hide they keep a server's cores and disks busy, which the mailboxes that
    // move beside this one do as well; each lane more would cost two sign-ins.
    let near = source.round_trip.max(target.round_trip) < limits::NEAR;
    let useful = if near { useful.div_ceil(run.options.together.max(1)) } else { useful };
    let most = run.options.most_connections.unwrap_or(usize::MAX);
    run.options.connections.unwrap_or(useful).min(most).min(folders).max(1)
}
