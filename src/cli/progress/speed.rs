//! How fast it goes now, and how long it will take.

use std::{collections::VecDeque, time::Duration};

use super::line::Figures;
use crate::{clock::Instant, project::words};

/// Speed over the last half minute: long enough to be calm, short enough to show a throttle.
#[derive(Default)]
pub(super) struct Speed(VecDeque<(Instant, Figures)>);

const WINDOW: Duration = Duration::from_secs(30);
/// No two samples are closer, so that their number is bounded.
const APART: Duration = Duration::from_secs(1);

/// Seconds of samples before an estimate is worth showing.
const ENOUGH: f64 = 3.0;

impl Speed {
    /// Notes what is done by `now`.
    pub(super) fn sample(&mut self, now: Instant, figures: Figures) {
        if self.0.back().is_some_and(|(latest, _)| now - *latest < APART) {
            return;
        }
        self.0.push_back((now, figures));
        while self.0.len() > 2 && self.0.front().is_some_and(|(oldest, _)| now - *oldest > WINDOW) {
            self.0.pop_front();
        }
    }

    /// `2.2 MB/s, 120 messages/s, 3 min 20 s left`; empty until something is known.
    pub(super) fn words(&self, now: Figures) -> String {
        let (Some((first, from)), Some((last, to))) = (self.0.front(), self.0.back()) else { return String::new() };
        let seconds = (*last - *first).as_secs_f64();
        if seconds <= 0.0 {
            return String::new();
        }
        let bytes = to.done_bytes.saturating_sub(from.done_bytes) as f64 / seconds;
        let messages = to.done.saturating_sub(from.done) as f64 / seconds;
        let mut words = format!("{}/s, {:.0} messages/s", words::bytes(bytes as u64), messages);
        if let Some(left) = left(now, messages, bytes).filter(|_| seconds >= ENOUGH) {
            words.push_str(&format!(", {} left", whole(left)));
        }
        words
    }
}

/// The longer of the two estimates: small messages are bound by their number, large ones by their bytes.
fn left(now: Figures, messages: f64, bytes: f64) -> Option<Duration> {
    let estimate = |left: u64, speed: f64| match left {
        0 => Some(0.0),
        _ => (speed > 0.0).then(|| left as f64 / speed),
    };
    let by_messages = estimate(now.messages.saturating_sub(now.done), messages)?;
    let by_bytes = estimate(now.bytes.saturating_sub(now.done_bytes), bytes).unwrap_or(0.0);
    let longest = by_messages.max(by_bytes);
    (longest > 0.0).then(|| Duration::try_from_secs_f64(longest).ok()).flatten()
}

/// An estimate has no tenths.
fn whole(left: Duration) -> String {
    match left.as_secs() {
        seconds @ 0..60 => format!("{} s", seconds + 1),
        _ => words::duration(left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[tokio::test(start_paused = true)]
    async fn the_estimate_follows_the_last_half_minute() {
        let mut speed = Speed::default();
        let at = |done: u64| Figures { messages: 1000, bytes: 1_000_000, done, done_bytes: done * 1000 };
        assert_eq!(speed.words(at(0)), "");
        for second in 0..=60 {
            speed.sample(clock::instant(), at(second.min(30) * 10));
            clock::sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(speed.words(at(300)), "0 B/s, 0 messages/s", "it stands still for half a minute");

        let mut speed = Speed::default();
        for second in 0..=10 {
            speed.sample(clock::instant(), at(second * 10));
            clock::sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(speed.words(at(100)), "10.0 kB/s, 10 messages/s, 1 min 30 s left");
    }
}
