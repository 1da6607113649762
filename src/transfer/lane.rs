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
    Attention, CategoriesReport, Event, Severity, Stage,
    job::Job,
    mirror::Removal,
    retry::Budget,
    run::Run,
    sides::{Lane, Sides},
    twins::Turn,
    verify::{self, Verified},
    work::{Rest, Work},
};
use crate::error::{Disposition, Error, Result, Scope};

/// What all lanes together found.
#[derive(Default)]
pub(super) struct Walked {
    pub verified: Verified,
    /// Folders that could not be worked on.
    pub failed: u64,
    /// Folders with messages that wait for their twins elsewhere.
    pub waiting: Vec<Job>,
    /// What became of labels and keywords as categories.
    pub categories: Option<CategoriesReport>,
    /// Whether the target renders mail anew, so that only kept fields were verified.
    pub rendered: bool,
}

/// Works through `jobs`, side by side on each pair of sessions.
pub(super) async fn walk(
    run: &Arc<Run>,
    lanes: Vec<Lane>,
    jobs: Vec<Job>,
    removal: Removal,
    turn: Turn,
) -> Result<Walked> {
    let queue = Arc::new(Mutex::new(VecDeque::from(jobs)));
    let mut set = JoinSet::new();
    for sessions in lanes {
        set.spawn(lane(run.clone(), sessions, queue.clone(), removal, turn));
    }
    let mut walked = Walked::default();
    let mut failure = None;
    while let Some(ended) = set.join_next().await {
        match ended.unwrap_or_else(|panic| Err(Error::bug("a lane of the transfer").with_source(panic))) {
            Ok(part) => {
                walked.join(part);
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

async fn lane(
    run: Arc<Run>,
    sessions: Lane,
    queue: Arc<Mutex<VecDeque<Job>>>,
    removal: Removal,
    turn: Turn,
) -> Result<Walked> {
    let mut walked = Walked::default();
    let mut sides = sessions.sides().await;
    let mut copied = VecDeque::new();
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    while let Some(job) = next() {
        run.go_on()?;
        match work(&run, &mut sides, &job, removal, turn).await {
            Ok(Rest::Nothing) => {}
            Ok(Rest::Verify) => copied.push_back(job),
            Ok(Rest::Twins) => walked.waiting.push(job),
            Err(error) => walked.give_up(&run, &mut sides, &job, error)?,
        }
    }
    verify(&run, &mut sides, copied, &mut walked).await?;
    sides.close().await;
    Ok(walked)
}

impl Walked {
    /// Adds what another lane or round found.
    pub fn join(&mut self, other: Walked) {
        self.verified.add(other.verified);
        self.failed += other.failed;
        self.rendered |= other.rendered;
        self.waiting.extend(other.waiting);
    }

    /// Tells of a folder that cannot be worked on, unless more than it must stop.
    fn give_up(&mut self, run: &Run, sides: &mut Sides, job: &Job, error: Error) -> Result<()> {
        if error.scope() > Scope::Folder {
            return Err(error);
        }
        self.failed += 1;
        sides.forget();
        run.attend(line(job, &error));
        Ok(())
    }
}

fn line(job: &Job, error: &Error) -> Attention {
    let mut line = Attention::new(Severity::Block, error.code(), error.side(), job.weight());
    line.folder = Some(job.path.to_string());
    line.reply = error.reply().map(str::to_owned);
    line
}

/// Works on one folder until it is done.
async fn work(run: &Run, sides: &mut Sides, job: &Job, removal: Removal, turn: Turn) -> Result<Rest> {
    let mut budget = Budget::new();
    let mut work = Work::new(run, job, removal, turn);
    loop {
        let error = match work.carry_out(sides).await {
            Ok(rest) => return Ok(rest),
            Err(error) => error,
        };
        if work.made_progress() {
            budget.refill();
        }
        if matches!(error.disposition(), Disposition::RetryAfter(Some(_))) {
            work.wait();
        }
        budget.again(run, sides, error).await?;
    }
}

/// Verifies what this lane copied.
async fn verify(run: &Run, sides: &mut Sides, mut due: VecDeque<Job>, walked: &mut Walked) -> Result<()> {
    let mut budget = Budget::new();
    if !due.is_empty() {
        run.tell(Event::Stage(Stage::Verify));
    }
    while !due.is_empty() {
        let before = due.len();
        let ended = match sides.target(run).await {
            Ok(target) => verify::verify(run, target, &mut due, &mut walked.verified).await,
            Err(error) => Err(error),
        };
        let Err(error) = ended else { break };
        if due.len() < before {
            budget.refill();
        }
        if let Err(error) = budget.again(run, sides, error).await
            && let Some(job) = due.pop_front()
        {
            walked.give_up(run, sides, &job, error)?;
            budget.refill();
        }
    }
    Ok(())
}
