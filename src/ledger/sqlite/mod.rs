//! The embedded store: one SQLite file, one writing thread, read-only readers, WAL.
//!
//! `status` and `report` read beside a pass, from this process or another. A second writing process is refused by a lock
//! on a file beside the ledger. SQL lives in one file a topic; none of it is seen outside.

mod corrections;
mod discovery;
mod fault;
mod folders;
mod intents;
mod lock;
mod numbering;
mod open;
mod pairs;
mod passes;
mod places;
mod ranking;
mod readers;
mod rows;
mod schema;
mod tally;
mod twins;
mod values;
mod walk;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use rusqlite::Connection;

use self::{
    fault::Fault,
    lock::WriterLock,
    pairs::Held,
    readers::Readers,
    writer::{Durability, Writer},
};
use super::{
    Carried, Correction, Discovered, FolderId, FolderListing, FolderRow, Intent, Known, Lease, Ledger, PairRecord,
    PassRecord, PinnedTarget, Placed, Ranking, Row, RowId, RowQuery, Settlement, Tally, TargetFolderState, Twin,
    Writing,
};
use crate::{
    clock,
    error::{Error, Result},
    limits,
    model::FolderName,
};

pub use writer::AfterSync;

/// What a test may hook into.
#[derive(Clone, Default)]
pub struct Hooks {
    /// Called right after each full sync, before the calls it served are answered: the file and its WAL are now
    /// what a power cut would leave.
    pub after_sync: Option<AfterSync>,
    /// The file may have this many pages (of 4 KiB): the disk is full above it.
    pub most_pages: Option<u64>,
}

/// The ledger in a SQLite file. Dropping it waits until what was asked is written.
pub struct SqliteLedger {
    path: PathBuf,
    // Dropped before the writer: the last connection to close folds the WAL into the file, and a reader cannot.
    readers: Readers,
    writer: Option<Writer>,
}

impl SqliteLedger {
    /// Opens the ledger at `path` for writing; makes it where it is missing.
    ///
    /// # Errors
    /// `LEDGER-LOCKED` while another process writes, `LEDGER-DAMAGED`, `LEDGER-NEWER`, `DISK` where the place is full
    /// or not writable, `CONFIG` where the file belongs to another program.
    pub fn open(path: impl AsRef<Path>) -> Result<Arc<SqliteLedger>> {
        SqliteLedger::open_with(path, Hooks::default())
    }

    /// Opens the ledger for writing with hooks.
    ///
    /// # Errors
    /// As [`SqliteLedger::open`].
    pub fn open_with(path: impl AsRef<Path>, hooks: Hooks) -> Result<Arc<SqliteLedger>> {
        let path = path.as_ref().to_owned();
        let lock = WriterLock::take(&path)?;
        let connection = open::writer(&path, hooks.most_pages)?;
        let writer = Writer::start(connection, lock, path.clone(), hooks.after_sync)?;
        Ok(Arc::new(SqliteLedger { readers: Readers::new(path.clone()), path, writer: Some(writer) }))
    }

    /// Opens the ledger at `path` for reading, beside a writer or without one. Every call that writes is refused.
    ///
    /// # Errors
    /// As [`SqliteLedger::open`], without the lock; `CONFIG` where there is no ledger.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Arc<SqliteLedger>> {
        let path = path.as_ref().to_owned();
        let readers = Readers::new(path.clone());
        readers.warm()?;
        Ok(Arc::new(SqliteLedger { path, writer: None, readers }))
    }

    async fn call<T, W>(&self, durability: Durability, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let writer = self.writer.as_ref().ok_or_else(|| Error::bug("the ledger was opened for reading only"))?;
        writer.call(durability, &self.path, work).await
    }

    /// A write under a lease that holds.
    async fn write<T, W>(&self, lease: Lease, durability: Durability, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection, &Held) -> Result<T, Fault> + Send + 'static,
    {
        self.call(durability, move |connection| work(connection, &pairs::held(connection, lease)?)).await
    }
}

#[async_trait]
impl Ledger for SqliteLedger {
    async fn open_pair(&self, source: &str, target: &str) -> Result<Lease> {
        let (source, target) = (source.to_owned(), target.to_owned());
        self.call(Durability::Process, move |c| pairs::open(c, &source, &target)).await
    }

    async fn pin_transport(&self, lease: Lease, word: &str) -> Result<String> {
        let word = word.to_owned();
        self.write(lease, Durability::Process, move |c, held| pairs::pin_transport(c, held, &word)).await
    }

    async fn begun_transport(&self, pair: i64) -> Result<Option<String>> {
        self.readers.read(move |c| pairs::begun_transport(c, pair)).await
    }

    async fn pairs(&self) -> Result<Vec<PairRecord>> {
        self.readers.read(pairs::list).await
    }

    async fn writing(&self) -> Result<Option<Writing>> {
        let path = self.path.clone();
        self.readers.read(move |_| Ok(lock::holder(&path))).await
    }

    async fn forget_pair(&self, pair: i64) -> Result<()> {
        self.call(Durability::PowerCut, move |c| pairs::forget(c, pair)).await
    }

    async fn list_folders(&self, lease: Lease, folders: Vec<FolderListing>) -> Result<Vec<FolderRow>> {
        self.write(lease, Durability::Process, move |c, held| {
            folders::record(c, held, &folders)?;
            folders::list(c, held.pair)
        })
        .await
    }

    async fn folders(&self, pair: i64) -> Result<Vec<FolderRow>> {
        self.readers.read(move |c| folders::list(c, pair)).await
    }

    async fn pin_target(&self, lease: Lease, folder: FolderId, target: PinnedTarget) -> Result<()> {
        self.write(lease, Durability::Process, move |c, held| folders::pin(c, held, folder, &target)).await
    }

