//! The only place that asks the time, and the only one that waits for it.
//!
//! Two clocks live here. *Monotonic* time ([`Instant`]) decides every wait and deadline; it is tokio's, so a test with paused
//! time runs an hour of back-off in a millisecond. *Wall* time ([`now`]) is for ledgers and people, and decides nothing: it may
//! jump. A clock passed around as a trait was rejected: each caller would carry it, and tokio can pause time anyway.

use std::{
    future::Future,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use chrono::{DateTime, Local};

pub use tokio::time::Instant;

/// The wall clock, for records and people.
pub fn now() -> SystemTime {
    SystemTime::now()
}

/// The wall clock in whole Unix seconds.
pub fn unix_now() -> i64 {
    let since = now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// The monotonic clock, for waits and deadlines.
pub fn instant() -> Instant {
    Instant::now()
}

/// Waits for `duration`.
pub async fn sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// Waits for `duration` on this thread: for a moment, and never where tasks run.
pub fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// Waits until `deadline`; returns at once if it has passed.
pub async fn sleep_until(deadline: Instant) {
    tokio::time::sleep_until(deadline).await;
}

/// The result of `work`, or `None` if it takes longer than `duration`; then it is dropped.
pub async fn timeout<T>(duration: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(duration, work).await.ok()
}

/// The result of `work`, or `None` if it is not there at `deadline`; then it is dropped.
pub async fn deadline<T>(deadline: Instant, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout_at(deadline, work).await.ok()
}

/// The wall time at which the monotonic `instant` will be, or was, as far as one can know now.
pub fn wall(instant: Instant) -> SystemTime {
    let (here, wall) = (self::instant(), now());
    match instant.checked_duration_since(here) {
        Some(ahead) => wall.checked_add(ahead).unwrap_or(wall),
        None => wall.checked_sub(here.duration_since(instant)).unwrap_or(wall),
    }
}

/// `time` on the machine's own clock as people read it: `14:05`, or `2026-11-21 14:05` if that is not today.
pub fn hh_mm(time: SystemTime) -> String {
    let (time, today) = (DateTime::<Local>::from(time), Local::now());
    let format = if time.date_naive() == today.date_naive() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
    time.format(format).to_string()
}

/// Growing, jittered waits between attempts.
///
/// Each wait is drawn between half of its step and the whole of it, and the step doubles up to `most`. The jitter
/// keeps connections that were cut together from coming back together.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    step: Duration,
}

impl Backoff {
    /// Waits from about `first` up to `most`.
    pub fn new(first: Duration, most: Duration) -> Self {
        let first = first.min(most);
        Backoff { first, most, step: first }
    }

    /// The next wait.
    pub fn next_wait(&mut self) -> Duration {
        let step = self.step;
        self.step = step.saturating_mul(2).min(self.most);
        step / 2 + (step / 2).mul_f64(fastrand::f64())
    }

    /// Starts anew, after something went well.
    pub fn reset(&mut self) {
        self.step = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_to_its_limit_within_its_jitter() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(5));
        for step in [1.0, 2.0, 4.0, 5.0, 5.0] {
            let wait = backoff.next_wait().as_secs_f64();
            assert!((step / 2.0..=step).contains(&wait), "{wait} is not within {step}");
        }
        backoff.reset();
        assert!(backoff.next_wait() <= Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn paused_time_runs_through_a_long_wait() {
        let before = instant();
        sleep(Duration::from_secs(3600)).await;
        assert_eq!(instant() - before, Duration::from_secs(3600));
        assert_eq!(timeout(Duration::from_secs(1), std::future::pending::<()>()).await, None);
        assert_eq!(deadline(before, std::future::pending::<()>()).await, None);
        assert_eq!(timeout(Duration::from_secs(1), async { 7 }).await, Some(7));
    }

    #[tokio::test(start_paused = true)]
    async fn a_monotonic_instant_has_its_wall_time() {
        let wall = wall(instant() + Duration::from_secs(90));
        let ahead = wall.duration_since(now()).unwrap().as_secs_f64();
        assert!((ahead - 90.0).abs() < 1.0, "{ahead}");
    }

    #[test]
    fn a_time_of_another_day_carries_its_date() {
        assert_eq!(hh_mm(now()).len(), "14:05".len());
        assert_eq!(hh_mm(now() - Duration::from_secs(3 * 86_400)).len(), "2026-11-21 14:05".len());
    }
}
