//! The engine: one pass over one mailbox pair, from the source's changes to a verified target.
//!
//! [`run_pass`] opens the pair in the ledger and walks `pass` → `discover` → `targets` (with `map`) → `moves` → `lane`s of `work`, then `tally`.
//! It knows no protocol: sources, targets and the ledger are ports. Only `retry` tries again; only `reconcile` turns a doubt into a fresh
//! attempt; only `mirror`, `moves` and `discover::rename` use the target's editor. Pure parts (`map`, `matching`, `plan`, `scope`, the
//! ladder's order) have no I/O and are tested as tables.

mod absence;
mod adopt;
mod arrivals;
mod begin;
mod bodies;
mod categories;
mod copy;
mod discover;
mod event;
mod flags;
mod forecast;
mod job;
mod lane;
mod map;
#[cfg(test)]
mod map_tests;
mod matching;
mod mirror;
mod moves;
mod options;
mod pass;
mod plan;
mod quarantine;
mod reconcile;
mod refusals;
mod renew;
mod report;
mod retry;
mod run;
mod scope;
mod sides;
mod stillness;
mod tally;
mod targets;
mod twins;
mod verify;
mod work;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use self::{begin::Begun, run::Run};
use crate::{
    ledger::Ledger,
    source::{ReadBy, SourceConnector},
    target::TargetConnector,
};

pub use begin::begun_by;
pub use event::{Attention, Event, Observer, Severity, Stage, Unobserved};
pub use forecast::{FolderForecast, Forecast, forecast};
pub use options::{Deletions, Keywords, Labels, Options, Order, PassKind, ScopeRules, VerifyLevel};
pub use report::{CategoriesReport, Counts, ErrorReport, FolderReport, Grade, MailboxReport, Outcome, VerifiedLevel};

/// One mailbox pair, ready to run.
#[derive(Clone)]
pub struct Pair {
    /// The source's identity in the ledger: user and kind, not the host, so that it survives a renamed host.
    pub source_identity: String,
    /// The target's identity in the ledger.
    pub target_identity: String,
    /// Opens source sessions.
    pub source: Arc<dyn SourceConnector>,
    /// Opens target sessions.
    pub target: Arc<dyn TargetConnector>,
}

/// Runs one pass over one pair. Never fails: an error that stops the pair is part of its report.
///
/// `stop` drains (what is in flight ends and is recorded); dropping the future stops at once. Both resume.
pub async fn run_pass(
    pair: &Pair,
    ledger: Arc<dyn Ledger>,
    options: &Options,
    observer: Arc<dyn Observer>,
    stop: CancellationToken,
) -> MailboxReport {
    let begun = begin::begin(pair, &*ledger, options.pass.word()).await;
    let Begun { lease, pass, read_by } = match begun {
        Ok(begun) => begun,
        Err(error) => return tally::unopened(pair, &error),
    };
    let run = Run::new(pair.clone(), ledger.clone(), lease, options.clone(), observer, stop);
    let run = match run.with_allowance().await {
        Ok(run) => Arc::new(run),
        Err(error) => return tally::unopened(pair, &error),
    };
    if read_by == ReadBy::Imap {
        run.attend(begin::read_by_imap(&run));
    }
    let ended = pass::walk(&run).await;
    let report = tally::report(&run, pass, ended).await;
    // A pass that is not recorded as ended counts as cut off: the next one looks at everything again.
    let word = serde_json::to_value(report.state).ok().and_then(|word| word.as_str().map(str::to_owned));
    let text = serde_json::to_string(&report).unwrap_or_default();
    if let Err(error) = ledger.end_pass(lease, pass, &word.unwrap_or_default(), &text).await {
        tracing::warn!(%error, "The end of the pass could not be recorded.");
    }
    report
}
