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
    fs, io,
    path::{Path, PathBuf},
};

use serde::Serialize;

use crate::{
    error::{Code, Disposition, Error, Result, Scope, Side},
    ledger::Ledger,
    project::{outcome::run_outcome, standing::Standing},
    transfer::{MailboxReport, Outcome},
};

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

/// A mailbox in the report files: where it stands and what its latest pass told.
struct Entry {
    standing: Standing,
    report: MailboxReport,
}

impl Entry {
    fn pair_id(&self) -> String {
        self.standing.pair.map(|pair| pair.to_string()).unwrap_or_default()
    }
}

/// Writes the report of `standings` into `directory` and returns the files' paths. Each appears whole or not at all.
///
/// # Errors
/// The directory or its disk cannot be written, or the ledger not read.
pub async fn write_files(
    directory: &Path,
    project: &str,
    ledger: &dyn Ledger,
    standings: Vec<Standing>,
) -> Result<Vec<PathBuf>> {
    let path = |name: &str| directory.join(name);
    let failed = |name: &str| {
        let path = path(name);
        move |error| unwritable(&path, error)
    };
    fs::create_dir_all(directory).map_err(failed(""))?;
    items::write(&path("Items.csv"), ledger, &standings).await?;
    let entries: Vec<Entry> =
        standings.into_iter().map(|standing| Entry { report: standing.report(), standing }).collect();

    summary::write(&path("Summary.csv"), &entries).map_err(failed("Summary.csv"))?;
    attention::write(&path("RequiresAttention.csv"), project, &entries).map_err(failed("RequiresAttention.csv"))?;
    let page = html::page(project, &entries);
    sheet::replace(&path("report.html"), page.as_bytes()).map_err(failed("report.html"))?;
    let run = RunReport::new("latest", 0.0, entries.into_iter().map(|entry| entry.report).collect());
    let document = serde_json::to_vec_pretty(&run).map_err(io::Error::from);
    document.and_then(|bytes| sheet::replace(&path("report.json"), &bytes)).map_err(failed("report.json"))?;
    Ok(FILES.map(path).to_vec())
}

/// The report's files, the one for people first.
const FILES: [&str; 5] = ["report.html", "RequiresAttention.csv", "Summary.csv", "Items.csv", "report.json"];

fn unwritable(path: &Path, error: io::Error) -> Error {
    let subject = format!("{}: {error}", path.display());
    Error::new(Code::Disk, Side::System, Scope::Run, Disposition::NeedsPerson, subject).with_source(error)
}

#[cfg(test)]
mod tests;
