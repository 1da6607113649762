//! How much went in a sliding time, so that no such time ever sees more than the limit.
//!
//! The service counts a request somewhere between its first byte and its answer, so here it counts from its start until a whole window
//! after its end, and that in cells: the limit holds whatever the line does, and a cell's share of the rate is given away. Rejected: a
//! bucket that refills (governor), which lets twice the limit through in the first window; a time for each request, which is 150 KiB a
//! mailbox.

use std::{collections::VecDeque, time::Duration};

use crate::{clock::Instant, limits};

/// A limit over a sliding time.
#[derive(Debug)]
pub(super) struct Window {
    limit: u64,
    cell: Duration,
    start: Instant,
    /// What is on its way.
    open: u64,
    /// Cells that still count, oldest first: their number since `start`, and what ended in them.
    cells: VecDeque<(u32, u64)>,
    sum: u64,
}

impl Window {
    /// At most `limit` in each `length`.
    pub(super) fn new((limit, length): (u64, Duration), now: Instant) -> Self {
        let cell = (length / limits::GRAPH_CELLS).max(Duration::from_micros(1));
        Window { limit, cell, start: now, open: 0, cells: VecDeque::new(), sum: 0 }
    }

    /// When `amount` fits; now or earlier: at once; `None`: not before something on its way has ended. What is larger than the limit waits
    /// for an empty window.
    pub(super) fn fits_at(&mut self, amount: u64, now: Instant) -> Option<Instant> {
        self.forget(now);
        let room = self.limit.saturating_sub(amount.min(self.limit)).checked_sub(self.open)?;
        let mut sum = self.sum;
        for (number, went) in &self.cells {
            if sum <= room {
                break;
            }
            sum -= went;
            if sum <= room {
                return Some(self.end_of(*number));
            }
        }
        Some(now)
    }

    /// `amount` goes.
    pub(super) fn begin(&mut self, amount: u64) {
        self.open += amount.min(self.limit);
    }

    /// `amount` has its answer, or will have none.
    pub(super) fn end(&mut self, amount: u64, now: Instant) {
        let amount = amount.min(self.limit);
        self.open -= amount;
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
        let passed = now.saturating_duration_since(self.start).as_nanos() / self.cell.as_nanos().max(1);
        u32::try_from(passed).unwrap_or(u32::MAX)
    }

    /// When everything that went in a cell has left the window.
    fn end_of(&self, number: u32) -> Instant {
        self.start + self.cell * number.saturating_add(1 + limits::GRAPH_CELLS)
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
            now = now.max(window.fits_at(1, now).unwrap());
            window.begin(1);
            window.end(1, now);
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
        assert_eq!(window.fits_at(500, now), Some(now));
        window.begin(30);
        assert_eq!(window.fits_at(500, now), None);
        window.end(30, now);
        let at = window.fits_at(500, now).unwrap();
        assert!(at >= now + Duration::from_secs(10) && at < now + Duration::from_secs(11));
        assert_eq!(window.fits_at(70, now), Some(now));
    }
}
