//! What all mailboxes of one endpoint share: its connections, mailboxes and bytes a second.
//!
//! Permits are owned and give back on drop, so a task that is cancelled frees its place. Waiters are served in the
//! order they came (tokio's semaphore is fair).

use std::{num::NonZeroU64, sync::Arc};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limiter::Meter;

/// The caps of an endpoint.
#[derive(Clone, Copy, Debug)]
pub struct CapsConfig {
    /// Connections at a time, over all mailboxes.
    pub connections: usize,
    /// Mailboxes at a time.
    pub mailboxes: usize,
    /// Bytes a second over all connections; `None` is no limit.
    pub bytes_per_second: Option<NonZeroU64>,
}

/// Hands out an endpoint's connections, mailboxes and bytes. Clones are the same caps.
#[derive(Clone, Debug)]
pub struct Caps {
    connections: Arc<Semaphore>,
    mailboxes: Arc<Semaphore>,
    bytes: Option<Arc<Meter>>,
}

/// A connection that is counted until this is dropped.
#[derive(Debug)]
pub struct ConnectionPermit(#[expect(dead_code, reason = "held for its drop")] Option<OwnedSemaphorePermit>);

/// A mailbox that is counted until this is dropped.
#[derive(Debug)]
pub struct MailboxPermit(#[expect(dead_code, reason = "held for its drop")] Option<OwnedSemaphorePermit>);

impl Caps {
    /// Caps as configured; a number of 0 counts as 1.
    pub fn new(config: CapsConfig) -> Self {
        let semaphore = |n: usize| Arc::new(Semaphore::new(n.clamp(1, Semaphore::MAX_PERMITS)));
        Caps {
            connections: semaphore(config.connections),
            mailboxes: semaphore(config.mailboxes),
            bytes: config.bytes_per_second.map(|rate| Arc::new(Meter::new(rate))),
        }
    }

    /// Waits for a free connection.
    pub async fn connection(&self) -> ConnectionPermit {
        // The semaphores are never closed, so there is a permit.
        ConnectionPermit(self.connections.clone().acquire_owned().await.ok())
    }

    /// A connection that is free now. For the further connections of a mailbox that has one already: if each waited for
    /// its second while holding its first, all could wait for ever.
    pub fn try_connection(&self) -> Option<ConnectionPermit> {
        self.connections.clone().try_acquire_owned().ok().map(|permit| ConnectionPermit(Some(permit)))
    }

    /// Waits for a mailbox's turn.
    pub async fn mailbox(&self) -> MailboxPermit {
        MailboxPermit(self.mailboxes.clone().acquire_owned().await.ok())
    }

    /// Waits until `bytes` may pass under the endpoint's shared limit; safe to drop.
    pub async fn bytes(&self, bytes: u64) {
        if let Some(meter) = &self.bytes {
            meter.take(bytes).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock;

    fn caps(connections: usize, mailboxes: usize, bytes: u64) -> Caps {
        Caps::new(CapsConfig { connections, mailboxes, bytes_per_second: NonZeroU64::new(bytes) })
    }

    #[tokio::test(start_paused = true)]
    async fn a_permit_comes_back_when_its_holder_is_dropped() {
        let caps = caps(2, 1, 0);
        let (one, two) = (caps.connection().await, caps.try_connection().unwrap());
        assert!(caps.try_connection().is_none());
        let waiting = tokio::spawn({
            let caps = caps.clone();
            async move { caps.connection().await }
        });
        tokio::task::yield_now().await;
        drop(one);
        let three = waiting.await.unwrap();
        assert!(caps.try_connection().is_none());
        drop((two, three));
        assert!(caps.try_connection().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn mailboxes_are_counted_apart_from_connections() {
        let caps = caps(1, 0, 0);
        let _mailbox = caps.mailbox().await;
        let _connection = caps.connection().await;
        assert!(clock::timeout(Duration::from_secs(1), caps.mailbox()).await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn all_connections_share_the_bytes() {
        let caps = caps(8, 8, 1000);
        let begun = clock::instant();
        let tasks = (0..4).map(|_| {
            let caps = caps.clone();
            tokio::spawn(async move { caps.bytes(5000).await })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        let took = begun.elapsed().as_secs_f64();
        assert!((19.8..=20.2).contains(&took), "{took}");
    }
}
