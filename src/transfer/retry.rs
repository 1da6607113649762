//! The one place that tries again: a budget of attempts, refilled by progress, and the waits that servers ask for.
//!
//! A stated back-off is obeyed to its end and costs no attempt: a server that names a time is working. Everything else costs one of
//! [`limits::RETRY_ATTEMPTS`], with waits that double up to [`limits::RETRY_BACKOFF`]; a pass that moved mail since the last failure
//! starts with a full budget, so that a long migration survives any number of separate faults and a hopeless one ends. A sign-in behind
//! which no mailbox answers has a budget of its own, with longer waits: Exchange means a missing right by it, and a moment's trouble.

use std::time::Duration;

use super::{Event, run::Run, sides::Sides};
use crate::{
    clock,
    error::{Code, Disposition, Error, Result},
    limits,
};

/// What is left to try.
pub(super) struct Budget {
    failures: u32,
    backoff: clock::Backoff,
    /// Sign-ins with no mailbox behind them (quirk 13).
    unreachable: u32,
}

impl Budget {
    pub fn new() -> Self {
        let (first, longest) = limits::RETRY_BACKOFF;
        Budget { failures: 0, backoff: clock::Backoff::new(first, longest), unreachable: 0 }
    }

    /// Mail moved: what failed before is forgiven.
    pub fn refill(&mut self) {
        (self.failures, self.unreachable) = (0, 0);
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
        let Some(wait) = stated.or_else(|| self.next_wait(error.code(), run.had_contact())) else { return Err(error) };
        self.announce(run, &error, stated.is_some(), wait);
        tokio::select! {
            () = clock::sleep(wait) => Ok(()),
            () = run.stop.cancelled() => Err(Error::canceled()),
        }
    }

    /// How long to wait before the next attempt; `None` if there is none left.
    fn next_wait(&mut self, code: Code, had_contact: bool) -> Option<Duration> {
        if code == Code::AuthAccess {
            self.unreachable += 1;
            // Where another session of this run is open, the mailbox is there, and its connections are too many for now.
            let retries = if had_contact { limits::RETRY_ATTEMPTS } else { limits::ACCESS_RETRIES };
            let (least, most) = limits::ACCESS_WAIT;
            let wait = least + (most - least).mul_f64(fastrand::f64());
            return (self.unreachable <= retries).then_some(wait);
        }
        self.failures += 1;
        let most = if had_contact { limits::RETRY_ATTEMPTS } else { limits::FIRST_CONTACT_ATTEMPTS };
        (self.failures < most).then(|| self.backoff.next_wait())
    }

    fn announce(&self, run: &Run, error: &Error, throttled: bool, wait: Duration) {
        let until = clock::now() + wait;
        if throttled {
            let reply = error.reply().unwrap_or_default().to_owned();
            run.tell(Event::Throttled { side: error.side(), until, reply });
        } else {
            let attempt = self.failures + self.unreachable;
            tracing::info!(%error, attempt, "A session was lost; it is opened again.");
            run.tell(Event::Retrying { word: error.word(), text: error.to_string(), attempt, until });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_that_does_not_answer_is_tried_three_times_more_at_leisure() {
        let mut budget = Budget::new();
        for _ in 0..limits::ACCESS_RETRIES {
            let wait = budget.next_wait(Code::AuthAccess, false).unwrap();
            assert!((30..=60).contains(&wait.as_secs()), "{wait:?}");
        }
        assert_eq!(budget.next_wait(Code::AuthAccess, false), None);
        // Beside a session that is open it is the number of connections, which passes.
        assert!(budget.next_wait(Code::AuthAccess, true).is_some());
        budget.refill();
        assert!(budget.next_wait(Code::AuthAccess, false).is_some());
    }

    #[test]
    fn a_first_contact_has_fewer_attempts_than_a_session_that_was_lost() {
        for (had_contact, most) in [(false, limits::FIRST_CONTACT_ATTEMPTS), (true, limits::RETRY_ATTEMPTS)] {
            let mut budget = Budget::new();
            let attempts = std::iter::from_fn(|| budget.next_wait(Code::Lost, had_contact)).count() + 1;
            assert_eq!(attempts, most as usize);
        }
    }
}
