//! The rate that a server sustains, learned from its throttle replies.
//!
//! # The model
//!
//! A throttling server keeps a bucket of allowance that refills at a rate it does not tell (microsoft365.md §1.9). When it says
//! no, its bucket is empty. So *between two refusals it granted just what it refilled*: `M` messages in `T` seconds, back-off
//! included, mean a rate within (M ± g) / T, where `g` is the largest command (one message, or a MULTIAPPEND's).
//! That needs neither the bucket's size nor faith in the stated time. Only a bucket that overflowed while we were held
//! makes the measure too low, and never too high.
//!
//! # What follows from it
//!
//! - Before the second refusal nothing is known: full speed, so that the bucket's store is used.
//! - After it, three quarters of what refilled during the hold go at once, and then messages go at the learned
//!   rate, rising from (M − g) / T to (M + g) / T while M messages go by. Below the true rate the bucket fills a little, above it
//!   that is used: nothing is lost, and the refusal that ends the climb measures anew, over twice as many messages.
//!   A handful of refusals in a thousand messages, where obeying alone would take one for each.
//! - A climb that goes far past its end unrefused proves that the measure was too low (overflow, or the server grew): the rate doubles
//!   until a refusal comes. The bucket's store had to be used up first, so the rate as it was then, and not the last one, is the new
//!   measure.
//! - Only messages that had to wait for the rate count for the climb; a slow source proves nothing.
//!
//! Halving on refusal, as TCP does, was rejected: it gives away a quarter of the rate for ever. So was taking the rate from the
//! stated time: servers state anything from the next message's turn to five minutes. Where a server states more than its bucket
//! takes to fill, it gives less than it could, and no client can change that; the learned rate makes such holds rare.

use std::time::Duration;

use crate::{clock::Instant, limits};

/// The learned rate of one mailbox. Pure: every call is told the time.
#[derive(Debug, Default)]
pub(super) struct Tempo {
    /// Messages granted so far.
    granted: u64,
    /// The largest command since the last refusal (messages).
    grain: u32,
    /// The last refusal.
    last: Option<Mark>,
    /// The earliest refusal since which the rate seems unchanged.
    anchor: Option<Mark>,
    learned: Option<Learned>,
}

/// A moment at which the server's bucket was empty.
#[derive(Clone, Copy, Debug)]
struct Mark {
    at: Instant,
    granted: u64,
}

impl Tempo {
    /// `n` messages were accepted.
    pub(super) fn succeeded(&mut self, n: u32) {
        self.granted += u64::from(n);
    }

    /// Whether anything was accepted since the last refusal.
    pub(super) fn progressed(&self) -> bool {
        self.last.is_none_or(|last| self.granted > last.granted)
    }

    /// The server refused at `now` because its bucket is empty.
    pub(super) fn refused(&mut self, now: Instant) {
        let here = Mark { at: now, granted: self.granted };
        let Some(last) = self.last else {
            (self.last, self.anchor) = (Some(here), Some(here));
            return;
        };
        if self.progressed() {
            let measure = self.measure(last, here);
            self.learned = Some(Learned::new(measure, now));
            (self.last, self.grain) = (Some(here), 1);
        } else if let Some(learned) = &mut self.learned {
            learned.empty(now);
        }
    }

    fn measure(&mut self, last: Mark, here: Mark) -> Measure {
        let latest = Measure::between(last, here, self.grain);
        let whole = Measure::between(self.anchor.unwrap_or(last), here, self.grain);
        let measure = if latest.allows(whole.rate()) {
            whole
        } else {
            self.anchor = Some(last);
            latest
        };
        match self.learned.as_ref().and_then(Learned::overtaken) {
            Some(rate) if rate > measure.rate() => {
                // The bucket had overflowed: nothing before this moment counts.
                self.anchor = Some(here);
                measure.at(rate)
            }
            _ => measure,
        }
    }

    /// Lets `n` messages go at `now`, or tells when to ask again; `waited` if they had to ask before.
    ///
    /// # Errors
    /// Not yet.
    pub(super) fn take(&mut self, n: u32, now: Instant, waited: bool) -> Result<(), Instant> {
        self.grain = self.grain.max(n);
        let Some(learned) = &mut self.learned else { return Ok(()) };
        learned.take(f64::from(n), now)?;
        if waited {
            learned.climbed += f64::from(n);
        }
        Ok(())
    }

    /// The rate now (messages a second), if one is learned.
    pub(super) fn rate(&self) -> Option<f64> {
        self.learned.as_ref().map(Learned::rate)
    }
}

