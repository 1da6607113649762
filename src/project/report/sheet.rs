//! CSV that is safe to open in a spreadsheet.

use std::{
    borrow::Cow,
    io::{self, Write},
    path::{Path, PathBuf},
};

use chrono::DateTime;
use tempfile::NamedTempFile;

/// A CSV file of `N` columns that appears whole or not at all. Every field goes through [`disarmed`]; a byte order mark tells
/// spreadsheets that it is UTF-8.
pub(super) struct Sheet<const N: usize> {
    path: PathBuf,
    writer: csv::Writer<NamedTempFile>,
}

impl<const N: usize> Sheet<N> {
    /// Begins the file with its header.
    pub(super) fn create(path: &Path, header: [&str; N]) -> io::Result<Self> {
        let mut file = beside(path)?;
        file.write_all("\u{feff}".as_bytes())?;
        let mut writer = csv::Writer::from_writer(file);
        writer.write_record(header)?;
        Ok(Sheet { path: path.to_owned(), writer })
    }

    /// Adds a line.
    pub(super) fn add(&mut self, row: [String; N]) -> io::Result<()> {
        Ok(self.writer.write_record(row.iter().map(|field| disarmed(field).into_owned()))?)
    }

    /// Lets the file take its place.
    pub(super) fn finish(self) -> io::Result<()> {
        let file = self.writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
        file.persist(&self.path).map(drop).map_err(|error| error.error)
    }
}

/// Writes beside the old file and then takes its place, so that a reader never sees half of one.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = beside(path)?;
    file.write_all(bytes)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

fn beside(path: &Path) -> io::Result<NamedTempFile> {
    NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))
}

/// A field that a spreadsheet takes as text: folder names and server replies are written by strangers, and a leading
/// `=`, `+`, `-`, `@`, tab or line break would make a formula of them.
fn disarmed(field: &str) -> Cow<'_, str> {
    match field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        true => format!("'{field}").into(),
        false => field.into(),
    }
}

/// Unix seconds as `2026-11-24T05:46:01Z`; empty for none.
pub(super) fn utc(unix: i64) -> String {
    let date = DateTime::from_timestamp(unix, 0).filter(|_| unix != 0);
    date.map(|date| date.format("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
}
