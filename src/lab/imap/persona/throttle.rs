//! The throttle of a mailbox: a token bucket in messages and one in bytes (microsoft365.md §1.9, §7.1 point 6).

use std::time::Duration;

use crate::clock::Instant;

/// How much a mailbox may receive.
#[derive(Clone, Debug, PartialEq)]
pub struct Throttle {
    /// Messages regained a second.
    pub messages_per_second: f64,
    /// Messages that a rested mailbox takes at once.
    pub burst: f64,
    /// Bytes regained a second; `f64::INFINITY` for no limit.
    pub bytes_per_second: f64,
    /// Bytes that a rested mailbox takes at once.
    pub byte_burst: f64,
    /// The share of the burst that is regained before it serves again: short or long back-offs.
    pub recovery: f64,
    /// How the back-offs are told, one after the other.
    pub words: Vec<ThrottleWords>,
    /// Bodies that are fetched cost as much as those that are appended.
    pub counts_fetches: bool,
}

/// How a back-off is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThrottleWords {
    /// `NO Request is throttled. Suggested Backoff Time: n milliseconds`, for every command until then (quirk 1).
    No,
    /// The same as `BAD`, and `* BYE Connection closed. 14` (quirk 2).
    BadBye,
    /// `NO Server Unavailable. 15`, without a time (quirk 12).
    Unavailable,
    /// The bare line `Server Unavailable. 15`, and the connection is closed (microsoft365.md §1.8).
    BareUnavailable,
}

impl Throttle {
    /// `burst` messages at once and then `messages_per_second`; told as NO and as BAD with BYE in turn, in true
    /// milliseconds.
    pub fn new(messages_per_second: f64, burst: f64) -> Self {
        Throttle {
            messages_per_second,
            burst,
            bytes_per_second: f64::INFINITY,
            byte_burst: f64::INFINITY,
            recovery: 0.5,
            words: vec![ThrottleWords::No, ThrottleWords::BadBye],
            counts_fetches: false,
        }
    }

    /// One that shows itself once or twice in a few hundred messages, for a second or two.
    pub fn mild() -> Self {
        Throttle { recovery: 0.75, ..Throttle::new(75.0, 150.0) }
    }
}

/// The state of one mailbox's throttle.
#[derive(Clone, Debug)]
pub(in crate::lab::imap) struct Bucket {
    messages: f64,
    bytes: f64,
    filled: Instant,
    blocked: Option<(Instant, ThrottleWords)>,
    back_offs: usize,
}

/// A refusal: until when, in which words, and whether it is the first of its back-off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lab::imap) struct BackOff {
    pub until: Instant,
    pub words: ThrottleWords,
    pub first: bool,
}

impl Bucket {
    pub fn new(throttle: &Throttle, now: Instant) -> Self {
        Bucket { messages: throttle.burst, bytes: throttle.byte_burst, filled: now, blocked: None, back_offs: 0 }
    }

    /// The back-off that is under way.
    pub fn blocked(&self, now: Instant) -> Option<BackOff> {
        let (until, words) = self.blocked.filter(|(until, _)| *until > now)?;
        Some(BackOff { until, words, first: false })
    }

    /// Pays for messages and bytes, or begins a back-off.
    pub fn pay(&mut self, throttle: &Throttle, messages: f64, bytes: f64, now: Instant) -> Result<(), BackOff> {
        if let Some(back_off) = self.blocked(now) {
            return Err(back_off);
        }
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.filled = now;
        self.messages = (self.messages + passed * throttle.messages_per_second).min(throttle.burst);
        if throttle.bytes_per_second.is_finite() {
            self.bytes = (self.bytes + passed * throttle.bytes_per_second).min(throttle.byte_burst);
        }
        let wait = |have: f64, cost: f64, burst: f64, rate: f64| {
            let enough = cost.min(burst);
            if have + 1e-9 >= enough { 0.0 } else { (enough.max(throttle.recovery * burst) - have) / rate }
        };
        let wait = wait(self.messages, messages, throttle.burst, throttle.messages_per_second).max(wait(
            self.bytes,
            bytes,
            throttle.byte_burst,
            throttle.bytes_per_second,
        ));
        if wait > 0.0 {
            return Err(self.back_off(throttle, now + Duration::from_secs_f64(wait)));
        }
        self.messages -= messages;
        self.bytes -= bytes;
        Ok(())
    }

    fn back_off(&mut self, throttle: &Throttle, until: Instant) -> BackOff {
        let words = throttle.words.get(self.back_offs % throttle.words.len().max(1)).copied();
        let words = words.unwrap_or(ThrottleWords::No);
        self.back_offs += 1;
        self.blocked = Some((until, words));
        BackOff { until, words, first: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn a_burst_then_the_rate_and_hints_that_are_true() {
        let throttle = Throttle { recovery: 0.5, ..Throttle::new(10.0, 20.0) };
        let start = clock::instant();
        let mut bucket = Bucket::new(&throttle, start);
        for _ in 0..20 {
            bucket.pay(&throttle, 1.0, 1.0, start).unwrap();
        }
        let told = bucket.pay(&throttle, 1.0, 1.0, start).unwrap_err();
        assert_eq!((told.first, told.words), (true, ThrottleWords::No));
        assert_eq!((told.until - start).as_millis(), 1000);
        let half = start + Duration::from_millis(500);
        assert_eq!(bucket.pay(&throttle, 1.0, 1.0, half).unwrap_err(), BackOff { first: false, ..told });
        for _ in 0..10 {
            bucket.pay(&throttle, 1.0, 1.0, told.until).unwrap();
        }
        assert_eq!(bucket.pay(&throttle, 1.0, 1.0, told.until).unwrap_err().words, ThrottleWords::BadBye);
    }

    #[test]
    fn a_message_larger_than_the_burst_passes_when_rested() {
        let throttle = Throttle { bytes_per_second: 100.0, byte_burst: 1000.0, ..Throttle::new(10.0, 20.0) };
        let start = clock::instant();
        let mut bucket = Bucket::new(&throttle, start);
        bucket.pay(&throttle, 1.0, 5000.0, start).unwrap();
        let told = bucket.pay(&throttle, 1.0, 100.0, start).unwrap_err();
        assert_eq!((told.until - start).as_secs(), 45);
        bucket.pay(&throttle, 1.0, 100.0, told.until).unwrap();
    }
}
