//! What a person decided about a pair: which mail, where to, how far.

use globset::GlobSet;

/// Which messages and folders are in scope. What a filter leaves out is counted as out of scope, never as skipped.
#[derive(Clone, Debug, Default)]
pub struct ScopeRules {
    /// Only folders whose path matches; `None`: all.
    pub include: Option<GlobSet>,
    /// No folders whose path matches.
    pub exclude: GlobSet,
    /// Only messages received at or after (Unix seconds).
    pub since: Option<i64>,
    /// Only messages received before (Unix seconds).
    pub before: Option<i64>,
    /// Only messages up to this size (bytes).
    pub max_size: Option<u64>,
    /// Messages flagged `\Deleted` stay behind (quirk 107).
    pub skip_deleted: bool,
}

/// Which messages go first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As the source numbers them; UIDs at the target keep that order.
    #[default]
    Oldest,
    /// By received date, newest first: users find their recent mail early.
    Newest,
}

/// What happens at the target to messages deleted at the source after they were copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deletions {
    /// They stay.
    #[default]
    Keep,
    /// They go too, within the guards of [`crate::limits::MIRROR_COUNT`]; `approved` lifts those.
    Mirror {
        /// A person approved more than the guards allow.
        approved: bool,
    },
}

/// What becomes of a message that the source shows under several labels (Gmail).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Labels {
    /// A copy in the folder of each label.
    #[default]
    Folders,
    /// One copy; its other labels are categories at the target, where it has such.
    Categories,
}

/// What becomes of keywords at a target that keeps none (Exchange).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keywords {
    /// They stay behind.
    #[default]
    Keep,
    /// Those that are names are categories at the target, where it has such.
    Categories,
}

/// How far the target's own answer is compared with the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VerifyLevel {
    /// Not at all (`--no-verify`): the outcome is at best `finished`.
    None,
    /// Every UID with flags, date and size, and a sample of bodies.
    #[default]
    Sample,
    /// Every body too.
    Content,
}

/// Which pass this is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PassKind {
    /// First where none has finished, else delta.
    #[default]
    Auto,
    /// At most [`crate::limits::TRIAL_MESSAGES`] messages a folder, every folder created.
    Trial,
    /// Old mail first, users still on the source.
    PreStage,
    /// What is new or changed.
    Delta,
    /// The last delta, at cutover.
    Final,
    /// Only what was skipped or failed.
    Retry,
    /// Only the comparison (`mailhaul verify`): nothing is discovered, nothing copied.
    Verify,
}

impl PassKind {
    /// The word on the command line and in the ledger; an automatic pass is recorded as `first` or `delta`.
    pub fn word(self) -> &'static str {
        match self {
            PassKind::Auto => "auto",
            PassKind::Trial => "trial",
            PassKind::PreStage => "prestage",
            PassKind::Delta => "delta",
            PassKind::Final => "final",
            PassKind::Retry => "retry",
            PassKind::Verify => "verify",
        }
    }
}

/// Everything a pass needs to know besides its two sides.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Which mail.
    pub scope: ScopeRules,
    /// Source path → target path, exact or as a prefix of whole segments; the longest match wins.
    pub map: Vec<(String, String)>,
    /// Which first.
    pub order: Order,
    /// What about deletions.
    pub deletions: Deletions,
    /// What about labels.
    pub labels: Labels,
    /// What about keywords that the target does not keep.
    pub keywords: Keywords,
    /// How far to verify.
    pub verify: VerifyLevel,
    /// Which pass.
    pub pass: PassKind,
    /// Connections per side that a person asked for; `None`: as the profiles say.
    pub connections: Option<usize>,
    /// Never more than these per side: the mailbox's share of what its endpoints allow.
    pub most_connections: Option<usize>,
    /// Bytes of the source mailbox that may be read in any 24 hours, over all passes.
    pub source_bytes_per_day: Option<u64>,
    /// Mailboxes that move at the same time, this one among them (0: not known, as for one).
    pub together: usize,
    /// Where refused messages are kept as .eml; `None`: nowhere.
    pub quarantine: Option<std::path::PathBuf>,
}
