//! What the sessions of one mailbox learn of their server, for those after them.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::cursor::Cursor;
use crate::{
    clock::{self, Backoff, Instant},
    error::{Code, Disposition, Error},
    limits,
};

/// Shared by all sessions of a mailbox in this process.
#[derive(Clone, Default)]
pub(super) struct Habits(Arc<Mutex<Learnt>>);

#[derive(Default)]
struct Learnt {
    /// Pipelining is announced and does not work.
    lockstep: bool,
    /// The least time between two sign-ins, and the latest one.
    login_delay: Option<Duration>,
    signed_in: Option<Instant>,
    lock: Option<Lock>,
    /// Messages that the latest session delivered before it was lost, and those after which sessions end.
    delivered: Option<u32>,
    wears: Option<u32>,
    /// The maildrop as the ledger knows it.
    cursor: Option<Arc<Cursor>>,
    /// Messages that an earlier session refused.
    doubtful: HashSet<Vec<u8>>,
}

/// Another client's lock.
struct Lock {
    since: Instant,
    backoff: Backoff,
}

impl Habits {
    fn learnt(&self) -> MutexGuard<'_, Learnt> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether each command must wait for the reply to the one before.
    pub(super) fn is_lockstep(&self) -> bool {
        self.learnt().lockstep
    }

    /// A reply was missing.
    pub(super) fn distrust_pipelining(&self) {
        self.learnt().lockstep = true;
    }

    /// How long the server wants the next sign-in to wait (RFC 2449 §6.5).
    pub(super) fn too_early(&self) -> Option<Duration> {
        let learnt = self.learnt();
        let due = learnt.signed_in? + learnt.login_delay?;
        due.checked_duration_since(clock::instant()).filter(|wait| !wait.is_zero())
    }

    /// A sign-in went well.
    pub(super) fn signed_in(&self, login_delay: Option<Duration>) {
        let mut learnt = self.learnt();
        (learnt.signed_in, learnt.login_delay, learnt.lock) = (Some(clock::instant()), login_delay, None);
    }

    /// The error with the time to come back, where it is another client's lock: a wait that grows, and ends with
    /// [`limits::POP3_LOCK`].
    pub(super) fn heed(&self, error: Error) -> Error {
        if error.code() != Code::InUse {
            return error;
        }
        let mut learnt = self.learnt();
        let (first, most) = limits::POP3_LOCK_WAIT;
        let begun = || Lock { since: clock::instant(), backoff: Backoff::new(first, most) };
        let lock = learnt.lock.get_or_insert_with(begun);
        match lock.since.elapsed() < limits::POP3_LOCK {
            true => error.disposed(Disposition::RetryAfter(Some(lock.backoff.next_wait()))),
            false => error.disposed(Disposition::NeedsPerson),
        }
    }

    /// A session was lost after it delivered so many messages. Two that end alike are a rule: the next one ends by itself before.
    pub(super) fn lost_after(&self, delivered: u32) {
        let mut learnt = self.learnt();
        if delivered > 0 && learnt.delivered == Some(delivered) {
            learnt.wears = Some(learnt.wears.map_or(delivered, |wears| wears.min(delivered)));
        }
        learnt.delivered = Some(delivered);
    }

    /// Messages after which a session is to be replaced.
    pub(super) fn wears(&self) -> Option<u32> {
        self.learnt().wears
    }

    /// The maildrop as the ledger knows it, if this process listed it.
    pub(super) fn cursor(&self) -> Option<Arc<Cursor>> {
        self.learnt().cursor.clone()
    }

    /// The ledger knows this, unless this process knows better.
    pub(super) fn knows(&self, cursor: &Cursor) {
        self.learnt().cursor.get_or_insert_with(|| Arc::new(cursor.clone()));
    }

    /// This session refused these messages.
    pub(super) fn doubt(&self, ids: impl Iterator<Item = Vec<u8>>) {
        self.learnt().doubtful.extend(ids);
    }

    /// Whether an earlier session refused this message.
    pub(super) fn refused_before(&self, id: &[u8]) -> bool {
        self.learnt().doubtful.contains(id)
    }

    /// The maildrop was listed.
    pub(super) fn listed(&self, cursor: Arc<Cursor>) {
        self.learnt().cursor = Some(cursor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Scope, Side};

    fn in_use() -> Error {
        Error::new(Code::InUse, Side::Source, Scope::Mailbox, Disposition::RetryAfter(None), "h:110")
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_is_waited_for_and_not_for_ever() {
        let habits = Habits::default();
        let begun = clock::instant();
        let mut waits = 0;
        while let Disposition::RetryAfter(Some(wait)) = habits.heed(in_use()).disposition() {
            assert!(wait <= limits::POP3_LOCK_WAIT.1);
            waits += 1;
            clock::sleep(wait).await;
        }
        assert_eq!(habits.heed(in_use()).disposition(), Disposition::NeedsPerson);
        assert!(begun.elapsed() >= limits::POP3_LOCK && waits > 10);
        habits.signed_in(None);
        assert!(matches!(habits.heed(in_use()).disposition(), Disposition::RetryAfter(Some(_))), "a new lock");
    }

    #[tokio::test(start_paused = true)]
    async fn a_sign_in_waits_for_the_delay() {
        let habits = Habits::default();
        assert_eq!(habits.too_early(), None);
        habits.signed_in(Some(Duration::from_secs(10)));
        clock::sleep(Duration::from_secs(4)).await;
        assert_eq!(habits.too_early(), Some(Duration::from_secs(6)));
        clock::sleep(Duration::from_secs(6)).await;
        assert_eq!(habits.too_early(), None);
    }

    #[test]
    fn two_losses_alike_are_a_rule() {
        let habits = Habits::default();
        for delivered in [0, 0, 7, 30] {
            habits.lost_after(delivered);
        }
        assert_eq!(habits.wears(), None);
        habits.lost_after(30);
        assert_eq!(habits.wears(), Some(30));
    }
}
