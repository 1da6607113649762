//! The work of one lane: a target folder and the source folders that go there.

use crate::{
    ledger::{FolderRow, TargetFolderState},
    model::{FolderName, FolderPath},
    target::FolderStatus,
};

/// A target folder with what goes there. One lane works on it at a time, so that arrivals can be told apart.
#[derive(Clone)]
pub(super) struct Job {
    /// The target folder's name on the wire.
    pub folder: FolderName,
    /// Its path, for people.
    pub path: FolderPath,
    /// Whether the target gives back the bytes it was sent.
    pub keeps_bytes: bool,
    /// The source folders.
    pub sources: Vec<FolderRow>,
    /// Its counters at the start of the pass.
    pub status: Option<FolderStatus>,
    /// What the ledger knew of it then.
    pub known: Option<TargetFolderState>,
}

impl Job {
    /// Messages at the source.
    pub fn weight(&self) -> u64 {
        self.sources.iter().filter_map(|folder| folder.count).sum()
    }

    /// Whether the target gave the folder another UIDVALIDITY since the ledger knew it, so that no UID of it holds any more.
    pub fn was_renumbered(&self) -> bool {
        let (Some(now), Some(then)) = (self.status, &self.known) else { return false };
        then.validity != now.validity && then.messages > 0
    }

    /// Whether the target folder is as it was when its last verification found no difference. Only HIGHESTMODSEQ can tell that no flag
    /// changed.
    pub fn untouched(&self) -> bool {
        let (Some(now), Some(then)) = (self.status, &self.known) else { return false };
        then.verified
            && now.modseq.is_some()
            && (now.validity, now.next, now.messages, now.modseq)
                == (then.validity, then.next, then.messages, then.modseq)
    }
}
