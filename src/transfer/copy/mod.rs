//! Step 5: the copy of one source folder: fetch → stage → append → record, side by side, joined by bounded queues.
//!
//! [`feed`] pages through listed rows and asks the source for them; bodies arrive at [`stage`], which makes groups of them durable
//! intents and hands them to the target; [`record`] writes down what became of each. When any of the four ends, its queues close and the
//! others drain: what was sent is recorded, what was not is listed again or in doubt.

mod as_mail;
mod feed;
mod flight;
mod ladder;
mod queue;
mod record;
mod stage;

use tokio::sync::mpsc;

pub(super) use self::{
    feed::Feed,
    flight::Refused,
    ladder::{Rung, forms, next as next_rung, next_of_item},
};
use self::{flight::Flight, stage::Stager};
use super::{job::Job, run::Run, stillness::Goodbyes, verify};
use crate::{
    error::{Disposition, Error, Result},
    ledger::FolderRow,
    limits,
    source::SourceSession,
    target::{FolderStatus, TargetSession},
};

/// What a copy of one folder did.
#[derive(Default)]
pub(super) struct Copied {
    /// How far it brought the folder.
    pub progress: Progress,
    /// Messages the target refused, with the rung they stood on.
    pub refused: Vec<Refused>,
}

/// How far one copy or several brought a folder, even if they failed.
#[derive(Default)]
pub(super) struct Progress {
    /// Messages that arrived or were refused.
    pub settled: u64,
    /// Messages that are in doubt because the target said goodbye instead of answering.
    pub goodbyes: Goodbyes,
}

impl Progress {
    /// Adds that of another copy.
    pub fn join(&mut self, other: Progress) {
        self.settled += other.settled;
        self.goodbyes.join(other.goodbyes);
    }
}

/// Copies what `feed` yields of `folder` into the job's target folder, which stood at `status` before.
///
/// # Errors
/// What ended one of the two sessions; everything that is known by then is in the ledger.
pub(super) async fn copy(
    run: &Run,
    source: &mut dyn SourceSession,
    target: &mut dyn TargetSession,
    job: &Job,
    folder: &FolderRow,
    status: FolderStatus,
    mut feed: Feed,
) -> (Copied, Result<()>) {
    let capabilities = target.capabilities().clone();
    let flight = Flight::new(status);
    let as_mail = matches!(feed, Feed::AsMail { .. });
    flight.meet(feed.take_strangers());
    let (ask, asked) = mpsc::channel(limits::LANE_QUEUE);
    let (bring, brought) = mpsc::channel(limits::LANE_QUEUE * limits::FETCH_CHUNK);
    let (hand, handed) = mpsc::channel(limits::LANE_QUEUE);
    let (tell, told) = mpsc::channel(limits::OUTCOME_GROUP);
    let stager = Stager { run, job, capabilities: &capabilities, flight: &flight };
    let (fed, fetched, staged, appended, recorded) = tokio::join!(
        feed::feed(run, folder, &capabilities, feed, &flight, ask),
        async {
            let epoch = folder.epoch.unwrap_or_default();
            match as_mail {
                true => source.fetch_as_mail(&folder.name, epoch, asked, bring).await,
                false => source.fetch(&folder.name, epoch, asked, bring).await,
            }
        },
        stager.stage(brought, hand),
        async {
            match as_mail {
                true => target.append_as_mail(&job.folder, handed, tell).await,
                false => target.append(&job.folder, handed, tell).await,
            }
        },
        async {
            let recorded = record::record(run, &flight, told).await;
            flight.end();
            recorded
        },
    );
    let mut copied = Copied::default();
    let recorded = recorded.map(|done| copied = done);
    let refused = flight.take_refused();
    copied.progress.settled += refused.len() as u64;
    copied.refused.extend(refused);
    let advanced = verify::remember(run, job, flight.status(), false).await;
    (copied, first_cause([recorded, fed, staged, appended, fetched, advanced]))
}

/// The error that explains the others: a queue that closed because its reader failed is only an echo. A stated back-off comes before
/// a lost session, for it says when to come back.
pub(super) fn first_cause<const N: usize>(results: [Result<()>; N]) -> Result<()> {
    let mut errors: Vec<Error> = results.into_iter().filter_map(Result::err).collect();
    let stated = |error: &Error| matches!(error.disposition(), Disposition::RetryAfter(Some(_)));
    match errors.iter().position(stated) {
        Some(at) => Err(errors.swap_remove(at)),
        None => errors.into_iter().next().map_or(Ok(()), Err),
    }
}
