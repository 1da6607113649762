//! Items whose like is on its way.
//!
//! They are recognised by their evidence alone, and a copy that was edited since shares it: of two in doubt one arrival would not tell which it is,
//! and the other would be sent in its place. So of each evidence one is under way until its outcome is in the ledger.

use std::collections::VecDeque;

use super::{flight::Flight, stage::Ready};
use crate::limits;

/// What waits, in the order in which it came.
#[derive(Default)]
pub(super) struct Waiting {
    items: VecDeque<Ready>,
    no_more: bool,
}

impl Waiting {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether more may come: only so many wait.
    pub fn takes_more(&self) -> bool {
        !self.no_more && self.items.len() < limits::INTENT_BATCH
    }

    /// Nothing comes any more.
    pub fn takes_no_more(&mut self) {
        self.no_more = true;
    }

    /// Whether nothing waits and nothing comes.
    pub fn is_over(&self) -> bool {
        self.no_more && self.items.is_empty()
    }

    /// The first whose like has arrived.
    pub fn next(&mut self, flight: &Flight) -> Option<Ready> {
        let at = self.items.iter().position(|ready| flight.claim(ready.fingerprint))?;
        self.items.remove(at)
    }

    /// `ready` itself, unless it has to wait. What can be read is told apart by its bytes.
    pub fn pass(&mut self, ready: Ready, flight: &Flight) -> Option<Ready> {
        if !ready.sealed || flight.claim(ready.fingerprint) {
            return Some(ready);
        }
        self.items.push_back(ready);
        None
    }
}
