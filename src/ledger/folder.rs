//! Folders: those of the source with their cursor and pin, those of the target with their frontier.

use crate::model::{FolderClass, FolderName, FolderPath, Reason, Role};

/// The folder's number in the ledger.
pub type FolderId = i64;

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
    /// What its items are.
    pub class: FolderClass,
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
    /// What its items are.
    pub class: FolderClass,
    /// Whether the user is subscribed.
    pub subscribed: bool,
    /// Why it is not read, if so.
    pub skipped: Option<Reason>,
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
    /// Every UID below was looked at by a verification. It never sinks under one UIDVALIDITY; 0 says nothing.
    pub seen: u32,
}

/// Which placement of a message is copied, where the source says that it shows one in several folders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranking {
    /// The folders that are read, with their ranks: of the placements of one message those in a folder of the lowest rank are copied.
    pub folders: Vec<(FolderId, u32)>,
    /// One copy is enough: where one arrived, no other placement is copied.
    pub one_copy: bool,
    /// Nothing new of this folder is copied in this pass, for it is not known whether it lies elsewhere.
    pub waits: Option<FolderId>,
}
