//! Options about mail and passes that several commands share.

use clap::ValueEnum;

use crate::{
    error::{Error, Result},
    project::{
        config::Draft,
        values::{Day, Mapping, Pattern, Size},
    },
    transfer::{Deletions, Keywords, Labels, Options, Order, PassKind, VerifyLevel},
};

/// Which mail, where to, how far.
#[derive(clap::Args)]
pub struct MailArgs {
    /// Only folders whose path fits (repeat); * also stands for what is below a folder
    #[arg(long, value_name = "GLOB", help_heading = "Which mail")]
    folder: Vec<Pattern>,
    /// No folders whose path fits (repeat)
    #[arg(long, value_name = "GLOB", help_heading = "Which mail")]
    exclude: Vec<Pattern>,
    /// Put a folder, and what is below it, elsewhere (repeat)
    #[arg(long, value_name = "SOURCE=TARGET", help_heading = "Which mail")]
    map: Vec<Mapping>,
    /// Only messages received on or after this day
    #[arg(long, value_name = "DATE", help_heading = "Which mail")]
    since: Option<Day>,
    /// Only messages received before this day
    #[arg(long, value_name = "DATE", help_heading = "Which mail")]
    before: Option<Day>,
    /// Only messages up to this size
    #[arg(long, value_name = "BYTES", help_heading = "Which mail")]
    max_size: Option<Size>,
    /// What to do with messages that are marked as deleted
    #[arg(long, value_name = "WHAT", default_value = "copy", help_heading = "Which mail")]
    deleted: DeletedArg,
    /// What happens at the target to messages that were deleted at the source
    #[arg(long, value_name = "WHAT", default_value = "keep")]
    deletions: DeletionsArg,
    /// With --deletions mirror: also where more than 5 % or 100 messages of a mailbox would go
    #[arg(long)]
    approve_deletions: bool,
    /// A message under several labels (Gmail): a copy in the folder of each, or one copy with the other labels as categories
    #[arg(long, value_name = "WHAT", default_value = "folders")]
    labels: LabelsArg,
    /// Keywords that the target does not keep: leave them, or make them categories
    #[arg(long, value_name = "WHAT", default_value = "keep")]
    keywords: KeywordsArg,
    /// Which messages go first
    #[arg(long, value_name = "WHICH", default_value = "oldest")]
    order: OrderArg,
    /// Connections per side [default: as many as the servers take well]
    #[arg(long, value_name = "N")]
    connections: Option<usize>,
    /// Do not compare the target with the source afterwards
    #[arg(long)]
    no_verify: bool,
    /// Compare every message by reading it back, instead of a sample
    #[arg(long, conflicts_with = "no_verify")]
    content: bool,
}

/// `--deleted`.
#[derive(Clone, Copy, ValueEnum)]
enum DeletedArg {
    Copy,
    Skip,
}

/// `--deletions`.
#[derive(Clone, Copy, ValueEnum)]
enum DeletionsArg {
    Keep,
    Mirror,
}

/// `--labels`.
#[derive(Clone, Copy, ValueEnum)]
enum LabelsArg {
    Folders,
    Categories,
}

/// `--keywords`.
#[derive(Clone, Copy, ValueEnum)]
enum KeywordsArg {
    Keep,
    Categories,
}

/// `--order`.
#[derive(Clone, Copy, ValueEnum)]
enum OrderArg {
    Oldest,
    Newest,
}

/// `--pass`.
#[derive(Clone, Copy, ValueEnum)]
pub enum PassArg {
    /// A few messages of each folder
    Trial,
    /// Old mail while users still work at the source
    Prestage,
    /// What is new or changed
    Delta,
    /// The last delta, at cutover
    Final,
    /// What was skipped or failed
    Retry,
}

impl PassArg {
    /// The engine's word.
    pub(super) fn kind(pass: Option<PassArg>) -> PassKind {
        match pass {
            None => PassKind::Auto,
            Some(PassArg::Trial) => PassKind::Trial,
            Some(PassArg::Prestage) => PassKind::PreStage,
            Some(PassArg::Delta) => PassKind::Delta,
            Some(PassArg::Final) => PassKind::Final,
            Some(PassArg::Retry) => PassKind::Retry,
        }
    }
}

impl MailArgs {
    /// The engine's options.
    ///
    /// # Errors
    /// Two options contradict each other.
    pub(super) fn options(self, pass: Option<PassArg>) -> Result<Options> {
        let content = self.content;
        let draft = Draft {
            folders: self.folder,
            exclude: self.exclude,
            map: self.map.into_iter().map(|Mapping(from, to)| (from, to)).collect(),
            since: self.since,
            before: self.before,
            max_size: self.max_size,
            order: match self.order {
                OrderArg::Oldest => Order::Oldest,
                OrderArg::Newest => Order::Newest,
            },
            deletions: match self.deletions {
                DeletionsArg::Keep => Deletions::Keep,
                DeletionsArg::Mirror => Deletions::Mirror { approved: self.approve_deletions },
            },
            skip_deleted: matches!(self.deleted, DeletedArg::Skip),
            labels: match self.labels {
                LabelsArg::Folders => Labels::Folders,
                LabelsArg::Categories => Labels::Categories,
            },
            keywords: match self.keywords {
                KeywordsArg::Keep => Keywords::Keep,
                KeywordsArg::Categories => Keywords::Categories,
            },
            connections: self.connections,
            no_verify: self.no_verify,
        };
        let options = draft.build().map_err(|(key, what)| Error::usage(format!("--{key}: {what}.")))?;
        let verify = if content { VerifyLevel::Content } else { options.verify };
        Ok(Options { pass: PassArg::kind(pass), verify, ..options })
    }
}
