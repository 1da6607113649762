//! So many bytes in any 24 hours: what a provider lets one mailbox be read (Gmail: 2,500 MB a day, and an account that is locked for
//! up to a day for more; quirk 47).
//!
//! It does not wait: to wait for hours, sessions must be let go first.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{
    clock::{self, Instant},
    limits,
};

/// What may still be read of one mailbox.
#[derive(Debug)]
pub struct Allowance {
    bytes: u64,
    /// What was taken and when it will be forgotten, ascending.
    taken: Mutex<VecDeque<(Instant, u64)>>,
}

impl Allowance {
    /// An allowance of `bytes` in any 24 hours, of which some were taken before: how long ago, and how many, the oldest first.
    pub fn new(bytes: u64, before: impl IntoIterator<Item = (Duration, u64)>) -> Self {
        let now = clock::instant();
        let until = |ago: Duration| now + limits::ALLOWANCE_SPAN.saturating_sub(ago);
        Allowance { bytes, taken: Mutex::new(before.into_iter().map(|(ago, bytes)| (until(ago), bytes)).collect()) }
    }

    /// Takes `bytes`.
    ///
    /// # Errors
    /// How long it will be before they may be taken. What is larger than the whole allowance may go when nothing else was taken.
    pub fn take(&self, bytes: u64) -> Result<(), Duration> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::instant();
        while taken.pop_front_if(|(until, _)| *until <= now).is_some() {}
        let mut sum: u64 = taken.iter().map(|(_, bytes)| bytes).sum();
        let fits = |sum: u64| sum == 0 || sum.saturating_add(bytes) <= self.bytes;
        if !fits(sum) {
            for (until, bytes) in taken.iter() {
                sum -= bytes;
                if fits(sum) {
                    return Err(*until - now);
                }
            }
        }
        let until = now + limits::ALLOWANCE_SPAN;
        match taken.back_mut() {
            // A grain makes what was taken count for a little longer than it must.
            Some((last, sum)) if until - *last < limits::ALLOWANCE_GRAIN => (*last, *sum) = (until, *sum + bytes),
            _ => taken.push_back((until, bytes)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[tokio::test(start_paused = true)]
    async fn what_was_taken_is_forgotten_after_a_day() {
        let allowance = Allowance::new(100, [(23 * HOUR, 50), (HOUR, 30)]);
        assert_eq!(allowance.take(20), Ok(()));
        assert_eq!(allowance.take(1), Err(HOUR));
        assert_eq!(allowance.take(60), Err(23 * HOUR));
        clock::sleep(HOUR).await;
        assert_eq!((allowance.take(50), allowance.take(1)), (Ok(()), Err(22 * HOUR)));
        clock::sleep(22 * HOUR).await;
        assert_eq!(allowance.take(30), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_larger_than_a_day_goes_alone() {
        let allowance = Allowance::new(100, []);
        assert_eq!((allowance.take(1000), allowance.take(1)), (Ok(()), Err(24 * HOUR)));
        clock::sleep(24 * HOUR).await;
        assert_eq!(allowance.take(1), Ok(()));
    }
}
