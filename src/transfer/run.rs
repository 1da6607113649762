//! What one pass over one pair carries along: its ledger lease, its options, its observer.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tokio_util::sync::CancellationToken;

use super::{Attention, Event, Observer, Options, Pair};
use crate::{
    error::{Error, Result},
    ledger::{Lease, Ledger, RowQuery},
    limits,
};

/// One pass over one pair.
pub(super) struct Run {
    pub pair: Pair,
    pub ledger: Arc<dyn Ledger>,
    pub lease: Lease,
    pub options: Options,
    pub stop: CancellationToken,
    observer: Arc<dyn Observer>,
    attention: Mutex<Vec<Attention>>,
    reached: AtomicBool,
    /// Source folders that could not be listed.
    unread: AtomicU64,
}

impl Run {
    pub fn new(
        pair: Pair,
        ledger: Arc<dyn Ledger>,
        lease: Lease,
        options: Options,
        observer: Arc<dyn Observer>,
        stop: CancellationToken,
    ) -> Self {
        Run {
            pair,
            ledger,
            lease,
            options,
            stop,
            observer,
            attention: Mutex::default(),
            reached: AtomicBool::new(false),
            unread: AtomicU64::new(0),
        }
    }

    /// Tells the observer.
    pub fn tell(&self, event: Event) {
        self.observer.on(&event);
    }

    /// Tells the observer and keeps the line for the report, within [`limits::ATTENTION_LINES`].
    pub fn attend(&self, line: Attention) {
        self.tell(Event::Attention(line.clone()));
        let mut kept = self.attention.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < limits::ATTENTION_LINES {
            kept.push(line);
        }
    }

    /// The lines kept so far.
    pub fn take_attention(&self) -> Vec<Attention> {
        std::mem::take(&mut *self.attention.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Both sides were reached at least once: what fails from now on is a fault on the way, not a wrong address.
    pub fn note_contact(&self) {
        self.reached.store(true, Ordering::Relaxed);
    }

    /// Whether both sides were reached in this pass.
    pub fn had_contact(&self) -> bool {
        self.reached.load(Ordering::Relaxed)
    }

    /// A source folder could not be listed: what is in it is not known, so the mailbox cannot count as verified.
    pub fn note_unread(&self) {
        self.unread.fetch_add(1, Ordering::Relaxed);
    }

    /// Source folders that could not be listed in this pass.
    pub fn unread(&self) -> u64 {
        self.unread.load(Ordering::Relaxed)
    }

    /// Whether somebody asked to stop, as an error for `?`.
    pub fn go_on(&self) -> Result<()> {
        if self.stop.is_cancelled() { Err(Error::canceled()) } else { Ok(()) }
    }

    /// A query for a full page of rows.
    pub fn page() -> RowQuery {
        RowQuery { limit: limits::LEDGER_PAGE, ..RowQuery::default() }
    }
}
