//! Changes of rows: discovery, intents, outcomes, corrections.

use super::{FolderId, RowId};
use crate::model::{
    BodyHash, ContentId, Fingerprint, Flags, FolderName, Mark, MessageKey, Reason, ReceivedAt, RowState, TargetUid,
};

/// A message to add: it becomes a row in state `listed`.
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
    /// Which message it is, where the source shows one in several places.
    pub content: Option<ContentId>,
    /// Its evidence, where the listing told it.
    pub fingerprint: Option<Fingerprint>,
}

/// What one step of discovery found; applied in one transaction.
#[derive(Clone, Debug, Default)]
pub struct Discovered {
    /// New messages; a key that exists already is left as it is, except that it is not gone and is in this folder, and is listed again if it
    /// had vanished or was removed at the target.
    pub new: Vec<NewRow>,
    /// Changed flags at the source, by row.
    pub flags: Vec<(RowId, Flags)>,
    /// Received dates that are known now, by row; a date that was known stays.
    pub dates: Vec<(RowId, ReceivedAt)>,
    /// Rows that are gone from the source for certain.
    pub gone: Vec<RowId>,
    /// Changed scope, by row.
    pub scope: Vec<(RowId, bool)>,
    /// The cursor, epoch and count, with the last step only.
    pub end: Option<(Vec<u8>, u64, Option<u64>)>,
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
    /// When the bytes were read from the source (Unix seconds); `None` where the target copies them from another place of its own.
    pub read_at: Option<i64>,
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
    /// Missing at the target where a verification had found it: its user took it away.
    RemovedByUser(RowId),
    /// Removed at the target by mirroring.
    Removed(RowId),
    /// The same message is now this placement at the source (moved there, or re-identified under a new epoch);
    /// the row that held the new key, if any, is merged into it, unless it has arrived itself ([`crate::error::Code::Bug`]).
    Rekey(RowId, FolderId, MessageKey),
    /// The target has another content of it now: its hash, its evidence and its length.
    Renewed(RowId, BodyHash, Fingerprint, u64),
    /// It is recognised by this from now on: what its arrival shows, where that could not be known before.
    Evidence(RowId, Fingerprint),
    /// The target's message of this id has these categories from us.
    Categories {
        /// The row.
        row: RowId,
        /// The target's own id of the message.
        item: String,
        /// The categories.
        names: Vec<String>,
        /// Those that it had before we gave it any.
        theirs: Vec<String>,
    },
    /// These categories are about to be asked for; whether they were set is unknown until [`Correction::Categories`].
    CategoriesAsked {
        /// The row.
        row: RowId,
        /// The categories.
        names: Vec<String>,
        /// Those that it had before we gave it any.
        theirs: Vec<String>,
    },
    /// "Possibly doubled": appended although an earlier copy could not be ruled out.
    PossiblyDoubled(RowId),
}
