//! What one pass over one pair carries along: its ledger lease, its options, its observer.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use super::{Attention, Event, Observer, Options, Pair};
use crate::{
    clock,
    error::{Code, Disposition, Error, Result, Scope, Side},
    ledger::{Lease, Ledger, RowQuery},
    limits,
    pace::Allowance,
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
    /// What the source allows in a day.
    allowance: Option<Allowance>,
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
            allowance: None,
            reached: AtomicBool::new(false),
            unread: AtomicU64::new(0),
        }
    }

    /// The same, with what the source allows in a day as far as the passes of the last day left it.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn with_allowance(mut self) -> Result<Self> {
        if let Some(bytes) = self.options.source_bytes_per_day {
            let now = clock::unix_now();
            let span = i64::try_from(limits::ALLOWANCE_SPAN.as_secs()).unwrap_or(i64::MAX);
            let read = self.ledger.read_since(self.lease.pair, now.saturating_sub(span)).await?;
            let ago = |hour: i64| Duration::from_secs(u64::try_from(now.saturating_sub(hour + 3600)).unwrap_or(0));
            self.allowance = Some(Allowance::new(bytes, read.into_iter().map(|(hour, bytes)| (ago(hour), bytes))));
        }
        Ok(self)
    }

    /// Takes bytes of what the source allows in a day.
    ///
    /// # Errors
    /// [`Code::Throttled`] with the time until they may be read.
    pub fn allow(&self, bytes: u64) -> Result<()> {
        let Some(Err(wait)) = self.allowance.as_ref().map(|allowance| allowance.take(bytes)) else { return Ok(()) };
        let (scope, later) = (Scope::Mailbox, Disposition::RetryAfter(Some(wait)));
        let error = Error::new(Code::Throttled, Side::Source, scope, later, self.pair.source.describe());
        Err(error.with_reply("what may be read of this mailbox in a day is used up (bytes-per-day)"))
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
