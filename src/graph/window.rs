//! How much went in a sliding time, so that no such time ever sees more than the limit.
//!
//! Counted in cells: an amount counts until the whole of its cell has left the window, so the limit holds exactly and at most one cell's
//! share of the rate is given away. Rejected: a bucket that refills (governor), which lets twice the limit through in the first window;
//! a time for each request, which is 150 KiB a mailbox.

use std::{collections::VecDeque, time::Duration};

use crate::{clock::Instant, limits};

/// A limit over a sliding time.
#[derive(Debug)]
pub(super) struct Window {
    limit: u64,
    cell: Duration,
    begin: Instant,
    /// Cells that still count, oldest first: their number since `begin`, and what went in them.
    cells: VecDeque<(u32, u64)>,
    sum: u64,
}

impl Window {
    /// At most `limit` in each `length`.
    pub(super) fn new((limit, length): (u64, Duration), now: Instant) -> Self {
        let cell = (length / limits::GRAPH_CELLS).max(Duration::from_micros(1));
        Window { limit, cell, begin: now, cells: VecDeque::new(), sum: 0 }
    }

    /// When `amount` fits; now or earlier: at once. What is larger than the limit waits for an empty window.
    pub(super) fn fits_at(&mut self, amount: u64, now: Instant) -> Instant {
        self.forget(now);
        let room = self.limit.saturating_sub(amount.min(self.limit));
        let mut sum = self.sum;
        for (number, went) in &self.cells {
            if sum <= room {
                break;
            }
            sum -= went;
            if sum <= room {
                return self.end_of(*number);
            }
        }
        now
    }

    /// Counts `amount`.
    pub(super) fn take(&mut self, amount: u64, now: Instant) {
        let amount = amount.min(self.limit);
        let number = self.number(now);
        self.sum += amount;
        match self.cells.back_mut() {
            Some((last, went)) if *last == number => *went += amount,
            _ => self.cells.push_back((number, amount)),
        }
    }

    fn forget(&mut self, now: Instant) {
        while let Some((number, went)) = self.cells.front().copied()
            && self.end_of(number) <= now
        {
            self.cells.pop_front();
            self.sum -= went;
        }
    }

    fn number(&self, now: Instant) -> u32 {
        let passed = now.saturating_duration_since(self.begin).as_nanos() / self.cell.as_nanos().max(1);
        u32::try_from(passed).unwrap_or(u32::MAX)
    }

    /// When everything that went in a cell has left the window.
    fn end_of(&self, number: u32) -> Instant {
        self.begin + self.cell * number.saturating_add(1 + limits::GRAPH_CELLS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn no_window_sees_more_than_the_limit_and_little_is_given_away() {
        let length = Duration::from_secs(10);
        let begin = clock::instant();
        let mut window = Window::new((1000, length), begin);
        let mut went = Vec::new();
        let mut now = begin;
        while now < begin + 10 * length {
            now = now.max(window.fits_at(1, now));
            window.take(1, now);
            went.push(now);
            now += Duration::from_millis(3);
        }
        for (first, at) in went.iter().enumerate() {
            let within = went[first..].iter().take_while(|other| **other < *at + length).count();
            assert!(within <= 1000, "{within} from {first}");
        }
        assert!(went.len() > 9_800, "only {} of 10,000", went.len());
    }

    #[test]
    fn what_is_larger_than_the_limit_waits_for_an_empty_window() {
        let now = clock::instant();
        let mut window = Window::new((100, Duration::from_secs(10)), now);
        assert_eq!(window.fits_at(500, now), now);
        window.take(30, now);
        let at = window.fits_at(500, now);
        assert!(at >= now + Duration::from_secs(10) && at < now + Duration::from_secs(11));
        assert_eq!(window.fits_at(70, now), now);
    }
}
