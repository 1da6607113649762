//! Reading rows: a page of row numbers by one walk, then each row by its number.

use rusqlite::{Connection, Row as SqlRow, params_from_iter};

use super::{fault::Fault, places, values::Columns, walk::Walk};
use crate::{
    ledger::{Row, RowId, RowQuery},
    model::{ContentId, FolderName, Mark, MessageKey},
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
    let by_date = query.newest_first && is_indexed_by_date(connection)?;
    let walk = Walk::of(pair, query, target, by_date);
    let ids = connection
        .prepare_cached(&walk.sql)?
        .query_map(params_from_iter(&walk.values), |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<RowId>>>()?;
    ids.iter().map(|id| whole(connection, *id)).collect()
}

fn is_indexed_by_date(connection: &Connection) -> Result<bool, Fault> {
    let mut find = connection.prepare_cached("SELECT 1 FROM sqlite_schema WHERE name = 'placement_newest'")?;
    Ok(find.exists([])?)
}

/// One row.
pub(super) fn whole(connection: &Connection, id: RowId) -> Result<Row, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT r.id, r.folder, n.name, n.epoch, source_id, version, state, size, received_at, received_offset, flags, applied,
             in_scope, gone, content, body_hash, fingerprint, sent_size, mark, rung, repairs, t.name, target_validity, target_uid,
             missing <> 0, missing = 2, removed, doubled, reason_code, reason_words
         FROM placement r JOIN namespace n ON n.id = r.namespace LEFT JOIN target_folder t ON t.id = r.target_folder
         WHERE r.id = ?1",
    )?;
    Ok(select.query_row([id], read)?)
}

/// In the order of the SELECT.
fn read(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    let mut next = Columns::of(row);
    Ok(Row {
        id: next.plain()?,
        folder: next.plain()?,
        key: MessageKey { namespace: next.plain()?, epoch: next.get()?, id: next.plain()?, version: next.plain()? },
        state: next.get()?,
        size: next.get()?,
        received_at: next.date()?,
        flags: next.get()?,
        applied: next.get()?,
        in_scope: next.plain()?,
        gone: next.plain()?,
        content: next.plain::<Option<_>>()?.map(ContentId),
        body_hash: next.opt()?,
        fingerprint: next.opt()?,
        sent_size: next.opt()?,
        mark: next.plain::<Option<_>>()?.map(Mark),
        rung: next.plain()?,
        repairs: next.plain()?,
        target_folder: next.plain::<Option<_>>()?.map(FolderName),
        target: next.place()?,
        missing_at_target: next.plain()?,
        removed_by_user: next.plain()?,
        removed: next.plain()?,
        possibly_doubled: next.plain()?,
        reason: next.reason()?,
    })
}