    async fn rename_folder(&self, lease: Lease, folder: FolderId, listing: FolderListing) -> Result<()> {
        self.write(lease, Durability::Process, move |c, held| folders::rename(c, held, folder, &listing)).await
    }

    async fn known(
        &self,
        pair: i64,
        namespace: &[u8],
        epoch: u64,
        after: Option<(Vec<u8>, Vec<u8>)>,
    ) -> Result<Vec<Known>> {
        let namespace = namespace.to_owned();
        self.readers.read(move |c| discovery::known(c, pair, (&namespace, epoch), after)).await
    }

    async fn known_ids(&self, pair: i64, namespace: &[u8], epoch: u64, ids: Vec<Vec<u8>>) -> Result<Vec<Known>> {
        let namespace = namespace.to_owned();
        self.readers.read(move |c| discovery::known_ids(c, pair, (&namespace, epoch), &ids)).await
    }

    async fn discovered(&self, lease: Lease, folder: FolderId, found: Discovered) -> Result<()> {
        self.write(lease, Durability::Process, move |c, held| discovery::apply(c, held, folder, &found)).await
    }

    async fn rank(&self, lease: Lease, ranking: Ranking) -> Result<()> {
        self.write(lease, Durability::Process, move |c, held| ranking::apply(c, held, &ranking)).await
    }

    async fn relabelled(&self, pair: i64, folder: FolderId, after: Option<RowId>) -> Result<Vec<Row>> {
        self.readers.read(move |c| ranking::relabelled(c, pair, folder, after)).await
    }

    async fn rows(&self, pair: i64, query: RowQuery) -> Result<Vec<Row>> {
        if query.newest_first && self.writer.is_some() {
            self.call(Durability::Process, schema::index_by_date).await?;
        }
        self.readers.read(move |c| rows::page(c, pair, &query)).await
    }

    async fn placed(&self, pair: i64, folder: &FolderName, validity: u32, after: u32) -> Result<Vec<Placed>> {
        let folder = folder.clone();
        self.readers.read(move |c| places::placed(c, pair, &folder, validity, after)).await
    }

    async fn twins(&self, pair: i64, rows: Vec<RowId>) -> Result<Vec<(RowId, Twin)>> {
        self.readers.read(move |c| twins::of(c, pair, &rows)).await
    }

    async fn carried(&self, pair: i64, rows: Vec<RowId>) -> Result<Vec<Carried>> {
        self.readers.read(move |c| ranking::carried(c, pair, &rows)).await
    }

    async fn intend(&self, lease: Lease, intents: Vec<Intent>) -> Result<()> {
        self.write(lease, Durability::PowerCut, move |c, held| intents::intend(c, held, &intents)).await
    }

    async fn read_since(&self, pair: i64, since: i64) -> Result<Vec<(i64, u64)>> {
        self.readers.read(move |c| intents::read_since(c, pair, since)).await
    }

    async fn settle(&self, lease: Lease, settlements: Vec<Settlement>) -> Result<()> {
        self.write(lease, Durability::Process, move |c, held| intents::settle(c, held, &settlements)).await
    }

    async fn correct(&self, lease: Lease, corrections: Vec<Correction>) -> Result<()> {
        self.write(lease, Durability::Process, move |c, held| corrections::apply(c, held, &corrections)).await
    }

    async fn claimed(
        &self,
        lease: Lease,
        folder: &FolderName,
        validity: u32,
        uids: Vec<u32>,
    ) -> Result<Vec<(u32, RowId)>> {
        let folder = folder.clone();
        self.readers.read(move |c| places::claimed(c, lease.pair, &folder, validity, &uids)).await
    }

    async fn target_folder(&self, pair: i64, folder: &FolderName) -> Result<Option<TargetFolderState>> {
        let folder = folder.clone();
        self.readers.read(move |c| places::state(c, pair, &folder)).await
    }

    async fn set_target_folder(&self, lease: Lease, folder: &FolderName, state: TargetFolderState) -> Result<()> {
        let folder = folder.clone();
        self.write(lease, Durability::Process, move |c, held| places::set_state(c, held, &folder, &state)).await
    }

    async fn void_target_uids(&self, lease: Lease, folder: &FolderName, now: u32) -> Result<u64> {
        let folder = folder.clone();
        self.write(lease, Durability::Process, move |c, held| places::void_uids(c, held, &folder, now)).await
    }

    async fn rename_target_folder(&self, lease: Lease, from: &FolderName, to: PinnedTarget) -> Result<()> {
        let from = from.clone();
        self.write(lease, Durability::Process, move |c, held| places::rename(c, held, &from, &to)).await
    }

    async fn tally(&self, pair: i64, pass: Option<i64>) -> Result<Vec<Tally>> {
        self.readers.read(move |c| tally::of(c, pair, pass)).await
    }

    async fn begin_pass(&self, lease: Lease, kind: &str) -> Result<i64> {
        let (kind, now) = (kind.to_owned(), clock::unix_now());
        self.write(lease, Durability::Process, move |c, held| passes::begin(c, held, &kind, now)).await
    }

    async fn end_pass(&self, lease: Lease, pass: i64, outcome: &str, report: &str) -> Result<()> {
        let (outcome, report, now) = (outcome.to_owned(), report.to_owned(), clock::unix_now());
        self.write(lease, Durability::PowerCut, move |c, held| passes::end(c, held, pass, &outcome, &report, now)).await
    }

    async fn passes(&self, pair: i64) -> Result<Vec<PassRecord>> {
        self.readers.read(move |c| passes::list(c, pair, limits::LEDGER_PAGE)).await
    }
}
