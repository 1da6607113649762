//! The ledger port: the durable record of every message, and the only truth that a run resumes from.
//!
//! Narrow, async and in batches; ids, folder names and cursors are bytes and no SQL shows outside. Every write carries the
//! pair's lease number, and a write with an old lease is refused, so that a second store (several machines) fits behind it.
//! [`sqlite`](self) is the embedded store: one file, one writer thread, read-only readers.
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

use async_trait::async_trait;

use crate::{
    error::Result,
    model::{
        BodyHash, Fingerprint, Flags, FolderName, FolderPath, Mark, MessageKey, Reason, ReceivedAt, Role, RowState,
        TargetUid,
    },
};

/// A pair, and the lease under which this process writes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The pair's number.
    pub pair: i64,
    /// The lease number; grows each time the pair is opened for writing.
    pub number: i64,
}

/// The folder's number in the ledger.
pub type FolderId = i64;
/// The row's number in the ledger.
pub type RowId = i64;

/// A source folder as the ledger knows it.
#[derive(Clone, Debug)]
pub struct FolderRow {
    /// Its number.
    pub id: FolderId,
    /// Its name at the source.
    pub name: FolderName,
    /// Its path at the source.
    pub path: FolderPath,
    /// Its role at the source.
    pub role: Option<Role>,
    /// Whether the source's user is subscribed.
    pub subscribed: bool,
    /// Why it is not read, if so.
    pub skipped: Option<Reason>,
    /// Whether it was in the latest complete list of folders.
    pub present: bool,
    /// The cursor of its last complete listing.
    pub cursor: Option<Vec<u8>>,
    /// Its epoch (UIDVALIDITY) at that listing.
    pub epoch: Option<u64>,
    /// Live messages at that listing, by the server's count.
    pub count: Option<u64>,
    /// Where it goes: pinned, so that a changed mapping moves nothing already copied.
    pub target: Option<PinnedTarget>,
}

/// The pinned place of a source folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedTarget {
    /// The path it was mapped to.
    pub path: FolderPath,
    /// Its name on the wire, once the folder exists.
    pub name: Option<FolderName>,
}

/// What the listing tells about a source folder.
#[derive(Clone, Debug)]
pub struct FolderListing {
    /// Its name.
    pub name: FolderName,
    /// Its path.
    pub path: FolderPath,
    /// Its role.
    pub role: Option<Role>,
    /// Whether the user is subscribed.
    pub subscribed: bool,
    /// Why it is not read, if so.
    pub skipped: Option<Reason>,
}

/// A message to add: it becomes a row in state `listed` (or `skipped` where `reason` is given).
#[derive(Clone, Debug)]
pub struct NewRow {
    /// Its identity.
    pub key: MessageKey,
    /// The size by the source's account.
    pub size: u64,
    /// When it was received.
    pub received_at: Option<ReceivedAt>,
    /// Its flags at the source.
    pub flags: Flags,
    /// Whether the user's filters let it through.
    pub in_scope: bool,
}

/// What one step of discovery found; applied in one transaction.
#[derive(Clone, Debug, Default)]
pub struct Discovered {
    /// New messages; a key that exists already is left as it is, except that `gone` is cleared.
    pub new: Vec<NewRow>,
    /// Changed flags at the source, by row.
    pub flags: Vec<(RowId, Flags)>,
    /// Rows that are gone from the source for certain.
    pub gone: Vec<RowId>,
    /// Changed scope, by row.
    pub scope: Vec<(RowId, bool)>,
    /// The cursor, epoch and count, with the last step only.
    pub end: Option<(Vec<u8>, u64, Option<u64>)>,
}

/// A message the ledger knows, as discovery needs it: ascending by id.
#[derive(Clone, Debug)]
pub struct Known {
    /// The row.
    pub row: RowId,
    /// Its id within namespace and epoch.
    pub id: Vec<u8>,
    /// Its state.
    pub state: RowState,
    /// Flags last seen at the source.
    pub flags: Flags,
    /// Whether it was gone.
    pub gone: bool,
    /// Whether the filters let it through.
    pub in_scope: bool,
    /// Size and date, to evaluate changed filters.
    pub size: u64,
    /// When it was received.
    pub received_at: Option<ReceivedAt>,
}

/// A whole row.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number.
    pub id: RowId,
    /// The source folder it is in.
    pub folder: FolderId,
    /// Its identity.
    pub key: MessageKey,
    /// Its state.
    pub state: RowState,
    /// The size at the source.
    pub size: u64,
    /// When it was received.
    pub received_at: Option<ReceivedAt>,
    /// Flags last seen at the source.
    pub flags: Flags,
    /// Flags that the target has from us.
    pub applied: Flags,
    /// Whether the filters let it through.
    pub in_scope: bool,
    /// Whether it is gone from the source.
    pub gone: bool,
    /// Hash of the bytes that were (or are about to be) sent.
    pub body_hash: Option<BodyHash>,
    /// Fingerprint of the same bytes.
    pub fingerprint: Option<Fingerprint>,
    /// Their length.
    pub sent_size: Option<u64>,
    /// The mark of the target folder at its latest intent.
    pub mark: Option<Mark>,
    /// The rung of the repair ladder of its latest intent; 0 is the original bytes.
    pub rung: u8,
    /// What the ladder changed, in words; empty where nothing.
    pub repairs: String,
    /// The target folder it is in or meant for, by name on the wire.
    pub target_folder: Option<FolderName>,
    /// Its place at the target, where known.
    pub target: Option<TargetUid>,
    /// Whether it was found missing at the target after it had arrived.
    pub missing_at_target: bool,
    /// Whether it was removed at the target by `--deletions mirror`.
    pub removed: bool,
    /// Why it was skipped or failed.
    pub reason: Option<Reason>,
}

