//! The commands, one file each.

mod completions;
mod init;
mod man;

use clap::Subcommand;

use super::face::Face;
use crate::{error::Result, project::outcome::Ending};

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    Init(init::InitArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// Does it.
///
/// # Errors
/// What stopped the command as a whole; what stops one mailbox is in that mailbox's report.
pub async fn run(command: Command, face: &Face) -> Result<Ending> {
    match command {
        Command::Init(args) => init::run(&args, face),
        Command::Completions(args) => completions::run(&args, face),
        Command::Man(args) => man::run(&args, face),
    }
}
