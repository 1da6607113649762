//! How a whole run ended, and the exit code that says so. One exhaustive match; scripts rely on it.

use crate::{
    error::{Code, Error, Side, word},
    transfer::{MailboxReport, Outcome, Severity},
};

/// How a command ended, as the exit code tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Everything in scope arrived; verified unless a person asked not to.
    Done,
    /// Finished, but something was skipped, failed or differs.
    Exceptions,
    /// An error stopped all or part of it.
    Failed,
    /// The command line or the configuration is wrong.
    Usage,
    /// Every pair was refused the login on this side.
    Refused(Side),
    /// Another process writes to this ledger.
    Locked,
    /// Stopped by a person; the same command goes on.
    Stopped,
}

/// What a run was meant to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// Everything in scope is there, and compared.
    Verified,
    /// Everything in scope is there (`--no-verify`).
    Arrived,
    /// A few messages of each folder are there (`--pass trial`).
    Trial,
}

impl Ending {
    /// The exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Ending::Done => 0,
            Ending::Failed | Ending::Refused(Side::System) => 1,
            Ending::Usage => 2,
            Ending::Exceptions => 3,
            Ending::Refused(Side::Source) => 10,
            Ending::Refused(Side::Target) => 11,
            Ending::Locked => 12,
            Ending::Stopped => 130,
        }
    }

    /// How a run over `mailboxes` with this `aim` ended.
    pub fn of_run(mailboxes: &[MailboxReport], aim: Aim) -> Ending {
        let is = |report: &MailboxReport, code: Code, side: Side| {
            report.error.as_ref().is_some_and(|error| error.code == word(code, side))
        };
        let refused = |report: &MailboxReport, side: Side| {
            Code::ALL.into_iter().any(|code| code.refuses_login() && is(report, code, side))
        };
        if mailboxes.iter().any(|report| is(report, Code::LedgerLocked, Side::System)) {
            return Ending::Locked;
        }
        let all = |side: &Side| !mailboxes.is_empty() && mailboxes.iter().all(|report| refused(report, *side));
        if let Some(side) = [Side::Source, Side::Target].into_iter().find(all) {
            return Ending::Refused(side);
        }
        match run_outcome(mailboxes) {
            Outcome::Failed => Ending::Failed,
            Outcome::Incomplete => Ending::Stopped,
            Outcome::Finished if aim == Aim::Verified => Ending::Exceptions,
            Outcome::Finished | Outcome::Verified => match mailboxes.iter().any(|report| misses(report, aim)) {
                true => Ending::Exceptions,
                false => Ending::Done,
            },
        }
    }

    /// How a command ended that `error` stopped.
    pub fn of_error(error: &Error) -> Ending {
        match error.code() {
            code if code.refuses_login() => Ending::Refused(error.side()),
            Code::Config | Code::Usage | Code::Vault => Ending::Usage,
            Code::LedgerLocked => Ending::Locked,
            Code::Canceled => Ending::Stopped,
            _ => Ending::Failed,
        }
    }
}

/// The outcome of a run: interrupted if any mailbox was, else that of its worst mailbox.
pub fn run_outcome(mailboxes: &[MailboxReport]) -> Outcome {
    let mut states = mailboxes.iter().map(|report| report.state);
    match states.clone().any(|state| state == Outcome::Incomplete) {
        true => Outcome::Incomplete,
        false => states.by_ref().max().unwrap_or(Outcome::Finished),
    }
}

/// Whether something of the mailbox did not arrive, was lost after it, or waits for a person. What its user took away is no exception.
pub fn has_exceptions(report: &MailboxReport) -> bool {
    misses(report, Aim::Arrived)
}

/// The same, where a trial leaves most messages for later.
fn misses(report: &MailboxReport, aim: Aim) -> bool {
    let counts = &report.counts;
    counts.skipped + counts.failed + counts.lost() > 0
        || (counts.unexplained > 0 && aim != Aim::Trial)
        || report.attention.iter().any(|line| line.severity != Severity::Note)
}

#[cfg(test)]
#[path = "outcome_tests.rs"]
mod tests;
