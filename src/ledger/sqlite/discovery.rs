//! Discovery: what is known under a namespace, and what a listing changes.

use rusqlite::{Connection, OptionalExtension, Row, Statement, params};

use super::{
    fault::Fault,
    folders,
    pairs::Held,
    values::{Columns, date_columns, signed},
};
use crate::{
    error::Error,
    ledger::{Discovered, FolderId, Known, NewRow, RowId},
    limits,
    model::MessageKey,
};

const KNOWN: &str =
    "SELECT id, source_id, version, state, flags, gone, in_scope, size, received_at, received_offset FROM placement";

/// A page of messages under (namespace, epoch), ascending by id and version.
pub(super) fn known(
    connection: &Connection,
    pair: i64,
    (name, epoch): (&[u8], u64),
    after: Option<(Vec<u8>, Vec<u8>)>,
) -> Result<Vec<Known>, Fault> {
    let Some(namespace) = find_namespace(connection, pair, name, epoch)? else { return Ok(Vec::new()) };
    let sql = format!(
        "{KNOWN} WHERE namespace = ?1 AND (source_id, version) > (?2, ?3) ORDER BY source_id, version LIMIT {}",
        limits::LEDGER_PAGE
    );
    // No id is empty, so the empty one stands before all.
    let (id, version) = after.unwrap_or_default();
    let page = connection
        .prepare_cached(&sql)?
        .query_map(params![namespace, id, version], read_known)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(page)
}

/// The rows of these ids under (namespace, epoch).
pub(super) fn known_ids(
    connection: &Connection,
    pair: i64,
    (name, epoch): (&[u8], u64),
    ids: &[Vec<u8>],
) -> Result<Vec<Known>, Fault> {
    let Some(namespace) = find_namespace(connection, pair, name, epoch)? else { return Ok(Vec::new()) };
    let mut select = connection.prepare_cached(&format!("{KNOWN} WHERE namespace = ?1 AND source_id = ?2"))?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        for row in select.query_map(params![namespace, id], read_known)? {
            found.push(row?);
        }
    }
    Ok(found)
}

/// In the order of [`KNOWN`].
fn read_known(row: &Row<'_>) -> rusqlite::Result<Known> {
    let mut next = Columns::of(row);
    Ok(Known {
        row: next.plain()?,
        id: next.plain()?,
        version: next.plain()?,
        state: next.get()?,
        flags: next.get()?,
        gone: next.plain()?,
        in_scope: next.plain()?,
        size: next.get()?,
        received_at: next.date()?,
    })
}

/// Applies one step of discovery; the cursor comes with the last.
pub(super) fn apply(connection: &Connection, held: &Held, folder: FolderId, found: &Discovered) -> Result<(), Fault> {
    folders::require(connection, held, folder)?;
    insert_new(connection, held, folder, &found.new)?;
    let mut flags = connection.prepare_cached("UPDATE placement SET flags = ?3 WHERE id = ?1 AND pair = ?2")?;
    for (row, now) in &found.flags {
        one(&mut flags, params![row, held.pair, now.encode()], *row)?;
    }
    let mut dates = connection.prepare_cached(
        "UPDATE placement SET received_at = CASE WHEN received_offset IS NULL THEN ?3 ELSE received_at END,
             received_offset = coalesce(received_offset, ?4)
         WHERE id = ?1 AND pair = ?2",
    )?;
    for (row, date) in &found.dates {
        let (received_at, offset) = date_columns(Some(*date));
        one(&mut dates, params![row, held.pair, received_at, offset], *row)?;
    }
    let mut gone = connection.prepare_cached("UPDATE placement SET gone = 1 WHERE id = ?1 AND pair = ?2")?;
    for row in &found.gone {
        one(&mut gone, params![row, held.pair], *row)?;
    }
    let mut scope = connection.prepare_cached("UPDATE placement SET in_scope = ?3 WHERE id = ?1 AND pair = ?2")?;
    for (row, in_scope) in &found.scope {
        one(&mut scope, params![row, held.pair, in_scope], *row)?;
    }
    match &found.end {
        Some((cursor, epoch, count)) => end(connection, folder, (cursor, *epoch, *count)),
        None => Ok(()),
    }
}

