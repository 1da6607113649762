//! `mailhaul man`: the manual page, or one page per command into a directory.

use std::path::PathBuf;

use clap::CommandFactory;
use clap_mangen::Man;

use crate::{
    cli::{args::Args, errors, face::Face},
    error::Result,
    project::outcome::Ending,
};

/// Print the manual page
#[derive(clap::Args)]
pub struct ManArgs {
    /// Write mailhaul.1 and a page for each command there instead
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &ManArgs, face: &Face) -> Result<Ending> {
    let failed = |error| errors::machine("the manual page cannot be written", error);
    match &args.out {
        Some(directory) => {
            std::fs::create_dir_all(directory).map_err(failed)?;
            clap_mangen::generate_to(Args::command(), directory).map_err(failed)?;
        }
        None => {
            let mut page = Vec::new();
            Man::new(Args::command()).render(&mut page).map_err(failed)?;
            face.text(&String::from_utf8_lossy(&page))?;
        }
    }
    Ok(Ending::Done)
}