/// An arrived row by its place at the target.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The row.
    pub row: RowId,
    /// Its UID at the target.
    pub uid: u32,
    /// Its state: `copied` or `already present`.
    pub state: RowState,
    /// When it was received.
    pub received_at: Option<ReceivedAt>,
    /// Length of the bytes that were sent.
    pub sent_size: Option<u64>,
    /// Hash of the bytes that were sent.
    pub body_hash: Option<BodyHash>,
    /// Flags that the target has from us.
    pub applied: Flags,
    /// Whether it is gone from the source.
    pub gone: bool,
    /// Whether it was removed by mirroring or moved away.
    pub removed: bool,
    /// Whether it was found missing before.
    pub missing_at_target: bool,
    /// Whether it was copied in the pass that runs.
    pub copied_this_pass: bool,
}

/// Which rows to read; ascending by row number unless said otherwise. All terms must hold.
#[derive(Clone, Debug, Default)]
pub struct RowQuery {
    /// In this source folder.
    pub folder: Option<FolderId>,
    /// In this target folder.
    pub target_folder: Option<FolderName>,
    /// In one of these states; empty: any.
    pub states: Vec<RowState>,
    /// Let through by the filters or not.
    pub in_scope: Option<bool>,
    /// Gone from the source or not.
    pub gone: Option<bool>,
    /// Whose source flags differ from the applied ones.
    pub flags_differ: bool,
    /// With or without a known target UID.
    pub has_target: Option<bool>,
    /// Found missing at the target or not.
    pub missing_at_target: Option<bool>,
    /// Removed by mirroring or not.
    pub removed: Option<bool>,
    /// With this body hash.
    pub body_hash: Option<BodyHash>,
    /// Received date descending (ascending: row number).
    pub newest_first: bool,
    /// Only rows after this one (ascending) in the chosen order.
    pub after: Option<RowId>,
    /// At most this many (bounded by [`crate::limits::LEDGER_PAGE`]).
    pub limit: usize,
}

/// An intent: these bytes are about to be appended to that folder.
#[derive(Clone, Debug)]
pub struct Intent {
    /// The row; it must be `listed`, or `intended` for the next rung.
    pub row: RowId,
    /// The target folder by name on the wire.
    pub target_folder: FolderName,
    /// The folder's mark from before.
    pub mark: Mark,
    /// Hash of the bytes about to be sent.
    pub body_hash: BodyHash,
    /// Fingerprint of the same bytes.
    pub fingerprint: Fingerprint,
    /// Their length.
    pub sent_size: u64,
    /// The rung of the repair ladder.
    pub rung: u8,
    /// What was repaired, in words; empty for the original bytes.
    pub repairs: String,
    /// The flags that will be sent.
    pub applied: Flags,
}

/// A row's next state. Compare-and-set: refused if the row is not in `from`.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// The row.
    pub row: RowId,
    /// The state it must be in.
    pub from: RowState,
    /// The state it moves to.
    pub to: RowState,
    /// Its place at the target, for `copied` and `already present`, where known.
    pub target: Option<TargetUid>,
    /// The target folder, for `already present`.
    pub target_folder: Option<FolderName>,
    /// Flags that the target has (for `already present`: as found).
    pub applied: Option<Flags>,
    /// Hash and fingerprint, where learnt on the way (adopt).
    pub body_hash: Option<BodyHash>,
    /// See `body_hash`.
    pub fingerprint: Option<Fingerprint>,
    /// Why, for `skipped`, `failed` and `vanished`.
    pub reason: Option<Reason>,
}

impl Settlement {
    /// A bare move of `row`.
    pub fn new(row: RowId, from: RowState, to: RowState) -> Self {
        Settlement {
            row,
            from,
            to,
            target: None,
            target_folder: None,
            applied: None,
            body_hash: None,
            fingerprint: None,
            reason: None,
        }
    }
}

/// A correction of what is known about arrived rows, without a change of state.
#[derive(Clone, Debug)]
pub enum Correction {
    /// The target UID is now known or another one (moved, UIDVALIDITY changed).
    Place(RowId, FolderName, Option<TargetUid>),
    /// These flags were applied.
    Applied(RowId, Flags),
    /// Missing at the target, or found again.
    Missing(RowId, bool),
    /// Removed at the target by mirroring.
    Removed(RowId),
    /// The same message is now this placement at the source (moved there, or re-identified under a new epoch);
    /// the row that held the new key, if any, is merged into it.
    Rekey(RowId, FolderId, MessageKey),
    /// "Possibly doubled": appended although an earlier copy could not be ruled out.
    PossiblyDoubled(RowId),
}

