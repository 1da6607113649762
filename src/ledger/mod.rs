//! The ledger port: the durable record of every message, and the only truth that a run resumes from.
//!
//! Narrow, async and in batches; ids, folder names and cursors are bytes and no SQL shows outside. Every write carries the
//! pair's lease number, and a write with an old lease is refused, so that a second store (several machines) fits behind it.
//! `sqlite` is the embedded store: one file, one writer thread, read-only readers.
//!
//! # A row is a placement
//!
//! (pair, namespace, epoch, source id, content version) → a place in a target folder. The source folder is an attribute.
//! Rows move by compare-and-set along [`crate::model::RowState::may_become`] only.
//!
//! # Intent, effect, outcome
//!
//! [`Ledger::intend`] returns only after a full sync: a lost intent would be a duplicate. [`Ledger::settle`] needs no sync of its
//! own: a lost outcome is found again at the target.
//!
//! # Numbers
//!
//! A place at the target is a number in a folder's life (UIDVALIDITY and UID). Where a service has ids instead, [`Numbering`] gives the numbers
//! and keeps them in the same file, so that whatever happens to it happens to both.

mod change;
mod folder;
mod numbering;
mod pair;
mod row;
pub mod sqlite;

use async_trait::async_trait;

use crate::{error::Result, model::FolderName};

pub use change::{Correction, Discovered, Intent, NewRow, Settlement};
pub use folder::{FolderId, FolderListing, FolderRow, PinnedTarget, Ranking, TargetFolderState};
pub use numbering::{FolderNumbers, NumberedItem, Numbering, Seen, Which, Whole};
pub use pair::{Lease, PairRecord, PassRecord, Tally, Writing};
pub use row::{Carried, Known, Placed, Row, RowId, RowQuery, Twin};
pub use sqlite::{Hooks, SqliteLedger};

/// The durable record. See the module for the rules.
#[async_trait]
pub trait Ledger: Numbering + Send + Sync {
    /// Opens a pair for writing and takes its lease; the pair is created where it is new.
    async fn open_pair(&self, source: &str, target: &str) -> Result<Lease>;
    /// Pins in what form the pair's messages go to the target, unless one went in another form; returns the form that is. What was only
    /// listed in another form is forgotten.
    async fn pin_transport(&self, lease: Lease, word: &str) -> Result<String>;
    /// The form in which the pair's messages go, once one went.
    async fn begun_transport(&self, pair: i64) -> Result<Option<String>>;
    /// Every pair, without a lease.
    async fn pairs(&self) -> Result<Vec<PairRecord>>;
    /// Who writes to it now, this process or another.
    async fn writing(&self) -> Result<Option<Writing>>;
    /// Forgets a pair with all its rows.
    async fn forget_pair(&self, pair: i64) -> Result<()>;

    /// Records a complete list of source folders; returns every folder known. Folders not in the list become not present.
    async fn list_folders(&self, lease: Lease, folders: Vec<FolderListing>) -> Result<Vec<FolderRow>>;
    /// Every folder known of a pair.
    async fn folders(&self, pair: i64) -> Result<Vec<FolderRow>>;
    /// Pins where a folder goes; a pinned path is never replaced, its wire name is filled in.
    async fn pin_target(&self, lease: Lease, folder: FolderId, target: PinnedTarget) -> Result<()>;
    /// The folder got a new name at the source (renamed there); its rows' keys move with it.
    async fn rename_folder(&self, lease: Lease, folder: FolderId, listing: FolderListing) -> Result<()>;

    /// Messages known under (namespace, epoch), ascending by id and version, after the id and version `after`, at most a page.
    async fn known(
        &self,
        pair: i64,
        namespace: &[u8],
        epoch: u64,
        after: Option<(Vec<u8>, Vec<u8>)>,
    ) -> Result<Vec<Known>>;
    /// Rows of these ids under (namespace, epoch), in any order; at most a page of ids.
    async fn known_ids(&self, pair: i64, namespace: &[u8], epoch: u64, ids: Vec<Vec<u8>>) -> Result<Vec<Known>>;
    /// Applies one step of discovery in one transaction, the cursor with the last.
    async fn discovered(&self, lease: Lease, folder: FolderId, found: Discovered) -> Result<()>;

