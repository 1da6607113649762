//! Step 6: the target's own answer against the ledger, folders in rounds, in UID order on both sides and bounded memory.
//!
//! On targets that keep bytes a row is verified by its UID, date and size, and a sample of body hashes (all, with `--content`); on
//! targets that render anew by its UID and date. Flags that differ from what was sent are their user's and only told. A message
//! that is not there is told, and never copied a second time: see [`super::absence`].
//!
//! A lane verifies when it has copied its last folder, many folders in one pipeline: one by one behind its copy, each would cost two round trips
//! in which nothing is copied (40 ms away, a third of the time of a mailbox of small folders). A folder that was copied and not yet verified when
//! the process ended is not [`Job::untouched`], so the next pass verifies it.

mod content;
mod report;
mod walk;

use std::{collections::VecDeque, time::Duration};

use tokio::sync::mpsc;

use self::walk::Walk;
use super::{
    absence::{self, Absent},
    job::Job,
    reconcile,
    run::Run,
};
use crate::{
    clock,
    error::{Error, Result},
    ledger::{Correction, RowQuery, TargetFolderState},
    limits,
    model::RowState,
    target::{Evidence, Find, FolderStatus, Sight, Sighting, TargetSession},
};

/// What the comparison of one folder found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Differences {
    /// Arrived rows that are not there and that no verification ever found there.
    pub lost: u64,
    /// Arrived rows that are not there any more: their user took them away.
    pub removed_by_user: u64,
    /// Rows whose message has another size, date or content.
    pub altered: u64,
    /// Messages that answer for no row: there before, or arrived since.
    pub extra: u64,
    /// Rows whose flags are not what was sent.
    pub reflagged: u64,
    /// Rows that arrived without telling their place.
    pub unplaced: u64,
}

impl Differences {
    /// Whether the folder may count as verified.
    pub fn sound(&self) -> bool {
        self.lost == 0 && self.altered == 0 && self.unplaced == 0
    }

    pub fn add(&mut self, other: Differences) {
        self.lost += other.lost;
        self.removed_by_user += other.removed_by_user;
        self.altered += other.altered;
        self.extra += other.extra;
        self.reflagged += other.reflagged;
        self.unplaced += other.unplaced;
    }
}

/// What a verification of many folders came to so far.
#[derive(Default)]
pub(super) struct Verified {
    pub differences: Differences,
    /// Summed over lanes.
    pub time: Duration,
}

impl Verified {
    pub fn add(&mut self, other: Verified) {
        self.differences.add(other.differences);
        self.time += other.time;
    }
}

/// Compares the folders of `due`, which loses those that are settled; the counters that each was found with are remembered, so that an
/// untouched folder costs nothing next time.
///
/// # Errors
/// The session is lost, or the first of `due` cannot be read.
pub(super) async fn verify(
    run: &Run,
    target: &mut dyn TargetSession,
    due: &mut VecDeque<Job>,
    verified: &mut Verified,
) -> Result<()> {
    while !due.is_empty() {
        run.go_on()?;
        let begun = clock::instant();
        let round: Vec<Job> = due.drain(..due.len().min(limits::VERIFY_FOLDERS)).collect();
        let ended = verify_round(run, target, &round, verified).await;
        verified.time += begun.elapsed();
        let (left, error) = match ended {
            Ok(left) => left,
            Err(error) => ((0..round.len()).collect(), Some(error)),
        };
        left.into_iter().rev().filter_map(|at| round.get(at)).for_each(|job| due.push_front(job.clone()));
        if let Some(error) = error {
            return Err(error);
        }
    }
    Ok(())
}

/// Compares some folders. Gives the places of those that cannot be read, and why the first of them cannot.
async fn verify_round(
    run: &Run,
    target: &mut dyn TargetSession,
    round: &[Job],
    verified: &mut Verified,
) -> Result<(Vec<usize>, Option<Error>)> {
    let mut walks = Vec::with_capacity(round.len());
    for (at, job) in round.iter().enumerate() {
        match job.status.filter(|status| status.messages == 0) {
            Some(empty) if owes_nothing(run, job).await? => remember(run, job, empty, true).await?,
            _ => walks.push(Walk::new(run, job, at)),
        }
    }
    let (sender, told) = mpsc::channel(limits::LISTING_QUEUE);
    let wanted = walks.iter().map(|walk| (walk.job.folder.clone(), Find::All)).collect();
    let (found, compared) =
        tokio::join!(target.find_each(wanted, Evidence::Attributes, sender), compare(&mut walks, told));
    compared?;
    found?;
    content::compare(run, target, &mut walks).await?;
    let (mut left, mut first) = (Vec::new(), None);
    for walk in walks {
        let at = walk.at;
        match conclude(run, walk).await? {
            Ok(differences) => verified.differences.add(differences),
            Err(error) => {
                left.push(at);
                first.get_or_insert(error);
            }
        }
    }
    Ok((left, first))
}

