//! A ledger that dies at a chosen write: what a killed process looks like to everything above the ledger.
//!
//! From that step on every call fails, so nothing that the engine does afterwards can be recorded. Run a scenario once with
//! [`FaultyLedger::immortal`], ask [`FaultyLedger::steps`], then kill it at each of them, before and after.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use mailhaul::{
    error::{Code, Disposition, Error, Result, Scope, Side},
    ledger::{
        Carried, Correction, Discovered, FolderId, FolderListing, FolderNumbers, FolderRow, Intent, Known, Lease,
        Ledger, NumberedItem, Numbering, PairRecord, PassRecord, PinnedTarget, Placed, Ranking, Row, RowId, RowQuery,
        Seen, Settlement, Tally, TargetFolderState, Twin, Which, Writing,
    },
    model::FolderName,
};

/// Whether the fatal write itself is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// It is lost.
    Before,
    /// It is durable, but nobody hears of it.
    After,
}

/// A ledger over another one.
pub struct FaultyLedger {
    inner: Arc<dyn Ledger>,
    fatal: u64,
    death: Death,
    steps: AtomicU64,
    knell: tokio::sync::Notify,
}

impl FaultyLedger {
    /// Dies at write number `fatal`, counted from 0.
    pub fn new(inner: Arc<dyn Ledger>, fatal: u64, death: Death) -> Self {
        let (steps, knell) = (AtomicU64::new(0), tokio::sync::Notify::new());
        FaultyLedger { inner, fatal, death, steps, knell }
    }

    /// Only counts.
    pub fn immortal(inner: Arc<dyn Ledger>) -> Self {
        FaultyLedger::new(inner, u64::MAX, Death::Before)
    }

    /// Writes so far.
    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::SeqCst)
    }

    /// Whether it has died.
    pub fn is_dead(&self) -> bool {
        self.steps() > self.fatal
    }

    /// Waits for its death.
    pub async fn died(&self) {
        self.knell.notified().await;
    }

    async fn write<T: Send>(&self, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let step = self.steps.fetch_add(1, Ordering::SeqCst);
        if step < self.fatal {
            return call.await;
        }
        if step == self.fatal && self.death == Death::After {
            call.await?;
        }
        self.knell.notify_one();
        Err(dead(self.fatal))
    }

    async fn read<T: Send>(&self, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        if self.is_dead() { Err(dead(self.fatal)) } else { call.await }
    }
}

fn dead(step: u64) -> Error {
    Error::new(Code::Disk, Side::System, Scope::Run, Disposition::GiveUp, format!("the ledger died at step {step}"))
}

