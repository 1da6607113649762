//! The engine: reconcile, discover, map, plan, copy, verify, retry.

mod event;
mod options;
mod report;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::{ledger::Ledger, source::SourceConnector, target::TargetConnector};

pub use event::{Attention, Event, Observer, Severity, Stage, Unobserved};
pub use options::{Deletions, Options, Order, PassKind, ScopeRules, VerifyLevel};
pub use report::{Counts, ErrorReport, FolderReport, Grade, MailboxReport, Outcome, VerifiedLevel};

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
    let _ = (pair, ledger, options, observer, stop);
    unimplemented!("under construction")
}