/// What is known of a target folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetFolderState {
    /// UIDVALIDITY.
    pub validity: u32,
    /// UIDNEXT: every message below it is accounted for.
    pub next: u32,
    /// Messages when it was last accounted for.
    pub messages: u64,
    /// HIGHESTMODSEQ when it was last verified, where the target tells.
    pub modseq: Option<u64>,
    /// Whether that state was verified against the ledger without a difference.
    pub verified: bool,
}

/// Row counts of one source folder, by query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The folder's path at the source.
    pub source: FolderPath,
    /// The folder's path at the target.
    pub target: FolderPath,
    /// Rows that the filters let through.
    pub in_scope: u64,
    /// Rows that they do not, and that are not gone.
    pub out_of_scope: u64,
    /// `copied` in scope.
    pub copied: u64,
    /// `already present` in scope.
    pub already_present: u64,
    /// `skipped` in scope.
    pub skipped: u64,
    /// `failed` in scope.
    pub failed: u64,
    /// `vanished` in scope.
    pub vanished: u64,
    /// `listed` and `intended` in scope: nobody has settled them.
    pub open: u64,
    /// In-scope rows gone from the source.
    pub gone: u64,
    /// Arrived rows whose bytes were repaired.
    pub repaired: u64,
    /// Arrived rows missing at the target.
    pub missing_at_target: u64,
    /// Arrived rows removed by mirroring.
    pub removed: u64,
    /// Arrived rows that may be doubled.
    pub possibly_doubled: u64,
    /// Copied in the pass that was asked for.
    pub copied_this_pass: u64,
    /// Flag changes applied in that pass.
    pub updated_this_pass: u64,
    /// Rows re-keyed by a move in that pass.
    pub moved_this_pass: u64,
    /// Bytes of arrived rows.
    pub bytes: u64,
    /// Bytes of rows still open.
    pub open_bytes: u64,
}

/// A pass over one pair, as recorded.
#[derive(Clone, Debug)]
pub struct PassRecord {
    /// Its number.
    pub id: i64,
    /// `first`, `delta`, `final`, …
    pub kind: String,
    /// Unix seconds.
    pub started: i64,
    /// Unix seconds; `None` while it runs or when it was cut off.
    pub finished: Option<i64>,
    /// `verified`, `finished`, `incomplete`, `failed`; `None` as above.
    pub outcome: Option<String>,
    /// Its report as JSON; `None` as above.
    pub report: Option<String>,
}

/// A pair as recorded.
#[derive(Clone, Debug)]
pub struct PairRecord {
    /// Its number.
    pub id: i64,
    /// The source's identity (not its host, so that it survives a renamed host).
    pub source: String,
    /// The target's identity.
    pub target: String,
    /// Its latest pass.
    pub latest: Option<PassRecord>,
}

/// The durable record. See the module for the rules.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Opens a pair for writing and takes its lease; the pair is created where it is new.
    async fn open_pair(&self, source: &str, target: &str) -> Result<Lease>;
    /// Every pair, without a lease.
    async fn pairs(&self) -> Result<Vec<PairRecord>>;
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

    /// Messages known under (namespace, epoch), ascending by id, after `after`, at most a page.
    async fn known(&self, pair: i64, namespace: &[u8], epoch: u64, after: Option<Vec<u8>>) -> Result<Vec<Known>>;
    /// Rows of these ids under (namespace, epoch), in any order; at most a page of ids.
    async fn known_ids(&self, pair: i64, namespace: &[u8], epoch: u64, ids: Vec<Vec<u8>>) -> Result<Vec<Known>>;
    /// Applies one step of discovery in one transaction, the cursor with the last.
    async fn discovered(&self, lease: Lease, folder: FolderId, found: Discovered) -> Result<()>;

    /// Reads rows.
    async fn rows(&self, pair: i64, query: RowQuery) -> Result<Vec<Row>>;
    /// Arrived rows of a target folder under `validity` by ascending target UID after `after`, at most a page: what verify
    /// walks in step with the target's own listing.
    async fn placed(&self, pair: i64, folder: &FolderName, validity: u32, after: u32) -> Result<Vec<Placed>>;
    /// Makes intents durable: returns after a full sync, shared by all who wait.
    async fn intend(&self, lease: Lease, intents: Vec<Intent>) -> Result<()>;
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
    /// Records what is known of a target folder.
    async fn set_target_folder(&self, lease: Lease, folder: &FolderName, state: TargetFolderState) -> Result<()>;
    /// Voids every target UID of a folder whose UIDVALIDITY changed, before they are found again.
    async fn void_target_uids(&self, lease: Lease, folder: &FolderName) -> Result<u64>;

    /// A target folder got a new name: every row, pin and state that names it follows, in one transaction.
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
