//! The one place that tries again: a budget of attempts, refilled by progress, and the waits that servers ask for.
//!
//! A stated back-off is obeyed to its end and costs no attempt: a server that names a time is working. Everything else costs one of
//! [`limits::RETRY_ATTEMPTS`], with waits that double up to [`limits::RETRY_BACKOFF`]; a pass that moved mail since the last failure
//! starts with a full budget, so that a long migration survives any number of separate faults and a hopeless one ends.

use std::time::Duration;

use super::{Event, run::Run, sides::Sides};
use crate::{
    clock,
    error::{Disposition, Error, Result},
    limits,
};

/// What is left to try.
pub(super) struct Budget {
    failures: u32,
    backoff: clock::Backoff,
}

impl Budget {
    pub fn new() -> Self {
        let (first, longest) = limits::RETRY_BACKOFF;
        Budget { failures: 0, backoff: clock::Backoff::new(first, longest) }
    }

    /// Mail moved: what failed before is forgiven.
    pub fn refill(&mut self) {
        self.failures = 0;
        self.backoff.reset();
    }

    /// Drops both sessions, for whichever failed, the other was cut off in the middle of its work; then waits.
    ///
    /// # Errors
    /// As [`Budget::wait`].
    pub async fn again(&mut self, run: &Run, sides: &mut Sides, error: Error) -> Result<()> {
        sides.forget();
        self.wait(run, error).await
    }

    /// Waits as `error` asks, or gives it back if trying again is of no use.
    ///
    /// # Errors
    /// `error` itself, or the wish to stop while waiting.
    async fn wait(&mut self, run: &Run, error: Error) -> Result<()> {
        let stated = match error.disposition() {
            Disposition::RetryAfter(stated) => stated,
            Disposition::InDoubt => None,
            Disposition::GiveUp | Disposition::Canceled | Disposition::NeedsPerson => return Err(error),
        };
        if stated.is_none() {
            self.failures += 1;
            let most = if run.had_contact() { limits::RETRY_ATTEMPTS } else { limits::FIRST_CONTACT_ATTEMPTS };
            if self.failures >= most {
                return Err(error);
            }
        }
        let wait = stated.unwrap_or_else(|| self.backoff.next_wait());
        self.announce(run, &error, stated.is_some(), wait);
        tokio::select! {
            () = clock::sleep(wait) => Ok(()),
            () = run.stop.cancelled() => Err(Error::canceled()),
        }
    }

    fn announce(&self, run: &Run, error: &Error, throttled: bool, wait: Duration) {
        let until = clock::now() + wait;
        if throttled {
            let reply = error.reply().unwrap_or_default().to_owned();
            run.tell(Event::Throttled { side: error.side(), until, reply });
        } else {
            tracing::info!(%error, attempt = self.failures, "A session was lost; it is opened again.");
            run.tell(Event::Retrying { word: error.word(), text: error.to_string(), attempt: self.failures, until });
        }
    }
}
