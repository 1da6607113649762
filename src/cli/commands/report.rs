//! `mailhaul report --out DIR`: the report files. It only reads, so it works beside a running pass.

use std::path::PathBuf;

use serde_json::json;

use super::scope;
use crate::{
    cli::face::Face,
    error::Result,
    project::{outcome::Ending, report, standing},
};

/// Write the report files
#[derive(clap::Args)]
pub struct ReportArgs {
    /// Into this directory
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) async fn run(args: &ReportArgs, face: &Face) -> Result<Ending> {
    let project = scope::project_or_ledger(face).await?;
    let ledger = project.store.open_read_only()?;
    let standings = standing::all(&*ledger, &project.pairs).await?;
    let paths = report::write_files(&args.out, &project.name, &*ledger, standings).await?;
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    face.answer(&json!({ "files": paths }), || paths.join("\n") + "\n")?;
    Ok(Ending::Done)
}
