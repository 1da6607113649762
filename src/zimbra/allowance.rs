//! What is asked of one mailbox at a time and in a second, below what the server takes (zimbra.md §5.8).
//!
//! The server counts by account: what we ask beside its user's own web client is taken from both. Above ten requests at once it refuses
//! nothing and only answers later, above thirty a second it refuses.

use std::{num::NonZeroU32, sync::Arc};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    limits,
    pace::{Limiter, Pacer, Rates, Throttle},
};

/// Shared by all who read one mailbox.
#[derive(Clone, Debug)]
pub(super) struct Allowance(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    slots: Arc<Semaphore>,
    limiter: Limiter,
    pacer: Pacer,
}

impl Allowance {
    pub(super) fn new() -> Self {
        let rates = Rates { messages_per_second: NonZeroU32::new(limits::ZIMBRA_RATE), bytes_per_second: None };
        Allowance(Arc::new(Shared {
            slots: Arc::new(Semaphore::new(limits::ZIMBRA_IN_FLIGHT)),
            limiter: Limiter::new(rates),
            pacer: Pacer::new(limits::ZIMBRA_IN_FLIGHT),
        }))
    }

    /// Leave for one request; it ends when the answer has been read.
    pub(super) async fn permit(&self) -> OwnedSemaphorePermit {
        let Ok(slot) = self.0.slots.clone().acquire_owned().await else {
            // The semaphore is never closed.
            return std::future::pending().await;
        };
        self.0.pacer.unheld().await;
        self.0.limiter.take(1, 0).await;
        slot
    }

    /// The server asked to wait: nothing goes to this mailbox before that.
    pub(super) fn obey(&self, throttle: Throttle, reply: &str) {
        self.0.pacer.obey(throttle, reply);
    }
}
