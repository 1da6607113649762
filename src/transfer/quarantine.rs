//! Originals of messages that no repair made acceptable, kept as .eml files for a person.

use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use super::run::Run;
use crate::{
    body::Body,
    error::{Code, Disposition, Error, Result, Scope, Side},
    limits,
};

/// Writes `message-ROW.eml` into the quarantine folder, readable by its owner only; the reports name the row.
pub(super) fn keep(run: &Run, row: i64, body: &Body) -> Result<()> {
    keep_as(run, &format!("message-{row}.eml"), body)
}

/// The same as `item-ROW.fts` for the stream of an item, which only the service that exported it reads.
pub(super) fn keep_sealed(run: &Run, row: i64, stream: &Body) -> Result<()> {
    keep_as(run, &format!("item-{row}.fts"), stream)
}

fn keep_as(run: &Run, name: &str, body: &Body) -> Result<()> {
    let Some(place) = &run.options.quarantine else { return Ok(()) };
    write(&place.join(name), body).map_err(|error| {
        let what = format!("the quarantine folder {}", place.display());
        Error::new(Code::Disk, Side::System, Scope::Run, Disposition::NeedsPerson, what).with_source(error)
    })
}

fn write(path: &Path, body: &Body) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let mut offset = 0;
    while offset < body.len() {
        let chunk = body.chunk(offset, limits::SPOOL_CHUNK)?;
        offset += chunk.len() as u64;
        file.write_all(&chunk)?;
    }
    Ok(())
}
