//! What is under way between the stages of one copy: bounded by the queues and windows that carry it.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::ladder::Rung;
use crate::{
    ledger::{Row, RowId},
    model::{Fingerprint, Mark, TargetUid},
    target::{FolderStatus, Refusal},
};

/// Messages asked for or sent, and the mark that the next intents carry.
pub(super) struct Flight {
    inner: Mutex<Inner>,
    /// Told whenever outcomes were written down, and when none will be any more.
    settled: Notify,
}

struct Inner {
    asked: HashMap<RowId, (Row, Rung)>,
    sent: HashMap<RowId, (Row, Rung)>,
    /// Evidence that could not tell one doubt from another.
    alone: HashSet<Fingerprint>,
    over: bool,
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
        let inner = Inner { asked: HashMap::new(), sent: HashMap::new(), alone: HashSet::new(), over: false, status };
        Flight { inner: Mutex::new(inner), settled: Notify::new() }
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

    /// Takes the place of the one message of this evidence that may be in doubt; `false` while another has it.
    pub fn claim(&self, evidence: Fingerprint) -> bool {
        self.lock().alone.insert(evidence)
    }

    /// The outcomes of messages of this evidence are in the ledger.
    pub fn release(&self, evidence: impl IntoIterator<Item = Fingerprint>) {
        let mut inner = self.lock();
        for one in evidence {
            inner.alone.remove(&one);
        }
        drop(inner);
        self.settled.notify_one();
    }

    /// No outcome is written down any more.
    pub fn end(&self) {
        self.lock().over = true;
        self.settled.notify_one();
    }

    /// Whether outcomes are no longer written down.
    pub fn is_over(&self) -> bool {
        self.lock().over
    }

    /// Waits until more outcomes are in the ledger, or none will be any more.
    pub async fn settled(&self) {
        self.settled.notified().await;
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
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
