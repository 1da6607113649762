//! A few read-only connections, so that a read never waits for the writer.
//!
//! They are opened when first needed and live in a pool; each read runs on tokio's blocking threads. A read sees every
//! commit whose call was answered before it began (WAL snapshots).

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{fault::Fault, open};
use crate::{
    error::{Error, Result},
    limits,
};

/// The pool.
#[derive(Clone)]
pub(super) struct Readers {
    path: Arc<Path>,
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    /// A pool on the ledger at `path`; opens nothing yet.
    pub(super) fn new(path: PathBuf) -> Self {
        Readers { path: path.into(), permits: Arc::new(Semaphore::new(limits::LEDGER_READERS)), idle: Arc::default() }
    }

    /// Opens one connection now, to learn whether the ledger can be read.
    pub(super) fn warm(&self) -> Result<()> {
        self.put(open::reader(&self.path)?);
        Ok(())
    }

    /// Runs `work` on one snapshot of the ledger.
    pub(super) async fn read<T, W>(&self, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| Error::bug("the ledger is closed"))?;
        let readers = self.clone();
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let connection = readers.take()?;
            let result = in_snapshot(&connection, work).map_err(|fault| fault.at(&readers.path));
            readers.put(connection);
            result
        });
        task.await.map_err(|error| Error::bug("a read of the ledger broke off").with_source(error))?
    }

    fn take(&self) -> Result<Connection> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| open::reader(&self.path), Ok)
    }

    fn put(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

fn in_snapshot<T>(connection: &Connection, work: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
    let snapshot = connection.unchecked_transaction()?;
    let result = work(&snapshot)?;
    snapshot.finish()?;
    Ok(result)
}