    /// Chooses which placement of a message is copied, where the source shows one in several folders; the others are out of scope.
    async fn rank(&self, lease: Lease, ranking: Ranking) -> Result<()>;
    /// Copied rows of `folder` whose message now waits to be copied from another folder, ascending after the row `after`, at most a page.
    async fn relabelled(&self, pair: i64, folder: FolderId, after: Option<RowId>) -> Result<Vec<Row>>;

    /// Reads rows.
    async fn rows(&self, pair: i64, query: RowQuery) -> Result<Vec<Row>>;
    /// Arrived rows of a target folder under `validity` by ascending target UID after `after`, at most a page: what verify
    /// walks in step with the target's own listing.
    async fn placed(&self, pair: i64, folder: &FolderName, validity: u32, after: u32) -> Result<Vec<Placed>>;
    /// What other placements of the same messages mean for these rows; those of which none matters are left out. At most a page.
    async fn twins(&self, pair: i64, rows: Vec<RowId>) -> Result<Vec<(RowId, Twin)>>;
    /// What the messages of these rows carry beside their folders, in their order. At most a page.
    async fn carried(&self, pair: i64, rows: Vec<RowId>) -> Result<Vec<Carried>>;
    /// Makes intents durable: returns after a full sync, shared by all who wait.
    async fn intend(&self, lease: Lease, intents: Vec<Intent>) -> Result<()>;
    /// Bytes of messages that were read from the source after `since` (Unix seconds), by the hour in which they were read, ascending.
    async fn read_since(&self, pair: i64, since: i64) -> Result<Vec<(i64, u64)>>;
    /// Moves rows by compare-and-set; all or none. A row whose target UID answers for another row already is refused
    /// ([`crate::error::Code::Bug`]).
    async fn settle(&self, lease: Lease, settlements: Vec<Settlement>) -> Result<()>;
    /// Corrects what is known of rows; all or none.
    async fn correct(&self, lease: Lease, corrections: Vec<Correction>) -> Result<()>;
    /// Which of these UIDs of a target folder answer for a row, whichever pair it belongs to: (uid, row).
    async fn claimed(
        &self,
        lease: Lease,
        folder: &FolderName,
        validity: u32,
        uids: Vec<u32>,
    ) -> Result<Vec<(u32, RowId)>>;

    /// What is known of a target folder.
    async fn target_folder(&self, pair: i64, folder: &FolderName) -> Result<Option<TargetFolderState>>;
    /// Records what is known of a target folder. With another UIDVALIDITY than before, the pair's UIDs of before are voided with it.
    async fn set_target_folder(&self, lease: Lease, folder: &FolderName, state: TargetFolderState) -> Result<()>;
    /// Voids the pair's target UIDs in a folder whose UIDVALIDITY is `now` another one, before they are found again; returns how many.
    /// Another pair that shares the mailbox learns of the change by its own frontier.
    async fn void_target_uids(&self, lease: Lease, folder: &FolderName, now: u32) -> Result<u64>;

    /// A target folder got a new name: every row, pin and frontier that names it follows, in one transaction, and in every
    /// pair that shares the mailbox. A folder that bore the name before is taken to be gone: its rows lose their UIDs.
    async fn rename_target_folder(&self, lease: Lease, from: &FolderName, to: PinnedTarget) -> Result<()>;

    /// Counts by query, a tally per source folder.
    async fn tally(&self, pair: i64, pass: Option<i64>) -> Result<Vec<Tally>>;
    /// Begins a pass; events after it count towards it.
    async fn begin_pass(&self, lease: Lease, kind: &str) -> Result<i64>;
    /// Ends a pass with its outcome and report.
    async fn end_pass(&self, lease: Lease, pass: i64, outcome: &str, report: &str) -> Result<()>;
    /// The passes of a pair, newest first, at most a page.
    async fn passes(&self, pair: i64) -> Result<Vec<PassRecord>>;
}