/// Hands every walk what is told of its folder.
async fn compare(walks: &mut [Walk<'_>], mut told: mpsc::Receiver<Sighting>) -> Result<()> {
    while let Some(Sighting { at, what }) = told.recv().await {
        let Some(walk) = walks.get_mut(at) else { continue };
        match what {
            Sight::Found(page) => walk.take(page).await?,
            Sight::Complete(status) => walk.end(status).await?,
            Sight::Unreadable(error) => walk.fail(error),
        }
    }
    Ok(())
}

/// Records what a walk found; a folder that could not be read is given back with the reason.
async fn conclude(run: &Run, walk: Walk<'_>) -> Result<std::result::Result<Differences, Error>> {
    let Walk { job, mut differences, missing, found_again, told, .. } = walk;
    let status = match told {
        Some(Ok(status)) => status,
        Some(Err(error)) => return Ok(Err(error)),
        None => return Ok(Err(Error::bug("a folder that was asked for was not told"))),
    };
    correct(run, job, &mut differences, missing, found_again).await?;
    // Under another UIDVALIDITY than before no UID of ours holds any more: those rows count as unplaced from here on.
    reconcile::known_state(run, &job.folder, status).await?;
    differences.unplaced = count_unplaced(run, job).await?;
    report::tell(run, job, &differences);
    let verified = differences.sound() && differences.removed_by_user == 0;
    let seen = TargetFolderState { verified, seen: status.next, ..counters(status) };
    run.ledger.set_target_folder(run.lease, &job.folder, seen).await?;
    Ok(Ok(differences))
}

/// Whether no message of ours ever went to the folder: then there is nothing to look for.
async fn owes_nothing(run: &Run, job: &Job) -> Result<bool> {
    let states = vec![RowState::Intended, RowState::Copied, RowState::AlreadyPresent];
    let query = RowQuery { target_folder: Some(job.folder.clone()), states, limit: 1, ..RowQuery::default() };
    Ok(run.ledger.rows(run.lease.pair, query).await?.is_empty())
}

/// Remembers the counters that everything in the folder is accounted for with.
pub(super) async fn remember(run: &Run, job: &Job, status: FolderStatus, verified: bool) -> Result<()> {
    run.ledger.set_target_folder(run.lease, &job.folder, TargetFolderState { verified, ..counters(status) }).await
}

fn counters(status: FolderStatus) -> TargetFolderState {
    let FolderStatus { validity, next, messages, modseq } = status;
    TargetFolderState { validity, next, messages, modseq, ..TargetFolderState::default() }
}

/// Writes down what is missing and what is found again, and counts what was missing for the first time.
async fn correct(
    run: &Run,
    job: &Job,
    differences: &mut Differences,
    missing: Vec<Absent>,
    found_again: Vec<i64>,
) -> Result<()> {
    let mut corrections = absence::judge(run, &job.folder, &missing).await?;
    let by_user = corrections.iter().filter(|one| matches!(one, Correction::RemovedByUser(_))).count();
    differences.removed_by_user += by_user as u64;
    differences.lost += (corrections.len() - by_user) as u64;
    corrections.extend(found_again.into_iter().map(|row| Correction::Missing(row, false)));
    for page in corrections.chunks(limits::LEDGER_PAGE) {
        run.ledger.correct(run.lease, page.to_vec()).await?;
    }
    Ok(())
}

async fn count_unplaced(run: &Run, job: &Job) -> Result<u64> {
    let query = RowQuery {
        target_folder: Some(job.folder.clone()),
        states: vec![RowState::Copied],
        has_target: Some(false),
        missing_at_target: Some(false),
        removed: Some(false),
        ..Run::page()
    };
    Ok(run.ledger.rows(run.lease.pair, query).await?.len() as u64)
}
