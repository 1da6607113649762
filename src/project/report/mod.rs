//! The report of a run, in every form: one JSON document, CSV files for spreadsheets, one HTML page for people.
//!
//! All forms show the same [`RunReport`]; nothing is counted here, every figure comes from the ledger's tallies.
//! `RequiresAttention.csv` keeps the columns of product.md E3; a field that a spreadsheet would run as a formula is
//! disarmed.

mod attention;
mod html;
mod items;
mod sheet;
mod summary;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::Serialize;

use crate::{
    error::{Code, Disposition, Error, Result, Scope, Side},
    project::outcome::run_outcome,
    transfer::{MailboxReport, Outcome},
};

pub use items::Item;

/// A run at its end: the JSON document of `copy --json` and `run --json`.
#[derive(Clone, Debug, Serialize)]
pub struct RunReport {
    /// The worst mailbox's outcome.
    pub outcome: Outcome,
    /// `first`, `delta`, `trial`, …
    pub pass: String,
    /// How long it took.
    pub seconds: f64,
    /// One for each mailbox.
    pub mailboxes: Vec<MailboxReport>,
}

impl RunReport {
    /// The report of `mailboxes`.
    pub fn new(pass: impl Into<String>, seconds: f64, mailboxes: Vec<MailboxReport>) -> Self {
        let seconds = (seconds * 1000.0).round() / 1000.0;
        RunReport { outcome: run_outcome(&mailboxes), pass: pass.into(), seconds, mailboxes }
    }
}

/// What a report says of a mailbox besides its counts.
#[derive(Clone, Debug, Default)]
pub struct Setting {
    /// Its batch; empty for `copy`.
    pub batch: String,
    /// The pair's number in the ledger.
    pub pair: i64,
    /// What the source mailbox is, where the user file says.
    pub kind: String,
    /// When its latest pass began (Unix seconds).
    pub started: i64,
}

/// A mailbox with its setting.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where it belongs.
    pub setting: Setting,
    /// What its latest pass told.
    pub report: MailboxReport,
}

/// Everything the report files tell.
#[derive(Clone, Debug)]
pub struct Files {
    /// The project's name.
    pub project: String,
    /// When the report was made, in words.
    pub made: String,
    /// The mailboxes.
    pub entries: Vec<Entry>,
    /// The messages that did not arrive as they were.
    pub items: Vec<Item>,
}

impl Files {
    /// Writes all files into `directory` and returns their paths. Each appears whole or not at all.
    ///
    /// # Errors
    /// The directory or its disk cannot be written.
    pub fn write(&self, directory: &Path) -> Result<Vec<PathBuf>> {
        fs::create_dir_all(directory).map_err(|error| unwritable(directory, error))?;
        let run = RunReport::new("latest", 0.0, self.entries.iter().map(|entry| entry.report.clone()).collect());
        let files: [(&str, io::Result<Vec<u8>>); 5] = [
            ("Summary.csv", summary::csv(&self.entries)),
            ("Items.csv", items::csv(&self.items)),
            ("RequiresAttention.csv", attention::csv(&self.project, &self.entries)),
            ("report.json", serde_json::to_vec_pretty(&run).map_err(io::Error::from)),
            ("report.html", Ok(html::page(self).into_bytes())),
        ];
        let written = files.into_iter().map(|(name, bytes)| {
            let path = directory.join(name);
            bytes.and_then(|bytes| replace(&path, &bytes)).map_err(|error| unwritable(&path, error))?;
            Ok(path)
        });
        written.collect()
    }
}

/// Writes beside the old file and then takes its place, so that a reader never sees half of one.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn unwritable(path: &Path, error: io::Error) -> Error {
    let subject = format!("{}: {error}", path.display());
    Error::new(Code::Disk, Side::System, Scope::Run, Disposition::NeedsPerson, subject).with_source(error)
}

#[cfg(test)]
mod tests;
