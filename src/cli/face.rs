//! What the person sees: the answer on standard output, everything else on standard error.

use std::io::{self, IsTerminal, Write};

use indicatif::MultiProgress;
use serde::Serialize;

use super::{args::Global, errors};
use crate::error::{Error, Result};

/// The voice of a command.
#[derive(Clone)]
pub struct Face {
    json: bool,
    quiet: bool,
    progress: bool,
    bars: MultiProgress,
    /// The configuration that was named.
    pub config: Option<std::path::PathBuf>,
    /// The ledger that was named.
    pub store: Option<String>,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressForm {
    /// Bars on a terminal.
    Bars,
    /// A plain line every few seconds.
    Lines,
    /// Not at all.
    None,
}

#[allow(clippy::print_stdout, clippy::print_stderr, reason = "the only place that speaks")]
impl Face {
    /// The voice these options ask for.
    pub fn new(global: &Global) -> Self {
        Face {
            json: global.json,
            quiet: global.quiet,
            progress: !global.no_progress,
            bars: MultiProgress::new(),
            config: global.config.clone(),
            store: global.store.clone(),
        }
    }

    /// Where bars are drawn; whoever else writes to standard error goes through it.
    pub fn bars(&self) -> &MultiProgress {
        &self.bars
    }

    /// Whether the answer is a JSON document.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// How progress is shown.
    pub fn progress_form(&self) -> ProgressForm {
        match (self.progress && !self.quiet, io::stderr().is_terminal()) {
            (false, _) => ProgressForm::None,
            (true, true) => ProgressForm::Bars,
            (true, false) => ProgressForm::Lines,
        }
    }

    /// A note for the person.
    pub fn note(&self, line: &str) {
        if !self.quiet {
            self.bars.suspend(|| eprintln!("{line}"));
        }
    }

    /// What a person must do for the command to go on: also told with `--quiet`.
    pub fn ask(&self, words: &str) {
        self.bars.suspend(|| eprintln!("{words}"));
    }

    /// A warning: also told with `--quiet`.
    pub fn warn(&self, line: &str) {
        self.bars.suspend(|| eprintln!("warning: {line}"));
    }

    /// The answer: as a document with `--json`, else as the text that `words` makes.
    ///
    /// # Errors
    /// Standard output is closed or full.
    pub fn answer<T: Serialize>(&self, document: &T, words: impl FnOnce() -> String) -> Result<()> {
        let text = match self.json {
            true => serde_json::to_string(document).map_err(|error| Error::bug(format!("a document: {error}")))? + "\n",
            false => words(),
        };
        self.text(&text)
    }

    /// Text for standard output.
    ///
    /// # Errors
    /// Standard output is closed or full.
    pub fn text(&self, text: &str) -> Result<()> {
        let mut out = io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(errors::machine("standard output cannot be written", error))
            }
            _ => Ok(()),
        }
    }

    /// The error that ended the command.
    pub fn fail(&self, error: &Error) {
        if self.json {
            // Nobody is left to tell if this fails too.
            let _ = self.text(&format!("{}\n", errors::document(error)));
        }
        self.bars.suspend(|| eprint!("{}", errors::render(error)));
    }
}
