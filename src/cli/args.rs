//! The arguments that all commands share, and the list of commands.

use std::path::PathBuf;

use clap::{ArgAction, Parser, ValueEnum};

use super::commands::Command;

/// Copies mailboxes from IMAP servers to Microsoft 365 or any IMAP server: exact, resumable, fast.
///
/// One mailbox:    mailhaul copy --from imaps://USER@HOST --to imaps://USER@HOST
/// A company:      mailhaul init, then check, plan and run
/// To look first:  mailhaul demo
#[derive(Parser)]
#[command(name = "mailhaul", version, verbatim_doc_comment, max_term_width = 110, after_help = EXIT_CODES)]
pub struct Args {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
    0  everything in scope arrived (and is verified, unless --no-verify)
    1  failed                     2  wrong command line or configuration
    3  finished, but something was skipped or failed
   10  the source refused every login
   11  the target refused every login
   12  another process writes to this ledger
  130  stopped; the same command goes on";

/// Options that every command takes.
#[derive(clap::Args)]
pub struct Global {
    /// The project's configuration [default: mailhaul.toml]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub config: Option<PathBuf>,
    /// The ledger, as sqlite:FILE [default: mailhaul.db beside the configuration]
    #[arg(long, global = true, value_name = "URL", help_heading = "Global options")]
    pub store: Option<String>,
    /// Print one JSON document on standard output and nothing else there
    #[arg(long, global = true, help_heading = "Global options")]
    pub json: bool,
    /// Show no progress
    #[arg(long, global = true, help_heading = "Global options")]
    pub no_progress: bool,
    /// Print the answer and errors only
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Global options")]
    pub quiet: bool,
    /// Log more to standard error (twice: even more)
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Global options")]
    pub verbose: u8,
    /// Log to this file too
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub log_file: Option<PathBuf>,
    /// The form of the logs
    #[arg(long, global = true, value_name = "FORM", default_value = "text", help_heading = "Global options")]
    pub log_format: LogFormat,
}

/// The form of the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line per event for people
    Text,
    /// A JSON object per line for programs
    Json,
}
