//! Asking again where the service was short of something for a moment: a page that is missing would cost its folder the pass.

use serde::de::DeserializeOwned;

use crate::{
    clock,
    error::{Disposition, Error, Result, Scope},
    graph::{Changes, Pages, Turn},
    limits,
};

/// How often one thing was asked for in vain.
#[derive(Debug, Default)]
pub(crate) struct Patience(u32);

impl Patience {
    /// Waits a moment; then it is time to ask again.
    ///
    /// # Errors
    /// `error` itself, where asking again is of no use, or was. A stated time holds for the whole mailbox.
    pub(crate) async fn bear(&mut self, error: Error) -> Result<()> {
        self.0 += 1;
        match error.disposition() {
            Disposition::RetryAfter(Some(_)) => {
                let reach = error.scope().max(Scope::Mailbox);
                Err(error.scoped(reach))
            }
            Disposition::RetryAfter(None) if error.scope() <= Scope::Folder && self.0 < limits::GRAPH_ITEM_TRIES => {
                clock::sleep(limits::GRAPH_ITEM_WAIT * self.0).await;
                Ok(())
            }
            _ => Err(error),
        }
    }
}

/// The next step of a list of changes.
///
/// # Errors
/// As [`Changes::turn`], after some patience.
pub(crate) async fn turn<T: DeserializeOwned>(changes: &mut Changes<T>) -> Result<Turn<T>> {
    let mut patience = Patience::default();
    loop {
        match changes.turn().await {
            Ok(turn) => return Ok(turn),
            Err(error) => patience.bear(error).await?,
        }
    }
}

/// The next page of a list.
///
/// # Errors
/// As [`Pages::next`], after some patience.
pub(crate) async fn next<T: DeserializeOwned>(pages: &mut Pages<T>) -> Result<Option<Vec<T>>> {
    let mut patience = Patience::default();
    loop {
        match pages.next().await {
            Ok(page) => return Ok(page),
            Err(error) => patience.bear(error).await?,
        }
    }
}
