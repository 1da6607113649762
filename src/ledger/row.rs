//! Rows as they are read: whole, as discovery needs them, as verify walks them.

use super::FolderId;
use crate::model::{
    BodyHash, ContentId, Fingerprint, Flags, FolderName, Mark, MessageKey, Reason, ReceivedAt, RowState, TargetUid,
};

/// The row's number in the ledger.
pub type RowId = i64;

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
    /// Which message it is, where the source shows one in several places.
    pub content: Option<ContentId>,
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
    /// Whether a verification had found it there before: then its user took it away.
    pub removed_by_user: bool,
    /// Whether it was removed at the target by `--deletions mirror`.
    pub removed: bool,
    /// Whether an earlier copy could not be ruled out when it was appended.
    pub possibly_doubled: bool,
    /// Why it was skipped or failed.
    pub reason: Option<Reason>,
}

/// What another placement of the same message (equal [`Row::content`]) means for a row that is listed.
#[derive(Clone, Debug)]
pub enum Twin {
    /// The other goes first: it is listed before this one, or in doubt.
    Ahead,
    /// The other arrived: the target can copy it from there.
    Arrived(Box<Row>),
}

/// What an arrived row's message carries beside its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The row.
    pub row: RowId,
    /// The folders of its placements that are not copied, because this one is ([`super::Ranking`]).
    pub labels: Vec<FolderId>,
    /// The categories that the target has from us.
    pub categories: Vec<String>,
    /// Those that were asked for last, while it is unknown whether they were set.
    pub asked: Vec<String>,
    /// Those that it had before we gave it any.
    pub theirs: Vec<String>,
    /// The target's own id of the message, once it was found by it.
    pub item: Option<String>,
}

/// A message the ledger knows, as discovery needs it: ascending by id and version.
#[derive(Clone, Debug)]
pub struct Known {
    /// The row.
    pub row: RowId,
    /// Its id within namespace and epoch.
    pub id: Vec<u8>,
    /// Which content of that id; several may be known, of which the latest is not gone.
    pub version: Vec<u8>,
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
    /// What it is recognised by.
    pub fingerprint: Option<Fingerprint>,
    /// Flags that the target has from us.
    pub applied: Flags,
    /// Whether it is gone from the source.
    pub gone: bool,
    /// Whether it was removed by mirroring or moved away.
    pub removed: bool,
    /// Whether it was found missing before.
    pub missing_at_target: bool,
    /// Whether it was found missing after a verification had found it there.
    pub removed_by_user: bool,
    /// Whether it was copied in the pass that runs.
    pub copied_this_pass: bool,
}

/// Which rows to read; ascending by row number unless said otherwise. All terms must hold.
///
/// A page costs what is in it for: a folder with any states and scope; a pair's rows that ended without arriving; a target folder with any
/// states, its `flags_differ`, its arrived rows without a target UID; what is gone, out of scope in a folder, or possibly doubled.
/// Other terms filter such a walk. A pair without any of these is a walk over the rows of every pair.
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
    /// Left out because another placement of the message is copied, or not ([`super::Ranking`]).
    pub elsewhere: Option<bool>,
    /// Gone from the source or not.
    pub gone: Option<bool>,
    /// Whether a later content of the same message arrived ([`Row::content`] equal, another version).
    pub superseded: Option<bool>,
    /// Arrived rows whose source flags differ from the applied ones.
    pub flags_differ: bool,
    /// With or without a known target UID.
    pub has_target: Option<bool>,
    /// Found missing at the target or not.
    pub missing_at_target: Option<bool>,
    /// Removed by mirroring or not.
    pub removed: Option<bool>,
    /// Possibly doubled or not.
    pub possibly_doubled: Option<bool>,
    /// With this body hash.
    pub body_hash: Option<BodyHash>,
    /// With this size at the source: with `received_at` and `gone`, how a moved message is looked for.
    pub size: Option<u64>,
    /// Received at this instant, whatever the zone.
    pub received_at: Option<ReceivedAt>,
    /// Received date descending, rows without one last (otherwise: row number ascending). A walk for the
    /// listed rows in scope of a folder, else a sort.
    pub newest_first: bool,
    /// Only rows after this one (ascending) in the chosen order.
    pub after: Option<RowId>,
    /// At most this many; 0, or more than [`crate::limits::LEDGER_PAGE`], means a page.
    pub limit: usize,
}
