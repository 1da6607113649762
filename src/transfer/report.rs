//! What a pass tells at its end: tallies by query over the ledger, never from counters.

use serde::{Deserialize, Serialize};

use super::event::Attention;
use crate::ledger::Tally;

/// How a pair or a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Everything in scope arrived and the target's own answer agrees.
    Verified,
    /// Everything was settled, but not verified or with exceptions.
    Finished,
    /// Interrupted; resumable.
    Incomplete,
    /// Stopped by an error.
    Failed,
}

/// Confidence in one mailbox (product.md B2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// Everything in scope is there.
    Perfect,
    /// Only metadata or repaired bytes differ.
    Good,
    /// Some messages failed or are unexplained.
    Investigate,
    /// Many did (over 1 % or 100).
    Poor,
}

/// What a verified mailbox was compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VerifiedLevel {
    /// UID, date, size and bytes: the target keeps what it is sent.
    Bytes,
    /// UID, date and kept header fields: the target renders mail anew.
    Fields,
    /// Nothing was compared.
    None,
}

impl VerifiedLevel {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            VerifiedLevel::Bytes => "bytes",
            VerifiedLevel::Fields => "fields",
            VerifiedLevel::None => "none",
        }
    }
}

/// One folder in the report; terms as in `cli.md`, JSON.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FolderReport {
    /// Path at the source.
    pub source: String,
    /// Path at the target.
    pub target: String,
    /// Why the folder was not read, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_read: Option<String>,
    /// Counts.
    #[serde(flatten)]
    pub counts: Counts,
}

/// The count equation: `in_scope = copied + already_present + skipped + failed + vanished + unexplained`, and
/// `source_total = in_scope + out_of_scope − gone_from_source`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Messages at the source at `as_of`, as rows that are not gone.
    pub source_total: u64,
    /// Let through by the filters.
    pub in_scope: u64,
    /// Not let through.
    pub out_of_scope: u64,
    /// In scope, gone from the source since.
    pub gone_from_source: u64,
    /// Put there by us.
    pub copied: u64,
    /// Of these, in this pass.
    pub copied_this_pass: u64,
    /// Found there.
    pub already_present: u64,
    /// Cannot be transferred by rule.
    pub skipped: u64,
    /// Refused or unreadable.
    pub failed: u64,
    /// Gone before they could be read.
    pub vanished: u64,
    /// Nobody has settled them.
    pub unexplained: u64,
    /// Flags changed in this pass (subset).
    pub updated: u64,
    /// Moved at the target (subset).
    pub moved: u64,
    /// Bytes changed to be accepted (subset).
    pub repaired: u64,
    /// Removed at the target by mirroring (subset).
    pub removed: u64,
    /// Not at the target any more (subset).
    pub missing_at_target: u64,
    /// Of these, those that a verification had found there before: their user's doing, and no exception.
    #[serde(default)]
    pub removed_by_user: u64,
    /// Bytes of what arrived.
    pub bytes: u64,
}

impl Counts {
    /// Messages that arrived and are not at the target, though nobody is known to have taken them away.
    pub fn lost(&self) -> u64 {
        self.missing_at_target.saturating_sub(self.removed_by_user)
    }

    /// Adds another folder's counts.
    pub fn add(&mut self, other: &Counts) {
        let Counts { source_total, in_scope, out_of_scope, gone_from_source, copied, copied_this_pass, .. } = other;
        self.source_total += source_total;
        self.in_scope += in_scope;
        self.out_of_scope += out_of_scope;
        self.gone_from_source += gone_from_source;
        self.copied += copied;
        self.copied_this_pass += copied_this_pass;
        let Counts { already_present, skipped, failed, vanished, unexplained, .. } = other;
        self.already_present += already_present;
        self.skipped += skipped;
        self.failed += failed;
        self.vanished += vanished;
        self.unexplained += unexplained;
        let Counts { updated, moved, repaired, removed, missing_at_target, removed_by_user, bytes, .. } = other;
        self.updated += updated;
        self.moved += moved;
        self.repaired += repaired;
        self.removed += removed;
        self.missing_at_target += missing_at_target;
        self.removed_by_user += removed_by_user;
        self.bytes += bytes;
    }
}

impl From<&Tally> for Counts {
    fn from(tally: &Tally) -> Self {
        Counts {
            source_total: (tally.in_scope + tally.out_of_scope).saturating_sub(tally.gone),
            in_scope: tally.in_scope,
            out_of_scope: tally.out_of_scope,
            gone_from_source: tally.gone,
            copied: tally.copied,
            copied_this_pass: tally.copied_this_pass,
            already_present: tally.already_present,
            skipped: tally.skipped,
            failed: tally.failed,
            vanished: tally.vanished,
            unexplained: tally.open,
            updated: tally.updated_this_pass,
            moved: tally.moved_this_pass,
            repaired: tally.repaired,
            removed: tally.removed,
            missing_at_target: tally.missing_at_target,
            removed_by_user: tally.removed_by_user,
            bytes: tally.bytes,
        }
    }
}

/// One mailbox in the report.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MailboxReport {
    /// The source mailbox.
    pub source: String,
    /// The target mailbox.
    pub target: String,
    /// `verified`, `finished`, `incomplete`, `failed`.
    pub state: Outcome,
    /// Confidence.
    pub grade: Grade,
    /// Which level was verified.
    pub verified_level: VerifiedLevel,
    /// The error that stopped it, if one did: stable word and text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
    /// Counts over all folders.
    #[serde(flatten)]
    pub counts: Counts,
    /// Unix seconds of the listing these counts speak of.
    pub as_of: i64,
    /// The folders.
    pub folders: Vec<FolderReport>,
    /// What needs a person.
    pub attention: Vec<Attention>,
    /// What the source's protocol cannot carry, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_carried: Vec<String>,
    /// Seconds spent in verification.
    pub verify_seconds: f64,
    /// What became of labels and keywords that were to be categories; `None` where none were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<CategoriesReport>,
}

/// Labels and keywords as categories, over all messages of a mailbox that are at the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoriesReport {
    /// Set by us.
    pub carried: u64,
    /// Not set, for whatever reason: the attention lines tell.
    pub not_carried: u64,
}

/// An error in the report.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ErrorReport {
    /// The stable word.
    pub code: String,
    /// What failed, with the server's words.
    pub problem: String,
    /// What to do.
    pub next_step: String,
}
