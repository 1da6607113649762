//! `mailhaul completions SHELL`.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::{
    cli::{args::Args, face::Face},
    error::Result,
    project::outcome::Ending,
};

/// Print the completion script of a shell
#[derive(clap::Args)]
pub struct CompletionsArgs {
    /// Which shell
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs, face: &Face) -> Result<Ending> {
    let mut script = Vec::new();
    generate(args.shell, &mut Args::command(), "mailhaul", &mut script);
    face.text(&String::from_utf8_lossy(&script))?;
    Ok(Ending::Done)
}