fn insert_new(connection: &Connection, held: &Held, folder: FolderId, new: &[NewRow]) -> Result<(), Fault> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO placement (pair, folder, namespace, source_id, version, state, in_scope, size, received_at,
             received_offset, flags, content, fingerprint)
         VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (namespace, source_id, version) DO NOTHING",
    )?;
    // Not an upsert: that would keep a copy of every page for each row, to undo the row alone. What comes back after it vanished (state 6)
    // or after mirroring removed it is copied once more.
    let mut back = connection.prepare_cached(
        "UPDATE placement SET gone = 0, folder = ?1,
             state = CASE WHEN state = 6 OR removed <> 0 THEN 0 ELSE state END,
             target_uid = CASE WHEN state = 6 OR removed <> 0 THEN NULL ELSE target_uid END,
             item = CASE WHEN state = 6 OR removed <> 0 THEN NULL ELSE item END,
             categories = CASE WHEN state = 6 OR removed <> 0 THEN NULL ELSE categories END,
             asked_categories = CASE WHEN state = 6 OR removed <> 0 THEN NULL ELSE asked_categories END,
             their_categories = CASE WHEN state = 6 OR removed <> 0 THEN NULL ELSE their_categories END, removed = 0
         WHERE namespace = ?2 AND source_id = ?3 AND version = ?4
             AND (gone <> 0 OR folder <> ?1 OR state = 6)",
    )?;
    let mut latest: Option<(&MessageKey, i64)> = None;
    for row in new {
        let namespace = match latest {
            Some((key, namespace)) if same_namespace(key, &row.key) => namespace,
            _ => intern_namespace(connection, held.pair, &row.key)?,
        };
        latest = Some((&row.key, namespace));
        let (received_at, offset) = date_columns(row.received_at);
        let inserted = insert.execute(params![
            held.pair,
            folder,
            namespace,
            row.key.id,
            row.key.version,
            row.in_scope,
            signed(row.size),
            received_at,
            offset,
            row.flags.encode(),
            row.content.as_ref().map(|content| &content.0),
            row.fingerprint.map(|print| print.0)
        ])?;
        if inserted == 0 {
            back.execute(params![folder, namespace, row.key.id, row.key.version])?;
        }
    }
    Ok(())
}

fn end(
    connection: &Connection,
    folder: FolderId,
    (cursor, epoch, count): (&[u8], u64, Option<u64>),
) -> Result<(), Fault> {
    connection
        .prepare_cached("UPDATE folder SET cursor = ?2, epoch = ?3, count = ?4 WHERE id = ?1")?
        .execute(params![folder, cursor, signed(epoch), count.map(signed)])?;
    Ok(())
}

/// Executes an update that must hit its row.
pub(super) fn one(statement: &mut Statement<'_>, params: impl rusqlite::Params, row: RowId) -> Result<(), Fault> {
    match statement.execute(params)? {
        1 => Ok(()),
        _ => Err(Error::bug(format!("row {row} is not in the pair's ledger")).into()),
    }
}

fn same_namespace(a: &MessageKey, b: &MessageKey) -> bool {
    a.epoch == b.epoch && a.namespace == b.namespace
}

fn find_namespace(connection: &Connection, pair: i64, name: &[u8], epoch: u64) -> Result<Option<i64>, Fault> {
    let found = connection
        .prepare_cached("SELECT id FROM namespace WHERE pair = ?1 AND name = ?2 AND epoch = ?3")?
        .query_row(params![pair, name, signed(epoch)], |row| row.get(0))
        .optional()?;
    Ok(found)
}

/// The number of a key's namespace, made where it is new.
pub(super) fn intern_namespace(connection: &Connection, pair: i64, key: &MessageKey) -> Result<i64, Fault> {
    if let Some(found) = find_namespace(connection, pair, &key.namespace, key.epoch)? {
        return Ok(found);
    }
    connection.prepare_cached("INSERT INTO namespace (pair, name, epoch) VALUES (?1, ?2, ?3)")?.execute(params![
        pair,
        key.namespace,
        signed(key.epoch)
    ])?;
    Ok(connection.last_insert_rowid())
}
