//! One pass over mailbox pairs, from opening the ledger to the exit code: what `copy`, `run` and `verify` have in common.

use super::answer;
use crate::{
    cli::{face::Face, interrupt, progress::Board},
    clock,
    error::Result,
    ledger::Ledger,
    project::{
        connect::Connectors,
        outcome::Ending,
        pairs::MailboxPair,
        report::RunReport,
        store::Store,
        supervisor::{self, Job},
    },
    transfer::{PassKind, VerifyLevel},
};

/// Runs the pass that each pair's options ask for.
///
/// # Errors
/// The ledger cannot be opened. What stops one mailbox is told in its report.
pub(super) async fn run(face: &Face, store: &Store, mut pairs: Vec<MailboxPair>) -> Result<Ending> {
    let begun = clock::instant();
    for pair in &mut pairs {
        warn_of(face, pair);
        pair.options.quarantine = Some(store.quarantine());
    }
    let verify = pairs.iter().any(|pair| pair.options.verify != VerifyLevel::None);
    let ledger = store.open()?;
    face.note(&format!("Ledger: {}", store.path().display()));
    let jobs = Connectors::default().jobs(pairs);
    let stop = interrupt::listen(face)?;
    let board = Board::new(face, &jobs);
    let work = supervisor::run(jobs.clone(), ledger.clone(), board.clone(), stop);
    let mailboxes = board.show(work).await;
    let pass = pass_word(&*ledger, &jobs).await?;
    let report = RunReport::new(pass, (clock::instant() - begun).as_secs_f64(), mailboxes);
    face.answer(&report, || answer::run(&report))?;
    Ok(Ending::of_run(&report.mailboxes, verify))
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