#[async_trait]
impl Ledger for FaultyLedger {
    async fn open_pair(&self, source: &str, target: &str) -> Result<Lease> {
        self.write(self.inner.open_pair(source, target)).await
    }
    async fn pin_transport(&self, lease: Lease, word: &str) -> Result<String> {
        self.write(self.inner.pin_transport(lease, word)).await
    }
    async fn begun_transport(&self, pair: i64) -> Result<Option<String>> {
        self.read(self.inner.begun_transport(pair)).await
    }
    async fn pairs(&self) -> Result<Vec<PairRecord>> {
        self.read(self.inner.pairs()).await
    }
    async fn writing(&self) -> Result<Option<Writing>> {
        self.read(self.inner.writing()).await
    }
    async fn forget_pair(&self, pair: i64) -> Result<()> {
        self.write(self.inner.forget_pair(pair)).await
    }
    async fn list_folders(&self, lease: Lease, folders: Vec<FolderListing>) -> Result<Vec<FolderRow>> {
        self.write(self.inner.list_folders(lease, folders)).await
    }
    async fn folders(&self, pair: i64) -> Result<Vec<FolderRow>> {
        self.read(self.inner.folders(pair)).await
    }
    async fn pin_target(&self, lease: Lease, folder: FolderId, target: PinnedTarget) -> Result<()> {
        self.write(self.inner.pin_target(lease, folder, target)).await
    }
    async fn rename_folder(&self, lease: Lease, folder: FolderId, listing: FolderListing) -> Result<()> {
        self.write(self.inner.rename_folder(lease, folder, listing)).await
    }
    async fn known(
        &self,
        pair: i64,
        namespace: &[u8],
        epoch: u64,
        after: Option<(Vec<u8>, Vec<u8>)>,
    ) -> Result<Vec<Known>> {
        self.read(self.inner.known(pair, namespace, epoch, after)).await
    }
    async fn known_ids(&self, pair: i64, namespace: &[u8], epoch: u64, ids: Vec<Vec<u8>>) -> Result<Vec<Known>> {
        self.read(self.inner.known_ids(pair, namespace, epoch, ids)).await
    }
    async fn discovered(&self, lease: Lease, folder: FolderId, found: Discovered) -> Result<()> {
        self.write(self.inner.discovered(lease, folder, found)).await
    }
    async fn rank(&self, lease: Lease, ranking: Ranking) -> Result<()> {
        self.write(self.inner.rank(lease, ranking)).await
    }
    async fn relabelled(&self, pair: i64, folder: FolderId, after: Option<RowId>) -> Result<Vec<Row>> {
        self.read(self.inner.relabelled(pair, folder, after)).await
    }
    async fn rows(&self, pair: i64, query: RowQuery) -> Result<Vec<Row>> {
        self.read(self.inner.rows(pair, query)).await
    }
    async fn placed(&self, pair: i64, folder: &FolderName, validity: u32, after: u32) -> Result<Vec<Placed>> {
        self.read(self.inner.placed(pair, folder, validity, after)).await
    }
    async fn twins(&self, pair: i64, rows: Vec<RowId>) -> Result<Vec<(RowId, Twin)>> {
        self.read(self.inner.twins(pair, rows)).await
    }
    async fn carried(&self, pair: i64, rows: Vec<RowId>) -> Result<Vec<Carried>> {
        self.read(self.inner.carried(pair, rows)).await
    }
    async fn intend(&self, lease: Lease, intents: Vec<Intent>) -> Result<()> {
        self.write(self.inner.intend(lease, intents)).await
    }
    async fn read_since(&self, pair: i64, since: i64) -> Result<Vec<(i64, u64)>> {
        self.read(self.inner.read_since(pair, since)).await
    }
    async fn settle(&self, lease: Lease, settlements: Vec<Settlement>) -> Result<()> {
        self.write(self.inner.settle(lease, settlements)).await
    }
    async fn correct(&self, lease: Lease, corrections: Vec<Correction>) -> Result<()> {
        self.write(self.inner.correct(lease, corrections)).await
    }
    async fn claimed(
        &self,
        lease: Lease,
        folder: &FolderName,
        validity: u32,
        uids: Vec<u32>,
    ) -> Result<Vec<(u32, RowId)>> {
        self.read(self.inner.claimed(lease, folder, validity, uids)).await
    }
    async fn target_folder(&self, pair: i64, folder: &FolderName) -> Result<Option<TargetFolderState>> {
        self.read(self.inner.target_folder(pair, folder)).await
    }
    async fn set_target_folder(&self, lease: Lease, folder: &FolderName, state: TargetFolderState) -> Result<()> {
        self.write(self.inner.set_target_folder(lease, folder, state)).await
    }
    async fn void_target_uids(&self, lease: Lease, folder: &FolderName, now: u32) -> Result<u64> {
        self.write(self.inner.void_target_uids(lease, folder, now)).await
    }
    async fn rename_target_folder(&self, lease: Lease, from: &FolderName, to: PinnedTarget) -> Result<()> {
        self.write(self.inner.rename_target_folder(lease, from, to)).await
    }
    async fn tally(&self, pair: i64, pass: Option<i64>) -> Result<Vec<Tally>> {
        self.read(self.inner.tally(pair, pass)).await
    }
    async fn begin_pass(&self, lease: Lease, kind: &str) -> Result<i64> {
        self.write(self.inner.begin_pass(lease, kind)).await
    }
    async fn end_pass(&self, lease: Lease, pass: i64, outcome: &str, report: &str) -> Result<()> {
        self.write(self.inner.end_pass(lease, pass, outcome, report)).await
    }
    async fn passes(&self, pair: i64) -> Result<Vec<PassRecord>> {
        self.read(self.inner.passes(pair)).await
    }
}

#[async_trait]
impl Numbering for FaultyLedger {
    async fn numbers(&self, mailbox: &str, folder: &FolderName) -> Result<FolderNumbers> {
        self.write(self.inner.numbers(mailbox, folder)).await
    }
    async fn see(&self, mailbox: &str, folder: &FolderName, seen: Seen) -> Result<FolderNumbers> {
        self.write(self.inner.see(mailbox, folder, seen)).await
    }
    async fn place(&self, mailbox: &str, folder: &FolderName, items: Vec<(String, String)>) -> Result<Vec<u32>> {
        self.write(self.inner.place(mailbox, folder, items)).await
    }
    async fn items(&self, mailbox: &str, folder: &FolderName, which: Which) -> Result<Vec<NumberedItem>> {
        self.read(self.inner.items(mailbox, folder, which)).await
    }
}

#[tokio::test]
async fn it_dies_once_and_for_all() {
    use super::world::{World, copied};
    use mailhaul::model::RowState;
    for (death, expected) in [(Death::Before, RowState::Listed), (Death::After, RowState::Intended)] {
        let (inner, _place) = super::sqlite();
        let counting = Arc::new(FaultyLedger::immortal(Arc::clone(&inner)));
        let world = World::new(counting.clone()).await;
        let row = world.list(&[1]).await[0];
        assert_eq!(counting.steps(), 3, "the pair, its folders, a listing");

        let mortal = Arc::new(FaultyLedger::new(inner, 0, death));
        let dying = World { ledger: mortal.clone(), lease: world.lease, inbox: world.inbox };
        assert!(dying.intend(row).await.is_err());
        assert!(mortal.is_dead());
        assert!(dying.settle(copied(row, 1)).await.is_err());
        assert!(mortal.pairs().await.is_err());
        assert_eq!(world.row(row).await.state, expected);
    }
}
