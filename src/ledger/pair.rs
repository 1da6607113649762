//! Pairs, their leases, their passes and their counts.

use crate::model::FolderPath;

/// A pair, and the lease under which this process writes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The pair's number.
    pub pair: i64,
    /// The lease number; grows each time the pair is opened for writing.
    pub number: i64,
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

/// The process that has the ledger open for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writing {
    /// Its number on its machine.
    pub process: u32,
    /// Since when, Unix seconds.
    pub since: i64,
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
    /// Arrived rows missing at the target; without a known cause only those that the source still has.
    pub missing_at_target: u64,
    /// Of these, verified there before.
    pub removed_by_user: u64,
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
