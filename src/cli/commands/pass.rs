//! One pass over mailbox pairs, from opening the ledger to the exit code: what `copy`, `run` and `verify` have in common.

use std::sync::Arc;

use super::answer;
use crate::{
    cli::{face::Face, interrupt, progress::Board},
    clock,
    error::Result,
    ledger::Ledger,
    project::{
        connect::Connectors,
        outcome::{Aim, Ending},
        pairs::MailboxPair,
        report::RunReport,
        standing,
        store::Store,
        supervisor::{self, Job, Stop},
    },
    transfer::{PassKind, VerifyLevel},
};

/// Runs the pass that each pair's options ask for, and tells how it ended.
///
/// # Errors
/// The ledger cannot be opened. What stops one mailbox is told in its report.
pub(super) async fn run(face: &Face, store: &Store, pairs: Vec<MailboxPair>) -> Result<Ending> {
    pairs.iter().for_each(|pair| warn_of(face, pair));
    let aim = aim(&pairs);
    let ledger = store.open()?;
    face.note(&format!("Ledger: {}", store.path().display()));
    let report = over(face, store, &ledger, pairs, interrupt::listen(face)?).await?;
    face.answer(&report, || answer::run(&report))?;
    Ok(Ending::of_run(&report.mailboxes, aim))
}

fn aim(pairs: &[MailboxPair]) -> Aim {
    if pairs.iter().any(|pair| pair.options.pass == PassKind::Trial) {
        Aim::Trial
    } else if pairs.iter().all(|pair| pair.options.verify == VerifyLevel::None) {
        Aim::Arrived
    } else {
        Aim::Verified
    }
}

/// The pass itself, on an open ledger.
///
/// # Errors
/// The ledger cannot be read at the end.
pub(super) async fn over(
    face: &Face,
    store: &Store,
    ledger: &Arc<dyn Ledger>,
    mut pairs: Vec<MailboxPair>,
    stop: Stop,
) -> Result<RunReport> {
    let begun = clock::instant();
    pairs.iter_mut().for_each(|pair| pair.options.quarantine = Some(store.quarantine()));
    let jobs = Connectors::new(ledger.clone()).jobs(pairs);
    let board = Board::new(face, &jobs);
    let mut mailboxes = board.show(supervisor::run(jobs.clone(), ledger.clone(), board.clone(), stop)).await;
    let pairs: Vec<MailboxPair> = jobs.iter().map(|job| job.pair.clone()).collect();
    standing::fill_dropped(&**ledger, &pairs, &mut mailboxes).await?;
    let pass = pass_word(&**ledger, &jobs).await?;
    Ok(RunReport::new(pass, (clock::instant() - begun).as_secs_f64(), mailboxes))
}

/// A person said so; it is told each time nevertheless.
pub(super) fn warn_of(face: &Face, pair: &MailboxPair) {
    for side in [&pair.source, &pair.target] {
        if side.endpoint.insecure {
            face.warn(&format!("{}: the server's certificate is not checked (`insecure`).", side.endpoint.host));
        }
    }
}

/// What kind of pass it was: the engine decides between first and delta for each mailbox, and the ledger knows.
async fn pass_word(ledger: &dyn Ledger, jobs: &[Job]) -> Result<String> {
    let ours = |source: &str, target: &str| {
        jobs.iter().any(|Job { engine, .. }| engine.source_identity == source && engine.target_identity == target)
    };
    let records = ledger.pairs().await?;
    let kinds = records.into_iter().filter(|record| ours(&record.source, &record.target));
    let kinds: Vec<String> = kinds.filter_map(|record| Some(record.latest?.kind)).collect();
    let first = kinds.iter().find(|kind| *kind == "first").or(kinds.first());
    Ok(first.cloned().unwrap_or_else(|| "first".to_owned()))
}

/// The same pass kind for all.
pub(super) fn with_pass(mut pairs: Vec<MailboxPair>, pass: PassKind) -> Vec<MailboxPair> {
    pairs.iter_mut().for_each(|pair| pair.options.pass = pass);
    pairs
}
