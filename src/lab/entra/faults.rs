//! What goes wrong on request, and what a person answers.

use std::collections::VecDeque;

use super::problem::Problem;

/// A failure that passes, for one request of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429 with so many seconds in `Retry-After`.
    Throttled(u64),
    /// 503 with a page that is no JSON.
    Unavailable,
    /// The word `temporarily_unavailable`.
    Temporarily,
    /// The word `slow_down` (RFC 8628 §3.5), for a device code.
    SlowDown,
}

/// What a person does with a sign-in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answer {
    /// Signs in as soon as the page is opened; a device code waits for that.
    #[default]
    Accept,
    /// Says no.
    Decline,
    /// Lets it expire.
    Ignore,
}

/// Faults of the requests to come, the next one first.
#[derive(Debug, Default)]
pub(super) struct Faults(VecDeque<Fault>);

impl Faults {
    pub(super) fn inject(&mut self, fault: Fault, times: usize) {
        self.0.extend(std::iter::repeat_n(fault, times));
    }

    /// The problem of this request.
    pub(super) fn next(&mut self) -> Result<(), Problem> {
        match self.0.pop_front() {
            None => Ok(()),
            Some(Fault::SlowDown) => Err(Problem::new(400, "slow_down", 0, "Polling too fast.")),
            Some(Fault::Throttled(seconds)) => Err(Problem::throttled(seconds)),
            Some(Fault::Unavailable) => Err(Problem::page(503)),
            Some(Fault::Temporarily) => {
                Err(Problem::new(503, "temporarily_unavailable", 90_033, "A transient error has occurred."))
            }
        }
    }
}
