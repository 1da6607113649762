//! The limits that a person set: so many messages and bytes a second.

use std::{
    num::{NonZeroU32, NonZeroU64},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::Clock,
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};
use tokio::sync::Mutex;

use crate::{
    clock::{self, Instant},
    limits,
};

/// Limits of one connection; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// Messages a second.
    pub messages_per_second: Option<NonZeroU32>,
    /// Bytes a second.
    pub bytes_per_second: Option<NonZeroU64>,
}

/// Keeps a connection below its [`Rates`].
#[derive(Debug)]
pub struct Limiter {
    messages: Option<Meter>,
    bytes: Option<Meter>,
}

impl Limiter {
    /// A limiter for `rates`.
    pub fn new(rates: Rates) -> Self {
        let messages = rates.messages_per_second.map(|rate| Meter::new(rate.into()));
        Limiter { messages, bytes: rates.bytes_per_second.map(Meter::new) }
    }

    /// Waits until `messages` and `bytes` may pass. A body of any size passes: it takes its share piece by piece.
    ///
    /// May be dropped at any time; what had been taken by then counts as used, so the rate is never exceeded.
    pub async fn take(&self, messages: u32, bytes: u64) {
        if let Some(meter) = &self.messages {
            meter.take(messages.into()).await;
        }
        if let Some(meter) = &self.bytes {
            meter.take(bytes).await;
        }
    }
}

/// One rate. Those who wait are served in turn, a piece at a time, so a large body delays a small one by a piece only.
#[derive(Debug)]
pub(super) struct Meter {
    governor: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>,
    clock: TokioClock,
    turn: Mutex<()>,
    /// Units in one of governor's cells. It counts nanoseconds per cell in whole numbers, so above a million units a second
    /// cells of one unit would be off by up to half.
    cell: u64,
    /// Cells that may pass at once.
    burst: NonZeroU32,
}

impl Meter {
    /// A meter for `rate` units a second.
    pub(super) fn new(rate: NonZeroU64) -> Self {
        let cell = rate.get().div_ceil(limits::METER_CELLS);
        let cells = at_least_one(rate.get().div_ceil(cell));
        let burst = at_least_one((f64::from(cells.get()) * limits::METER_BURST.as_secs_f64()) as u64);
        let clock = TokioClock(clock::instant());
        let governor = RateLimiter::direct_with_clock(Quota::per_second(cells).allow_burst(burst), clock);
        Meter { governor, clock, turn: Mutex::new(()), cell, burst }
    }

    /// Waits until `units` have passed.
    pub(super) async fn take(&self, units: u64) {
        let mut cells = units.div_ceil(self.cell);
        while cells > 0 {
            let piece = at_least_one(cells.min(self.burst.get().into()));
            self.pass(piece).await;
            cells -= u64::from(piece.get());
        }
    }

    async fn pass(&self, piece: NonZeroU32) {
        let _turn = self.turn.lock().await;
        // A piece is never larger than the burst, so governor never answers "insufficient capacity".
        while let Ok(Err(not_yet)) = self.governor.check_n(piece) {
            clock::sleep(not_yet.wait_time_from(self.clock.now())).await;
        }
    }
}

fn at_least_one(n: u64) -> NonZeroU32 {
    u32::try_from(n).ok().and_then(NonZeroU32::new).unwrap_or(if n == 0 { NonZeroU32::MIN } else { NonZeroU32::MAX })
}

/// Our clock as governor sees it: time since the meter was made.
#[derive(Clone, Copy, Debug)]
struct TokioClock(Instant);

impl Clock for TokioClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn limiter(messages: u32, bytes: u64) -> Limiter {
        Limiter::new(Rates { messages_per_second: NonZeroU32::new(messages), bytes_per_second: NonZeroU64::new(bytes) })
    }

    async fn seconds(work: impl Future<Output = ()>) -> f64 {
        let begun = clock::instant();
        work.await;
        begun.elapsed().as_secs_f64()
    }

    #[tokio::test(start_paused = true)]
    async fn the_rate_holds_over_many_messages() {
        let limiter = limiter(50, 0);
        let took = seconds(async {
            for _ in 0..500 {
                limiter.take(1, 1 << 20).await;
            }
        });
        let took = took.await;
        assert!((9.8..=10.1).contains(&took), "{took}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_far_above_the_burst_passes_at_the_rate() {
        for rate in [999, 1_000_000, 7_654_321, 3_000_000_000] {
            let took = seconds(limiter(0, rate).take(1, rate * 20)).await;
            assert!((19.8..=20.2).contains(&took), "{rate}: {took}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_small_body_overtakes_a_large_one() {
        let limiter = Arc::new(limiter(0, 1000));
        let large = tokio::spawn({
            let limiter = limiter.clone();
            async move { limiter.take(1, 60_000).await }
        });
        tokio::task::yield_now().await;
        assert!(seconds(limiter.take(1, 100)).await < 1.0);
        assert!(!large.is_finished());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_holds_nobody_up() {
        let limiter = limiter(1, 0);
        assert!(clock::timeout(Duration::from_secs(2), limiter.take(100, 0)).await.is_none());
        assert!(seconds(limiter.take(1, 0)).await <= 1.1);
    }

    #[tokio::test(start_paused = true)]
    async fn no_limit_never_waits() {
        assert_eq!(seconds(Limiter::new(Rates::default()).take(u32::MAX, u64::MAX)).await, 0.0);
    }
}
