//! Lanes: folders side by side, each folder written by one connection in source order.
//!
//! A lost session starts a folder's work ([`super::work`]) again from the ledger; a folder that cannot be worked on is told and the
//! others go on; what stops the mailbox stops every lane after it recorded what it knows.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::task::JoinSet;

use super::{
    Attention, Severity,
    job::Job,
    retry::Budget,
    run::Run,
    sides::{Lane, Sides},
    verify::Differences,
    work::Work,
};
use crate::error::{Error, Result, Scope};

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

/// Works through `jobs`, side by side on each pair of sessions.
pub(super) async fn walk(run: &Arc<Run>, lanes: Vec<Lane>, jobs: Vec<Job>, mirror: bool) -> Result<Walked> {
    let queue = Arc::new(Mutex::new(VecDeque::from(jobs)));
    let mut set = JoinSet::new();
    for sessions in lanes {
        set.spawn(lane(run.clone(), sessions, queue.clone(), mirror));
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

async fn lane(run: Arc<Run>, sessions: Lane, queue: Arc<Mutex<VecDeque<Job>>>, mirror: bool) -> Result<Walked> {
    let mut walked = Walked::default();
    let mut sides = sessions.sides().await;
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
    let mut work = Work::new(run, job, mirror);
    loop {
        let Err(error) = work.carry_out(sides, walked).await else { return Ok(()) };
        if work.made_progress() {
            budget.refill();
        }
        budget.again(run, sides, error).await?;
    }
}
