//! Folders of a target: as they are listed, as they are wanted, and their counters.

use crate::model::{Fingerprint, FolderClass, FolderName, FolderPath, Mark, Role};

/// One folder of the target as it is listed.
#[derive(Clone, Debug)]
pub struct TargetFolder {
    /// Its name on the wire.
    pub name: FolderName,
    /// Its path.
    pub path: FolderPath,
    /// What it is for.
    pub role: Option<Role>,
    /// What its items are.
    pub class: FolderClass,
    /// Whether mail may be put there.
    pub selectable: bool,
    /// Whether the user is subscribed to it.
    pub subscribed: bool,
}

/// A folder that must exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFolder {
    /// Its path.
    pub path: FolderPath,
    /// Whether the user is to be subscribed to it.
    pub subscribed: bool,
    /// What its items are, where the target tells folders apart by that.
    pub class: FolderClass,
}

impl From<(FolderPath, bool)> for NewFolder {
    /// A folder for mail.
    fn from((path, subscribed): (FolderPath, bool)) -> Self {
        NewFolder { path, subscribed, class: FolderClass::default() }
    }
}

/// A target folder's counters (STATUS, RFC 3501 §6.3.10; HIGHESTMODSEQ by RFC 7162).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FolderStatus {
    /// UIDVALIDITY.
    pub validity: u32,
    /// UIDNEXT; where the server does not tell, the highest UID + 1.
    pub next: u32,
    /// Messages in it.
    pub messages: u64,
    /// HIGHESTMODSEQ.
    pub modseq: Option<u64>,
}

impl FolderStatus {
    /// The mark of this status: UIDVALIDITY and UIDNEXT, big-endian.
    pub fn mark(&self) -> Mark {
        Mark([self.validity.to_be_bytes(), self.next.to_be_bytes()].concat())
    }
    /// The same for a message that will not be recognised by its row's fingerprint but by `evidence`.
    pub fn mark_for(&self, evidence: Fingerprint) -> Mark {
        Mark([self.mark().0, evidence.0.to_vec()].concat())
    }
    /// The evidence of a mark made by [`FolderStatus::mark_for`].
    pub fn read_evidence(mark: &Mark) -> Option<Fingerprint> {
        Some(Fingerprint(mark.0.get(8..)?.try_into().ok()?))
    }
    /// UIDVALIDITY and UIDNEXT of a mark made by [`FolderStatus::mark`].
    pub fn read_mark(mark: &Mark) -> Option<(u32, u32)> {
        let (validity, next) = (mark.0.get(..4)?, mark.0.get(4..8)?);
        Some((u32::from_be_bytes(validity.try_into().ok()?), u32::from_be_bytes(next.try_into().ok()?)))
    }
}
