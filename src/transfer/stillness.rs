//! How long a folder must have stood still before "not arrived" may be concluded of what is in doubt.
//!
//! Two ends of a session are told apart. A connection that just ended may have left bytes with the server, with something between, or in our
//! own kernel, which sends them once a line that was away is back: the settle time of the profile, from the first look on. A server that
//! said goodbye reads no more, so what its session can still store is what it was executing:
//! the profile's time after a goodbye, from the goodbye on, if the folder's UIDNEXT is at the first look what it was before it.
//! A back-off that came with the goodbye (quirk 2) is part of that time, for the folder stood still in it.
//!
//! The short time is for rows that this pass saw left by a goodbye, each of them known by its id. With one more in doubt, or with a UID that
//! no message shows (one that arrived and is not listed yet looks like this), all of them wait for the long one.

use std::{collections::HashMap, time::Duration};

use crate::{
    clock::Instant,
    ledger::{Row, RowId},
    limits,
    target::TargetCapabilities,
};

/// When the target said goodbye to the session that a message was sent on, for messages that are in doubt by it.
#[derive(Debug, Default)]
pub(super) struct Goodbyes(HashMap<RowId, Instant>);

impl Goodbyes {
    /// The target said goodbye at `at` instead of answering for `row`.
    pub fn note(&mut self, row: RowId, at: Instant) {
        self.0.insert(row, at);
    }

    /// Adds those of another copy.
    pub fn join(&mut self, others: Goodbyes) {
        self.0.extend(others.0);
    }

    /// The last one, if each of `doubt` is in doubt by a goodbye.
    pub fn last(&self, doubt: &[Row]) -> Option<Instant> {
        let each: Option<Vec<Instant>> = doubt.iter().map(|row| self.0.get(&row.id).copied()).collect();
        each?.into_iter().max()
    }
}

/// How long a folder must stand still.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// After a connection that just ended.
    pub settle: Duration,
    /// After a goodbye.
    pub after_goodbye: Duration,
}

impl Patience {
    /// With this target.
    pub fn with(target: &TargetCapabilities) -> Self {
        Patience { settle: target.settle, after_goodbye: target.settle_after_goodbye.min(target.settle) }
    }
}

/// Since when a folder stands still, and for how long it must.
#[derive(Debug)]
pub(super) struct Stillness {
    since: Instant,
    /// When the target was asked last: what it said holds until then.
    looked: Instant,
    patience: Patience,
    /// The server itself ended the session of all that is in doubt.
    by_server: bool,
}

impl Stillness {
    /// After a first look that was asked for at `looked` and answered by `now`. `unmoved` says that nothing had arrived since the last
    /// answer on the session that was lost.
    pub fn new(patience: Patience, goodbye: Option<Instant>, unmoved: bool, looked: Instant, now: Instant) -> Self {
        let since = goodbye.filter(|_| unmoved).unwrap_or(now);
        Stillness { since, looked, patience, by_server: goodbye.is_some() }
    }

    /// After another look, asked for at `looked`.
    pub fn look(&mut self, looked: Instant) {
        self.looked = looked;
    }

    /// That look, answered by `now`, showed that something had arrived or left.
    pub fn moved(&mut self, now: Instant) {
        self.since = now;
    }

    /// How much longer it must stand still; zero when it has. `gap` says that a UID is missing among what may have arrived.
    pub fn left(&self, gap: bool) -> Duration {
        self.needed(gap).saturating_sub(self.looked.saturating_duration_since(self.since))
    }

    /// Until the next look.
    pub fn step(&self, gap: bool) -> Duration {
        self.left(gap).min(self.needed(gap) / limits::SETTLE_LOOKS)
    }

    fn needed(&self, gap: bool) -> Duration {
        if self.by_server && !gap { self.patience.after_goodbye } else { self.patience.settle }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    const MINUTE: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_secs(2);
    const EXCHANGE: Patience = Patience { settle: MINUTE, after_goodbye: SHORT };
    const SECOND: Duration = Duration::from_secs(1);

    /// What is left after a look that took no time.
    fn left(patience: Patience, goodbye: Option<Instant>, unmoved: bool, look: Instant) -> Duration {
        Stillness::new(patience, goodbye, unmoved, look, look).left(false)
    }

    #[test]
    fn a_connection_that_just_ended_waits_for_the_long_time_from_the_first_look() {
        let now = clock::instant();
        for unmoved in [false, true] {
            let mut stillness = Stillness::new(EXCHANGE, None, unmoved, now, now);
            assert_eq!(stillness.left(false), MINUTE);
            stillness.look(now + MINUTE);
            assert_eq!(stillness.left(false), Duration::ZERO);
        }
    }

    #[test]
    fn a_back_off_counts_where_nothing_arrived_in_it() {
        let at = clock::instant();
        assert_eq!(left(EXCHANGE, Some(at), true, at + SECOND), SHORT - SECOND);
        assert_eq!(left(EXCHANGE, Some(at), false, at + SECOND), SHORT);
        assert_eq!(left(EXCHANGE, Some(at), true, at + MINUTE), Duration::ZERO);
    }

    #[test]
    fn a_look_tells_of_the_time_until_it_was_asked_for() {
        let at = clock::instant();
        let slow = Stillness::new(EXCHANGE, Some(at), true, at + SECOND, at + MINUTE);
        assert_eq!(slow.left(false), SHORT - SECOND);
    }

    #[test]
    fn an_arrival_begins_the_time_anew_and_a_missing_uid_makes_it_long() {
        let at = clock::instant();
        let mut stillness = Stillness::new(EXCHANGE, Some(at), true, at, at);
        stillness.look(at + SECOND);
        stillness.moved(at + SECOND);
        assert_eq!(stillness.left(false), SHORT);
        assert_eq!(stillness.left(true), MINUTE);
    }

    #[test]
    fn a_server_that_nobody_knows_is_waited_for_as_long_after_a_goodbye() {
        let now = clock::instant();
        let unknown = Patience { settle: SECOND * 30, after_goodbye: SECOND * 30 };
        assert_eq!(left(unknown, Some(now), true, now), SECOND * 30);
    }
}
