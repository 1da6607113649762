//! What is under way between the stages of one copy: bounded by the queues and windows that carry it.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::ladder::Rung;
use crate::{
    ledger::{Row, RowId},
    model::{Mark, TargetUid},
    target::{FolderStatus, Refusal},
};

/// Messages asked for or sent, and the mark that the next intents carry.
pub(super) struct Flight(Mutex<Inner>);

struct Inner {
    asked: HashMap<RowId, (Row, Rung)>,
    sent: HashMap<RowId, (Row, Rung)>,
    status: FolderStatus,
}

/// A message the target refused for certain.
pub(in crate::transfer) struct Refused {
    pub row: Row,
    pub rung: Rung,
    pub refusal: Refusal,
}

impl Flight {
    pub fn new(status: FolderStatus) -> Self {
        Flight(Mutex::new(Inner { asked: HashMap::new(), sent: HashMap::new(), status }))
    }

    /// Rows about to be asked for.
    pub fn ask(&self, rows: impl IntoIterator<Item = (Row, Rung)>) {
        self.lock().asked.extend(rows.into_iter().map(|(row, rung)| (row.id, (row, rung))));
    }

    /// The row that a body arrived for.
    pub fn arrived(&self, row: RowId) -> Option<(Row, Rung)> {
        self.lock().asked.remove(&row)
    }

    /// A row whose bytes go to the target.
    pub fn send(&self, row: Row, rung: Rung) {
        self.lock().sent.insert(row.id, (row, rung));
    }

    /// The row that an outcome is told of.
    pub fn landed(&self, row: RowId) -> Option<(Row, Rung)> {
        self.lock().sent.remove(&row)
    }

    /// A lower bound for whatever is appended from now on.
    pub fn mark(&self) -> Mark {
        self.lock().status.mark()
    }

    /// The folder's counters as far as appends told of them.
    pub fn status(&self) -> FolderStatus {
        self.lock().status
    }

    /// Everything up to this message is accounted for: appends of one connection run in order (design §5).
    pub fn advance(&self, at: TargetUid) {
        let mut inner = self.lock();
        if inner.status.validity == at.validity {
            inner.status.next = inner.status.next.max(at.uid.saturating_add(1));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
