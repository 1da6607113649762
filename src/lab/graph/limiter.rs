//! The service's limits of one application and mailbox (microsoft365.md §4.8).

use std::{collections::VecDeque, time::Duration};

use super::answer::Problem;
use crate::clock::{self, Instant};

/// What one application may ask of one mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests at once.
    pub concurrent: usize,
    /// Requests in a time.
    pub requests: (u64, Duration),
    /// Bytes of request bodies in a time.
    pub bytes: (u64, Duration),
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            concurrent: 4,
            requests: (10_000, Duration::from_secs(600)),
            bytes: (150_000_000, Duration::from_secs(300)),
        }
    }
}

impl Limits {
    /// The same limits in times that are `factor` times shorter.
    #[must_use]
    pub fn scaled(self, factor: u32) -> Self {
        let scale = |(limit, time): (u64, Duration)| (limit, time / factor.max(1));
        Limits { requests: scale(self.requests), bytes: scale(self.bytes), ..self }
    }
}

/// What one mailbox was asked lately.
#[derive(Debug, Default)]
pub(super) struct Load {
    /// Requests that are being answered.
    pub(super) open: usize,
    /// The most that ever were.
    pub(super) peak: usize,
    /// Each request with its bytes.
    went: VecDeque<(Instant, u64)>,
    /// Refusals for each reason: at once, requests, bytes.
    pub(super) refused: [u64; 3],
}

impl Load {
    /// Lets `count` requests with `bytes` in at once, or refuses them.
    pub(super) fn admit(&mut self, count: usize, bytes: u64, limits: Limits) -> Result<(), Problem> {
        let now = clock::instant();
        let longest = limits.requests.1.max(limits.bytes.1);
        while self.went.front().is_some_and(|(at, _)| *at + longest <= now) {
            self.went.pop_front();
        }
        if self.open + count > limits.concurrent {
            self.refused[0] += 1;
            return Err(Problem::throttled("MailboxConcurrency", Some(1)));
        }
        let within = |length: Duration| self.went.iter().filter(move |(at, _)| *at + length > now);
        if within(limits.requests.1).count() as u64 + count as u64 > limits.requests.0 {
            self.refused[1] += 1;
            return Err(Problem::throttled("MailboxRequests", Some(self.wait(limits.requests.1, now))));
        }
        let sent: u64 = within(limits.bytes.1).map(|(_, bytes)| bytes).sum();
        // A single body above the limit is let in alone.
        if sent > 0 && sent + bytes > limits.bytes.0 {
            self.refused[2] += 1;
            return Err(Problem::throttled("IncomingBytes", Some(self.wait(limits.bytes.1, now))));
        }
        self.went.extend(std::iter::once((now, bytes)).chain(std::iter::repeat_n((now, 0), count.saturating_sub(1))));
        self.open += count;
        self.peak = self.peak.max(self.open);
        Ok(())
    }

    /// Whole seconds until the oldest of what counts has left the window.
    fn wait(&self, length: Duration, now: Instant) -> u64 {
        let oldest = self.went.iter().map(|(at, _)| *at + length).find(|end| *end > now).unwrap_or(now);
        oldest.saturating_duration_since(now).as_secs() + 1
    }
}
