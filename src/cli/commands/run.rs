//! `mailhaul run`: a pass over the project's mailbox pairs.

use super::{options::PassArg, pass, scope::ScopeArgs};
use crate::{cli::face::Face, error::Result, project::outcome::Ending, transfer::Deletions};

/// Run a pass over the mailbox pairs; the same command again resumes
#[derive(clap::Args)]
pub struct RunArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    /// Which pass [default: a delta where a pass has finished, else the first]
    #[arg(long, value_name = "PASS")]
    pass: Option<PassArg>,
    /// Where a policy mirrors deletions: also if more than 5 % or 100 messages of a mailbox would go
    #[arg(long)]
    approve_deletions: bool,
}

pub(super) async fn run(args: &RunArgs, face: &Face) -> Result<Ending> {
    let project = args.scope.project(face).await?;
    let mut pairs = pass::with_pass(project.pairs.clone(), PassArg::kind(args.pass));
    for pair in &mut pairs {
        if let Deletions::Mirror { approved } = &mut pair.options.deletions {
            *approved = args.approve_deletions;
        }
    }
    let ending = pass::run(face, &project.store, pairs).await?;
    project.wipe_due(face).await;
    Ok(ending)
}
