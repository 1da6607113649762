//! What is seen of messages that arrive all the same, until the report asks for it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{limits, source::Remark};

/// Remarks of one mailbox; clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Remarks(Arc<Mutex<Vec<Remark>>>);

impl Remarks {
    /// Keeps one more, within what a report has room for.
    pub(super) fn add(&self, row: i64, words: String) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < limits::ATTENTION_LINES {
            kept.push(Remark { row, words });
        }
    }

    /// All of them, which are forgotten.
    pub(super) fn take(&self) -> Vec<Remark> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
