//! `Items.csv`: every message that did not arrive as it was, with the words of the side that decided.

use std::path::Path;

use super::{
    sheet::{self, Sheet},
    unwritable,
};
use crate::{
    error::Result,
    ledger::{FolderId, Ledger, Row, RowQuery},
    model::RowState,
    project::standing::Standing,
    transfer::Counts,
};

const HEADER: [&str; 9] = ["Source", "Target", "Folder", "Uid", "Outcome", "Code", "Reason", "Bytes", "ReceivedUtc"];

/// Writes `Items.csv` a page of rows at a time: a mailbox may have a million of them.
///
/// # Errors
/// The ledger cannot be read or the file not written.
pub(super) async fn write(path: &Path, ledger: &dyn Ledger, standings: &[Standing]) -> Result<()> {
    let mut sheet = Sheet::create(path, HEADER).map_err(|error| unwritable(path, error))?;
    for standing in standings {
        let Some(pair) = standing.pair else { continue };
        for folder in ledger.folders(pair).await? {
            let name = folder.path.to_string();
            for mut query in queries(folder.id, &standing.counts) {
                loop {
                    let page = ledger.rows(pair, query.clone()).await?;
                    let Some(last) = page.last() else { break };
                    query.after = Some(last.id);
                    for row in page.iter().filter(|row| is_exception(row)) {
                        sheet.add(cells(standing, &name, row)).map_err(|error| unwritable(path, error))?;
                    }
                }
            }
        }
    }
    sheet.finish().map_err(|error| unwritable(path, error))
}

/// Which rows of a folder to look at: those that did not arrive, and the arrived ones only if something is to be found among them.
fn queries(folder: FolderId, counts: &Counts) -> [RowQuery; 2] {
    use RowState::*;
    let here = || RowQuery { folder: Some(folder), ..RowQuery::default() };
    let in_scope = |states: Vec<RowState>| RowQuery { states, in_scope: Some(true), ..here() };
    let arrived = if counts.repaired + counts.missing_at_target > 0 {
        in_scope(vec![Copied, AlreadyPresent])
    } else {
        RowQuery { possibly_doubled: Some(true), ..here() }
    };
    [in_scope(vec![Skipped, Failed, Vanished, Listed, Intended]), arrived]
}

fn is_exception(row: &Row) -> bool {
    let arrived = matches!(row.state, RowState::Copied | RowState::AlreadyPresent);
    !arrived || !row.repairs.is_empty() || row.missing_at_target || row.possibly_doubled
}

fn outcome(row: &Row) -> &'static str {
    match row.state {
        RowState::Skipped => "skipped",
        RowState::Failed => "failed",
        RowState::Vanished => "vanished",
        RowState::Listed | RowState::Intended => "unexplained",
        RowState::Copied | RowState::AlreadyPresent if row.removed_by_user => "removed by its user",
        RowState::Copied | RowState::AlreadyPresent if row.missing_at_target => "missing at target",
        RowState::Copied | RowState::AlreadyPresent if row.possibly_doubled => "possibly doubled",
        RowState::Copied | RowState::AlreadyPresent => "repaired",
    }
}

fn cells(standing: &Standing, folder: &str, row: &Row) -> [String; HEADER.len()] {
    let words = row.reason.as_ref().map(|reason| reason.words.clone()).unwrap_or_else(|| row.repairs.clone());
    [
        standing.source.clone(),
        standing.target.clone(),
        folder.to_owned(),
        source_id(&row.key.id),
        outcome(row).to_owned(),
        row.reason.as_ref().map(|reason| reason.code.stem().to_owned()).unwrap_or_default(),
        words,
        row.size.to_string(),
        row.received_at.map(|received| sheet::utc(received.unix)).unwrap_or_default(),
    ]
}

/// The source's id in words: an IMAP UID is four bytes, other ids are text.
fn source_id(id: &[u8]) -> String {
    match <[u8; 4]>::try_from(id) {
        Ok(uid) => u32::from_be_bytes(uid).to_string(),
        Err(_) => String::from_utf8_lossy(id).into_owned(),
    }
}
