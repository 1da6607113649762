//! The command line: one file per command, and around them arguments, progress, logs, errors and the exit code.
//!
//! Standard output carries the answer and nothing else: a text or, with `--json`, one document. Progress, notes and logs
//! go to standard error. This is the only module that prints. It holds passwords as short as it can and shows none: clap's
//! own errors are cleaned of URLs before anybody sees them.

mod args;
mod commands;
mod errors;
mod face;
mod interrupt;
mod keys;
mod logging;
mod passwords;
mod progress;

use std::{process::ExitCode, time::Duration};

use clap::Parser;

use crate::project::outcome::Ending;
use args::Args;
use face::Face;

/// How long work that was dropped may go on in threads of its own before the process ends anyway.
const SHUTDOWN: Duration = Duration::from_secs(2);

/// Runs the command line of this process and returns its exit code.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return errors::show_clap(&error),
    };
    ExitCode::from(run(args).exit_code())
}

fn run(args: Args) -> Ending {
    let face = Face::new(&args.global);
    let outcome = logging::start(&args.global, face.bars()).and_then(|()| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|error| errors::machine("the runtime cannot start", error))?;
        let outcome = runtime.block_on(commands::run(args.command, &face));
        runtime.shutdown_timeout(SHUTDOWN);
        outcome
    });
    outcome.unwrap_or_else(|error| {
        face.fail(&error);
        Ending::of_error(&error)
    })
}