/// `messages` were granted in `seconds`, give or take `grain`.
#[derive(Clone, Copy, Debug)]
struct Measure {
    messages: f64,
    seconds: f64,
    grain: f64,
}

impl Measure {
    fn between(from: Mark, to: Mark, grain: u32) -> Self {
        let seconds = to.at.saturating_duration_since(from.at).as_secs_f64().max(0.001);
        let messages = to.granted.saturating_sub(from.granted).max(1) as f64;
        Measure { messages, seconds, grain: f64::from(grain.max(1)) }
    }

    /// As many messages at another rate.
    fn at(self, rate: f64) -> Self {
        Measure { seconds: self.messages / rate, ..self }
    }

    fn rate(&self) -> f64 {
        self.messages / self.seconds
    }

    /// Whether `rate` explains it; twice the grain, since both its ends are uncertain.
    fn allows(&self, rate: f64) -> bool {
        (self.messages - rate * self.seconds).abs() <= 2.0 * self.grain
    }

    /// The uncertainty as a share of the rate. Never none: messages differ in what they cost a server.
    fn doubt(&self) -> f64 {
        (self.grain / self.messages).clamp(0.03, 0.5)
    }
}

#[derive(Debug)]
struct Learned {
    measure: Measure,
    /// Messages that may go now.
    credit: f64,
    credited_at: Instant,
    /// What the hold had refilled and went at once.
    burst: f64,
    /// No message went since the refusal.
    fresh: bool,
    /// Messages that had to wait for the rate since the refusal.
    climbed: f64,
}

impl Learned {
    fn new(measure: Measure, now: Instant) -> Self {
        Learned { measure, credit: 0.0, credited_at: now, burst: 0.0, fresh: true, climbed: 0.0 }
    }

    /// Refused again and nothing granted in between: what should have refilled had not.
    fn empty(&mut self, now: Instant) {
        (self.credit, self.credited_at, self.fresh) = (0.0, now, true);
    }

    fn rate(&self) -> f64 {
        self.rate_after(self.climbed)
    }

    /// The rate after `climbed` messages: linear through the doubt, then doubling.
    fn rate_after(&self, climbed: f64) -> f64 {
        let (doubt, climb) = (self.measure.doubt(), self.climb());
        let factor = if climbed <= climb {
            1.0 - doubt + 2.0 * doubt * climbed.max(0.0) / climb
        } else {
            // Slow enough that a store of `burst` is not all that is noticed of an overtaken rate.
            let doubling = (climb / 2.0).max(2.0 * self.burst);
            (1.0 + doubt) * ((climbed - climb) / doubling).min(MOST_DOUBLINGS).exp2()
        };
        self.measure.rate() * factor
    }

    /// Messages of the climb through the doubt.
    fn climb(&self) -> f64 {
        self.measure.messages.min(self.measure.rate() * limits::PACE_CLIMB.as_secs_f64()).max(1.0)
    }

    /// After a climb far beyond its end: the rate at which the bucket's store began to be used up.
    fn overtaken(&self) -> Option<f64> {
        // Beyond what the grain and a little store left over explain.
        (self.climbed > 1.5 * self.climb() + 10.0 * self.measure.grain)
            .then(|| self.rate_after(self.climbed - 2.0 * self.burst))
    }

    fn take(&mut self, n: f64, now: Instant) -> Result<(), Instant> {
        let (rate, passed) = (self.rate(), now.saturating_duration_since(self.credited_at).as_secs_f64());
        self.credited_at = now;
        if self.fresh {
            // The stated time is over: at least one command goes at once.
            self.burst = (passed * self.measure.rate() * HOLD_SHARE).max(n);
            self.credit = self.burst;
            self.fresh = false;
        } else {
            self.credit = (self.credit + passed * rate).min(self.burst.max(rate).max(n));
        }
        let missing = n - self.credit;
        if missing > 1e-6 {
            return Err(now + Duration::from_secs_f64((missing / rate).clamp(0.001, LONGEST_WAIT)));
        }
        self.credit -= n;
        Ok(())
    }
}

/// The share of a hold's refill that goes at once: an overflow would have made it less.
const HOLD_SHARE: f64 = 0.75;
/// Doublings of a rate that meets no refusal: a million times is no limit any more.
const MOST_DOUBLINGS: f64 = 20.0;
/// The longest wait (seconds) before the rate is looked at anew.
const LONGEST_WAIT: f64 = 60.0;
