//! Walks what the ledger knows of one folder in id order, a page at a time.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    error::Result,
    ledger::{Known, Ledger},
};

/// A cursor over known rows, ascending by id and version.
pub(super) struct KnownWalk {
    ledger: Arc<dyn Ledger>,
    pair: i64,
    namespace: Vec<u8>,
    epoch: u64,
    page: VecDeque<Known>,
    after: Option<(Vec<u8>, Vec<u8>)>,
    ended: bool,
}

impl KnownWalk {
    pub fn new(ledger: Arc<dyn Ledger>, pair: i64, namespace: Vec<u8>, epoch: u64) -> Self {
        KnownWalk { ledger, pair, namespace, epoch, page: VecDeque::new(), after: None, ended: false }
    }

    /// The next row if its id is below `bound` (`None`: whatever its id).
    pub async fn next_below(&mut self, bound: Option<&[u8]>) -> Result<Option<Known>> {
        self.fill().await?;
        let below = |known: &Known| bound.is_none_or(|bound| known.id.as_slice() < bound);
        Ok(if self.page.front().is_some_and(below) { self.page.pop_front() } else { None })
    }

    /// The next row if it has exactly this id; there is one for each version.
    pub async fn next_if(&mut self, id: &[u8]) -> Result<Option<Known>> {
        self.fill().await?;
        Ok(if self.page.front().is_some_and(|known| known.id == id) { self.page.pop_front() } else { None })
    }

    async fn fill(&mut self) -> Result<()> {
        if !self.page.is_empty() || self.ended {
            return Ok(());
        }
        let page = self.ledger.known(self.pair, &self.namespace, self.epoch, self.after.take()).await?;
        self.ended = page.is_empty();
        self.after = page.last().map(|known| (known.id.clone(), known.version.clone()));
        self.page = page.into();
        Ok(())
    }
}
