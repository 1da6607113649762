//! Reading rows: a page of row numbers by one walk, then each row by its number.

use rusqlite::{Connection, Row as SqlRow, params_from_iter};

use super::{
    fault::Fault,
    places,
    values::{date, get, opt, place, reason},
    walk::Walk,
};
use crate::{
    ledger::{Row, RowId, RowQuery},
    model::{FolderName, Mark, MessageKey},
};

/// The rows that a query asks for, at most a page.
pub(super) fn page(connection: &Connection, pair: i64, query: &RowQuery) -> Result<Vec<Row>, Fault> {
    let target = match &query.target_folder {
        Some(name) => match places::find_for(connection, pair, name)? {
            Some(folder) => Some(folder),
            None => return Ok(Vec::new()),
        },
        None => None,
    };
    let walk = Walk::of(pair, query, target);
    let ids = connection
        .prepare_cached(&walk.sql)?
        .query_map(params_from_iter(&walk.values), |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<RowId>>>()?;
    let mut select = connection.prepare_cached(
        "SELECT r.*, n.name AS namespace_name, n.epoch, t.name AS target_name FROM placement r
         JOIN namespace n ON n.id = r.namespace LEFT JOIN target_folder t ON t.id = r.target_folder WHERE r.id = ?1",
    )?;
    let rows = ids.iter().map(|id| select.query_row([id], read)).collect::<rusqlite::Result<_>>()?;
    Ok(rows)
}

fn read(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        id: row.get("id")?,
        folder: row.get("folder")?,
        key: MessageKey {
            namespace: row.get("namespace_name")?,
            epoch: get(row, "epoch")?,
            id: row.get("source_id")?,
            version: row.get("version")?,
        },
        state: get(row, "state")?,
        size: get(row, "size")?,
        received_at: date(row)?,
        flags: get(row, "flags")?,
        applied: get(row, "applied")?,
        in_scope: row.get("in_scope")?,
        gone: row.get("gone")?,
        body_hash: opt(row, "body_hash")?,
        fingerprint: opt(row, "fingerprint")?,
        sent_size: opt(row, "sent_size")?,
        mark: row.get::<_, Option<_>>("mark")?.map(Mark),
        rung: row.get("rung")?,
        repairs: row.get("repairs")?,
        target_folder: row.get::<_, Option<_>>("target_name")?.map(FolderName),
        target: place(row)?,
        missing_at_target: row.get("missing")?,
        removed: row.get("removed")?,
        possibly_doubled: row.get("doubled")?,
        reason: reason(row, "reason_code", "reason_words")?,
    })
}
