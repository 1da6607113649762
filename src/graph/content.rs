//! Whether the content of a mailbox comes at all: what an item that cannot be had is judged by.
//!
//! Shared by all that reads the mailbox in this process, from session to session. It only takes note; nobody waits here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    clock::{self, Instant},
    limits,
};

/// What came of a mailbox, and since when nothing does; clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content(Arc<Mutex<Notes>>);

#[derive(Debug, Default)]
struct Notes {
    /// Items that came.
    came: u64,
    /// The first doubt since then.
    doubted: Option<Instant>,
}

impl Content {
    /// An item came: the service gives what it has.
    pub(crate) fn came(&self) {
        let mut notes = self.notes();
        notes.came += 1;
        notes.doubted = None;
    }

    /// Items that came so far.
    pub(crate) fn count(&self) -> u64 {
        self.notes().came
    }

    /// Doubts the service once more. After [`limits::GRAPH_CONTENT_DOUBT`] in which nothing came the item that was asked for is to blame; for the
    /// next one the time begins anew, so that a longer failure costs few of them.
    pub(crate) fn is_doubted_for_long(&self) -> bool {
        let (mut notes, now) = (self.notes(), clock::instant());
        let first = *notes.doubted.get_or_insert(now);
        let lasted = now.duration_since(first) >= limits::GRAPH_CONTENT_DOUBT;
        notes.doubted = notes.doubted.filter(|_| !lasted);
        lasted
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
