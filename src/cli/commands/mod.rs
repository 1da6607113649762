//! The commands, one file each.

mod answer;
mod check;
mod completions;
mod copy;
mod demo;
mod init;
mod lab;
mod login;
mod man;
mod options;
mod pass;
mod plan;
mod report;
mod reset;
mod run;
mod scope;
mod secrets;
mod status;
mod verify;

use clap::Subcommand;

use super::face::Face;
use crate::{error::Result, project::outcome::Ending};

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    Demo(demo::DemoArgs),
    Copy(Box<copy::CopyArgs>),
    Init(init::InitArgs),
    Check(check::CheckArgs),
    Plan(plan::PlanArgs),
    Run(run::RunArgs),
    /// Tell where everything stands; works beside a running pass
    Status,
    Verify(verify::VerifyArgs),
    Report(report::ReportArgs),
    Lab(lab::LabArgs),
    Login(login::LoginArgs),
    Secrets(secrets::SecretsArgs),
    Reset(reset::ResetArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// Does it.
///
/// # Errors
/// What stopped the command as a whole; what stops one mailbox is in that mailbox's report.
pub async fn run(command: Command, face: &Face) -> Result<Ending> {
    match command {
        Command::Copy(args) => copy::run(*args, face).await,
        Command::Demo(args) => demo::run(&args, face).await,
        Command::Init(args) => init::run(&args, face),
        Command::Check(args) => check::run(&args, face).await,
        Command::Plan(args) => plan::run(&args, face).await,
        Command::Run(args) => run::run(&args, face).await,
        Command::Status => status::run(face).await,
        Command::Verify(args) => verify::run(&args, face).await,
        Command::Report(args) => report::run(&args, face).await,
        Command::Lab(args) => lab::run(&args, face).await,
        Command::Login(args) => login::run(&args, face).await,
        Command::Secrets(args) => secrets::run(&args, face).await,
        Command::Reset(args) => reset::run(&args, face).await,
        Command::Completions(args) => completions::run(&args, face),
        Command::Man(args) => man::run(&args, face),
    }
}
