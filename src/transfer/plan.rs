//! Step 4: what is to be done with one listed row; pure.

use crate::{error::Code, ledger::Row, model::Reason, target::TargetCapabilities};

/// What to do with a listed row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Fetch it and append it.
    Copy,
    /// It cannot be transferred, and why.
    Skip(Reason),
}

/// Decides by what is known before the message is fetched. A source's size is an estimate on some servers (quirk 98), so only one that is
/// clearly above the target's limit is left unfetched; the rest is weighed once it is here.
pub(super) fn step(row: &Row, target: &TargetCapabilities) -> Step {
    match target.max_size {
        Some(limit) if row.size > limit.saturating_add(limit / 10) => Step::Skip(too_big(row.size, limit)),
        _ => Step::Copy,
    }
}

/// Why a message of `size` bytes does not fit into a target that takes `limit`.
pub(super) fn too_big(size: u64, limit: u64) -> Reason {
    Reason { code: Code::ItemTooBig, words: format!("{size} bytes, the target takes {limit}") }
}
