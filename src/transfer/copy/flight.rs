//! What is under way between the stages of one copy: bounded by the queues and windows that carry it.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::ladder::Rung;
use crate::{
    ledger::{Row, RowId},
    model::{Fingerprint, Mark, TargetUid},
    target::{FolderStatus, Refusal},
    transfer::{arrivals::Strangers, matching::Item},
};

/// Messages asked for or sent, and the mark that the next intents carry.
pub(super) struct Flight {
    inner: Mutex<Inner>,
    /// Told whenever outcomes were written down, and when none will be any more.
    settled: Notify,
}

struct Inner {
    asked: HashMap<RowId, (Row, Rung)>,
    sent: HashMap<RowId, Sent>,
    /// What the source did not give in the form that was asked for.
    refused: Vec<Refused>,
    /// What lies in the folder and answers for no row, by its evidence as mail.
    strangers: HashMap<Fingerprint, Vec<Item>>,
    /// Evidence of what is under way, and of what is in doubt: it could not tell that from another of its like.
    likes: HashMap<Fingerprint, Like>,
    over: bool,
    status: FolderStatus,
}

/// Where the last message of an evidence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Like {
    UnderWay,
    InDoubt,
}

/// Whether a message may be sent, given where its like is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It may, and is the one under way from now on.
    Now,
    /// Its like is under way: once the outcome of that is known.
    Later,
    /// Its like is in doubt: not before somebody looked at the folder.
    NotYet,
}

/// A message that was handed to the target.
pub(super) struct Sent {
    pub row: Row,
    pub rung: Rung,
    /// What it took the place of in [`Flight::claim`], if it did.
    pub evidence: Option<Fingerprint>,
}

/// A message the target refused for certain, or the source in the form that was asked for.
pub(in crate::transfer) struct Refused {
    pub row: Row,
    pub rung: Rung,
    pub refusal: Refusal,
}

impl Flight {
    pub fn new(status: FolderStatus) -> Self {
        let (asked, sent, likes, strangers) = Default::default();
        let inner = Inner { asked, sent, refused: Vec::new(), strangers, likes, over: false, status };
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
    pub fn send(&self, sent: Sent) {
        self.lock().sent.insert(sent.row.id, sent);
    }

    /// The row that an outcome is told of.
    pub fn landed(&self, row: RowId) -> Option<Sent> {
        self.lock().sent.remove(&row)
    }

    /// A row that the source did not give in the form that was asked for.
    pub fn refuse(&self, refused: Refused) {
        self.lock().refused.push(refused);
    }

    /// What was refused so far.
    pub fn take_refused(&self) -> Vec<Refused> {
        std::mem::take(&mut self.lock().refused)
    }

    /// What lies in the folder and answers for no row may answer for one that goes as mail.
    pub fn meet(&self, strangers: Strangers) {
        self.lock().strangers = strangers;
    }

    /// Takes out one of them that has this evidence.
    pub fn recognise(&self, evidence: Fingerprint) -> Option<Item> {
        self.lock().strangers.get_mut(&evidence)?.pop()
    }

    /// Asks for the place of the one message of this evidence that may be under way.
    pub fn claim(&self, evidence: Fingerprint) -> Turn {
        let mut inner = self.lock();
        let over = inner.over;
        match inner.likes.entry(evidence) {
            Entry::Vacant(place) => {
                place.insert(Like::UnderWay);
                Turn::Now
            }
            Entry::Occupied(like) if over || *like.get() == Like::InDoubt => Turn::NotYet,
            Entry::Occupied(_) => Turn::Later,
        }
    }

    /// The outcomes of messages with the evidence `known` are in the ledger, and those with the evidence `doubtful` will have none.
    pub fn release(&self, known: Vec<Fingerprint>, doubtful: Vec<Fingerprint>) {
        let mut inner = self.lock();
        for evidence in known {
            inner.likes.remove(&evidence);
        }
        for evidence in doubtful {
            inner.likes.entry(evidence).and_modify(|like| *like = Like::InDoubt);
        }
        drop(inner);
        self.settled.notify_one();
    }

    /// No outcome is written down any more: what is under way is in doubt.
    pub fn end(&self) {
        self.lock().over = true;
        self.settled.notify_one();
    }

    /// Waits until more outcomes are in the ledger, or none will be any more.
    pub async fn settled(&self) {
        self.settled.notified().await;
    }

    /// A lower bound for whatever is appended from now on, and what it is recognised by if not by its row's fingerprint.
    pub fn mark(&self, evidence: Option<Fingerprint>) -> Mark {
        let status = self.lock().status;
        evidence.map_or_else(|| status.mark(), |evidence| status.mark_for(evidence))
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
