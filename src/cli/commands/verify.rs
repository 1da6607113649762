//! `mailhaul verify`: the comparison by itself. Nothing is listed anew and nothing copied.

use super::{pass, scope::ScopeArgs};
use crate::{
    cli::face::Face,
    error::Result,
    project::outcome::Ending,
    transfer::{PassKind, VerifyLevel},
};

/// Compare the target with what was copied
#[derive(clap::Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    /// Read every message back instead of a sample
    #[arg(long)]
    content: bool,
}

pub(super) async fn run(args: &VerifyArgs, face: &Face) -> Result<Ending> {
    let project = args.scope.project(face).await?;
    let mut pairs = pass::with_pass(project.pairs.clone(), PassKind::Verify);
    let level = if args.content { VerifyLevel::Content } else { VerifyLevel::Sample };
    pairs.iter_mut().for_each(|pair| pair.options.verify = level);
    let ending = pass::run(face, &project.store, pairs).await?;
    project.wipe_due(face).await;
    Ok(ending)
}
