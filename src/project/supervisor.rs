//! Runs many mailboxes at once: fairly, within every cap, and so that one of them cannot stop the others.
//!
//! A mailbox takes its seats (one in its batch, one at each endpoint, one at its target mailbox) before it starts, so that it never waits for a
//! connection while it holds another side's: with fewer mailboxes than connections on both sides, each one can go on.
//! A panic in one mailbox is that mailbox's failure. What stops at a drain has been recorded; what is dropped resumes.

use std::{
    collections::{HashMap, VecDeque},
    future::Future,
    sync::Arc,
};

use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    clock,
    error::Error,
    ledger::Ledger,
    project::pairs::MailboxPair,
    transfer::{self, Counts, ErrorReport, Grade, MailboxReport, Observer, Outcome, VerifiedLevel},
};

/// One mailbox pair that is ready to run.
#[derive(Clone)]
pub struct Job {
    /// The pair as configured.
    pub pair: MailboxPair,
    /// The pair as the engine takes it.
    pub engine: transfer::Pair,
}

/// Watches a run: told by job number, in the order of the jobs.
pub trait Watch: Send + Sync {
    /// A mailbox begins; its events go to the observer.
    fn begins(&self, job: usize) -> Arc<dyn Observer>;
    /// It ended.
    fn ended(&self, job: usize, report: &MailboxReport);
}

/// How a person stops a run.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// What is in flight ends and is recorded; nothing new begins.
    pub drain: CancellationToken,
    /// Everything is dropped where it is. It resumes all the same.
    pub now: CancellationToken,
}

/// Runs a pass over `jobs`; one report for each, in their order.
pub async fn run(jobs: Vec<Job>, ledger: Arc<dyn Ledger>, watch: Arc<dyn Watch>, stop: Stop) -> Vec<MailboxReport> {
    let places = jobs.iter().map(Place::of).collect();
    let drain = stop.drain.clone();
    let ended = watch.clone();
    let work = move |number: usize| {
        let job = jobs[number].clone();
        let (ledger, drain, observer) = (ledger.clone(), drain.clone(), watch.begins(number));
        async move { transfer::run_pass(&job.engine, ledger, &job.pair.options, observer, drain).await }
    };
    supervise(places, work, |number, report| ended.ended(number, report), stop).await
}

/// What the supervisor knows of a job: its words for a report and the seats it needs.
struct Place {
    source: String,
    target: String,
    seats: Vec<Seat>,
}

/// A thing of which only so many jobs may hold one at a time.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Seat {
    name: String,
    most: usize,
}

impl Place {
    fn of(Job { pair, engine }: &Job) -> Place {
        let mut seats = vec![Seat { name: format!("batch {}", pair.batch), most: pair.max_mailboxes }];
        for endpoint in [&pair.source.endpoint, &pair.target.endpoint] {
            let cap = endpoint.caps.connections.map(|most| Seat { name: format!("endpoint {}", endpoint.name), most });
            seats.extend(cap);
        }
        Place { source: engine.source.describe(), target: engine.target.describe(), seats }
    }

    /// The report of a mailbox that has none of its own.
    fn report(&self, state: Outcome, error: Option<Error>) -> MailboxReport {
        MailboxReport {
            source: self.source.clone(),
            target: self.target.clone(),
            state,
            grade: Grade::Investigate,
            verified_level: VerifiedLevel::None,
            error: error.map(|error| ErrorReport {
                code: error.word(),
                problem: format!("{}: {}", error.code().problem(), error.subject()),
                next_step: error.code().next_step().to_owned(),
            }),
            counts: Counts::default(),
            as_of: clock::unix_now(),
            folders: Vec::new(),
            attention: Vec::new(),
            not_carried: Vec::new(),
            verify_seconds: 0.0,
            categories: None,
        }
    }
}

#[derive(Default)]
struct Seats(HashMap<String, usize>);

impl Seats {
    fn are_free(&self, wanted: &[Seat]) -> bool {
        wanted.iter().all(|seat| self.0.get(&seat.name).copied().unwrap_or(0) < seat.most)
    }

    fn take(&mut self, wanted: &[Seat]) {
        wanted.iter().for_each(|seat| *self.0.entry(seat.name.clone()).or_default() += 1);
    }

    fn free(&mut self, held: &[Seat]) {
        for seat in held {
            self.0.entry(seat.name.clone()).and_modify(|taken| *taken = taken.saturating_sub(1));
        }
    }
}

/// Jobs that have not begun, a queue for all that need the same seats: only heads are looked at, however many wait.
struct Waiting(Vec<VecDeque<usize>>);

impl Waiting {
    fn new(places: &[Place]) -> Waiting {
        let (mut queues, mut known) = (Vec::new(), HashMap::new());
        for (number, place) in places.iter().enumerate() {
            let queue = *known.entry(&place.seats).or_insert_with(|| {
                queues.push(VecDeque::new());
                queues.len() - 1
            });
            queues[queue].push_back(number);
        }
        Waiting(queues)
    }

    /// The first job, in their order, whose seats are free; it takes them.
    fn next(&mut self, seats: &mut Seats, places: &[Place]) -> Option<usize> {
        let ready = |queue: &&mut VecDeque<usize>| queue.front().is_some_and(|job| seats.are_free(&places[*job].seats));
        let number = self.0.iter_mut().filter(ready).min_by_key(|queue| queue.front().copied())?.pop_front()?;
        seats.take(&places[number].seats);
        Some(number)
    }
}

async fn supervise<F: Future<Output = MailboxReport> + Send + 'static>(
    places: Vec<Place>,
    work: impl Fn(usize) -> F,
    ended: impl Fn(usize, &MailboxReport),
    stop: Stop,
) -> Vec<MailboxReport> {
    let mut reports: Vec<Option<MailboxReport>> = places.iter().map(|_| None).collect();
    let mut waiting = Waiting::new(&places);
    let (mut seats, mut running, mut numbers) = (Seats::default(), JoinSet::new(), HashMap::<Id, usize>::new());
    loop {
        while !stop.drain.is_cancelled() && !stop.now.is_cancelled() {
            let Some(number) = waiting.next(&mut seats, &places) else { break };
            numbers.insert(running.spawn(work(number)).id(), number);
        }
        let joined = tokio::select! {
            joined = running.join_next_with_id() => joined,
            () = stop.now.cancelled() => {
                running.abort_all();
                running.join_next_with_id().await
            }
        };
        let Some(joined) = joined else { break };
        let (id, result) = match joined {
            Ok((id, report)) => (id, Ok(report)),
            Err(error) => (error.id(), Err(error)),
        };
        let Some(number) = numbers.remove(&id) else { continue };
        let report = result.unwrap_or_else(|error| dropped(&places[number], &error));
        seats.free(&places[number].seats);
        ended(number, &report);
        reports[number] = Some(report);
    }
    let unrun = |(report, place): (Option<MailboxReport>, &Place)| {
        report.unwrap_or_else(|| place.report(Outcome::Incomplete, None))
    };
    reports.into_iter().zip(&places).map(unrun).collect()
}

/// A task that gave no report: dropped on request, or ended by a panic of ours.
fn dropped(place: &Place, error: &JoinError) -> MailboxReport {
    if error.is_cancelled() {
        return place.report(Outcome::Incomplete, None);
    }
    let bug = Error::bug("this mailbox was stopped by a mistake of the program; the others go on");
    place.report(Outcome::Failed, Some(bug))
}

#[cfg(test)]
#[path = "supervisor_tests.rs"]
mod tests;
