//! What one application may ask of one mailbox: requests in flight, requests and uploaded bytes in a time (microsoft365.md §4.8).
//!
//! Shared by everything that talks to the mailbox in this process, import sessions on another host included. Requests go in the order
//! in which they came; a stated back-off holds them all ([`Pacer`]). Every wait can be seen in [`Allowance::usage`].

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tracing::debug;

use super::window::Window;
use crate::{
    clock::{self, Instant},
    limits,
    pace::{Pacer, Throttle},
};

/// The limits that are kept, below those that the service enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Requests in flight.
    pub in_flight: u32,
    /// Requests in a time.
    pub requests: (u64, Duration),
    /// Bytes of request bodies in a time.
    pub bytes: (u64, Duration),
}

impl Default for Pace {
    fn default() -> Self {
        Pace { in_flight: limits::GRAPH_IN_FLIGHT, requests: limits::GRAPH_REQUESTS, bytes: limits::GRAPH_BYTES }
    }
}

impl Pace {
    /// The same limits in times that are `factor` times shorter: for trials against a stand-in whose windows are scaled alike.
    #[must_use]
    pub fn scaled(self, factor: u32) -> Self {
        let scale = |(limit, time): (u64, Duration)| (limit, time / factor.max(1));
        Pace { requests: scale(self.requests), bytes: scale(self.bytes), ..self }
    }
}

/// What was asked of a mailbox so far, and what the limits cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Requests, those within a batch included.
    pub requests: u64,
    /// Bytes of request bodies.
    pub bytes: u64,
    /// Time that requests waited for our own limits and for back-offs that the service stated.
    pub waited: Duration,
    /// Back-offs that the service stated.
    pub throttled: u64,
    /// Until when a back-off is in force now, and the service's words.
    pub held: Option<(SystemTime, String)>,
}

/// The allowance of one application at one mailbox; clones share it.
#[derive(Clone, Debug)]
pub struct Allowance(pub(super) Arc<Shared>);

#[derive(Debug)]
pub(super) struct Shared {
    in_flight: u32,
    slots: Arc<Semaphore>,
    /// Whoever is first waits for the windows; the others wait for it.
    turn: tokio::sync::Mutex<()>,
    counts: Mutex<Counts>,
    /// Something on its way has ended.
    ended: Notify,
    pacer: Pacer,
}

#[derive(Debug)]
struct Counts {
    requests: Window,
    bytes: Window,
    usage: Usage,
}

/// Leave for one request, or for one batch; it ends when the answer has been read.
#[derive(Debug)]
pub(super) struct Permit {
    allowance: Allowance,
    requests: u32,
    bytes: u64,
    _slot: OwnedSemaphorePermit,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.allowance.counts().end(self.requests, self.bytes);
        self.allowance.0.ended.notify_one();
    }
}

impl Allowance {
    /// A fresh allowance.
    pub fn new(pace: Pace) -> Self {
        let now = clock::instant();
        let in_flight = pace.in_flight.max(1);
        let counts = Counts {
            requests: Window::new(pace.requests, now),
            bytes: Window::new(pace.bytes, now),
            usage: Usage::default(),
        };
        Allowance(Arc::new(Shared {
            in_flight,
            slots: Arc::new(Semaphore::new(in_flight as usize)),
            turn: tokio::sync::Mutex::default(),
            counts: Mutex::new(counts),
            ended: Notify::new(),
            pacer: Pacer::new(in_flight as usize),
        }))
    }

    /// What was asked so far.
    pub fn usage(&self) -> Usage {
        let usage = self.counts().usage.clone();
        Usage { held: self.0.pacer.held(), ..usage }
    }

    /// Waits until `requests` with `bytes` of body may go. A batch of several takes every slot, for the service runs its parts at once.
    pub(super) async fn permit(&self, requests: u32, bytes: u64) -> Permit {
        let asked = clock::instant();
        let slots = if requests > 1 { self.0.in_flight } else { 1 };
        // The semaphore is never closed.
        let Ok(slot) = self.0.slots.clone().acquire_many_owned(slots).await else {
            return std::future::pending().await;
        };
        let _turn = self.0.turn.lock().await;
        loop {
            self.0.pacer.unheld().await;
            let taken = self.counts().take(requests, bytes, asked);
            match taken {
                Ok(()) => return Permit { allowance: self.clone(), requests, bytes, _slot: slot },
                Err(Some(at)) => clock::sleep_until(at).await,
                Err(None) => self.0.ended.notified().await,
            }
        }
    }

    /// The service asked to wait; returns for how long, which it need not have said.
    pub(super) fn obey(&self, throttle: Throttle, reply: &str) -> Duration {
        self.counts().usage.throttled += 1;
        let wait = self.0.pacer.obey(throttle, reply).saturating_duration_since(clock::instant());
        debug!(?wait, reply, "the service asks to wait");
        wait
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    /// Counts the request, or tells when to ask again: at a time, or once something has ended.
    fn take(&mut self, requests: u32, bytes: u64, asked: Instant) -> Result<(), Option<Instant>> {
        let now = clock::instant();
        for at in [self.requests.fits_at(requests.into(), now), self.bytes.fits_at(bytes, now)] {
            if at.is_none_or(|at| at > now) {
                return Err(at);
            }
        }
        self.requests.begin(requests.into());
        self.bytes.begin(bytes);
        self.usage.requests += u64::from(requests);
        self.usage.bytes += bytes;
        self.usage.waited += now.saturating_duration_since(asked);
        Ok(())
    }

    fn end(&mut self, requests: u32, bytes: u64) {
        let now = clock::instant();
        self.requests.end(requests.into(), now);
        self.bytes.end(bytes, now);
    }
}

#[cfg(test)]
#[path = "allowance_tests.rs"]
mod tests;
