//! Corrections of what is known about rows, and merges of two rows that turn out to be one message.

use rusqlite::{Connection, OptionalExtension, ToSql, params};

use super::{
    discovery::{intern_namespace, one},
    fault::Fault,
    folders,
    pairs::Held,
    places,
    values::signed,
};
use crate::{
    error::Error,
    ledger::{Correction, FolderId, RowId},
    model::{FolderName, MessageKey, RowState, TargetUid},
};

/// Applies corrections in order. Places are emptied first, so that a batch may permute UIDs.
pub(super) fn apply(connection: &Connection, held: &Held, corrections: &[Correction]) -> Result<(), Fault> {
    for correction in corrections {
        if let Correction::Place(row, ..) = correction {
            set(connection, held, *row, "target_uid", None::<u32>)?;
        }
    }
    corrections.iter().try_for_each(|correction| learn(connection, held, correction))
}

fn learn(connection: &Connection, held: &Held, correction: &Correction) -> Result<(), Fault> {
    match correction {
        Correction::Place(row, folder, at) => place(connection, held, *row, folder, *at),
        Correction::Rekey(row, folder, key) => rekey(connection, held, *row, *folder, key),
        Correction::Applied(row, flags) => {
            set(connection, held, *row, "applied", flags.encode())?;
            set(connection, held, *row, "updated_pass", held.pass)
        }
        Correction::Renewed(row, hash, fingerprint, size) => {
            set(connection, held, *row, "body_hash", hash.0)?;
            set(connection, held, *row, "fingerprint", fingerprint.0)?;
            set(connection, held, *row, "sent_size", signed(*size))?;
            set(connection, held, *row, "updated_pass", held.pass)
        }
        Correction::Evidence(row, fingerprint) => set(connection, held, *row, "fingerprint", fingerprint.0),
        Correction::Missing(row, missing) => set(connection, held, *row, "missing", missing),
        Correction::RemovedByUser(row) => set(connection, held, *row, "missing", 2),
        Correction::Removed(row) => set(connection, held, *row, "removed", true),
        Correction::Categories { row, item, names, theirs } => {
            set(connection, held, *row, "item", item)?;
            set(connection, held, *row, "categories", list(names))?;
            set(connection, held, *row, "their_categories", list(theirs))?;
            set(connection, held, *row, "asked_categories", None::<String>)
        }
        Correction::CategoriesAsked { row, names, theirs } => {
            set(connection, held, *row, "their_categories", list(theirs))?;
            set(connection, held, *row, "asked_categories", list(names))
        }
        Correction::PossiblyDoubled(row) => set(connection, held, *row, "doubled", true),
    }
}

/// Names as a JSON array; none is NULL.
fn list(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| serde_json::Value::from(names).to_string())
}

/// Sets one column of one row of the pair.
fn set(connection: &Connection, held: &Held, row: RowId, column: &str, value: impl ToSql) -> Result<(), Fault> {
    let sql = format!("UPDATE placement SET {column} = ?3 WHERE id = ?1 AND pair = ?2");
    let mut update = connection.prepare_cached(&sql)?;
    one(&mut update, params![row, held.pair, value], row)
}

fn place(
    connection: &Connection,
    held: &Held,
    row: RowId,
    folder: &FolderName,
    at: Option<TargetUid>,
) -> Result<(), Fault> {
    let folder = places::intern(connection, held, folder)?;
    let changed = connection
        .prepare_cached("UPDATE placement SET target_folder = ?2, target_validity = ?3, target_uid = ?4 WHERE id = ?1")?
        .execute(params![row, folder, at.map(|at| at.validity), at.map(|at| at.uid)]);
    places::refuse_second_claim(changed, row).map(drop)
}

/// Gives a row another identity at the source. A row that holds it already tells what the source says now, and goes; so
/// does one that was intended, for a move at the target is intended under the new identity and its outcome is the kept
/// row's new place.
fn rekey(connection: &Connection, held: &Held, row: RowId, folder: FolderId, key: &MessageKey) -> Result<(), Fault> {
    folders::require(connection, held, folder)?;
    let namespace = intern_namespace(connection, held.pair, key)?;
    let holder: Option<RowId> = connection
        .prepare_cached("SELECT id FROM placement WHERE namespace = ?1 AND source_id = ?2 AND version = ?3")?
        .query_row(params![namespace, key.id, key.version], |found| found.get(0))
        .optional()?;
    if let Some(holder) = holder.filter(|holder| *holder != row) {
        merge(connection, holder, row, &[RowState::Copied, RowState::AlreadyPresent])?;
    }
    let mut update = connection.prepare_cached(
        "UPDATE placement SET namespace = ?3, source_id = ?4, version = ?5, gone = 0, folder = ?6,
             moved_pass = CASE WHEN folder <> ?6 THEN ?7 ELSE moved_pass END
         WHERE id = ?1 AND pair = ?2",
    )?;
    one(&mut update, params![row, held.pair, namespace, key.id, key.version, folder, held.pass], row)
}

/// Takes over what the source says of `absorbed` and removes that row.
///
/// A row in one of the states `with_a_message` has a message of its own at the target and cannot be absorbed.
fn merge(connection: &Connection, absorbed: RowId, kept: RowId, with_a_message: &[RowState]) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "UPDATE placement SET (flags, size, received_at, received_offset, in_scope) =
                 (SELECT flags, size, received_at, received_offset, in_scope FROM placement WHERE id = ?1)
             WHERE id = ?2",
        )?
        .execute([absorbed, kept])?;
    let state: i64 = connection
        .prepare_cached("SELECT state FROM placement WHERE id = ?1")?
        .query_row([absorbed], |row| row.get(0))?;
    if with_a_message.iter().any(|own| own.number() == state) {
        return Err(Error::bug(format!("row {absorbed} is at the target itself; it cannot become row {kept}")).into());
    }
    connection.prepare_cached("DELETE FROM placement WHERE id = ?1")?.execute([absorbed])?;
    Ok(())
}

/// Moves the keys of namespace `old` to the name `new`, in every epoch. Rows that hold such a key already are merged.
pub(super) fn rename_namespace(connection: &Connection, held: &Held, old: &[u8], new: &[u8]) -> Result<(), Fault> {
    let twins: Vec<(i64, i64)> = connection
        .prepare_cached(
            "SELECT k.id, a.id FROM namespace k JOIN namespace a ON a.pair = k.pair AND a.name = ?3 AND a.epoch = k.epoch
             WHERE k.pair = ?1 AND k.name = ?2",
        )?
        .query_map(params![held.pair, old, new], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (kept, absorbed) in twins {
        merge_namespaces(connection, kept, absorbed)?;
    }
    connection
        .prepare_cached("UPDATE namespace SET name = ?3 WHERE pair = ?1 AND name = ?2")?
        .execute(params![held.pair, old, new])?;
    Ok(())
}

fn merge_namespaces(connection: &Connection, kept: i64, absorbed: i64) -> Result<(), Fault> {
    let mut twins = connection.prepare_cached(
        "SELECT a.id, k.id FROM placement a JOIN placement k
             ON k.namespace = ?1 AND k.source_id = a.source_id AND k.version = a.version
         WHERE a.namespace = ?2 LIMIT 1",
    )?;
    while let Some((absorbed, kept)) =
        twins.query_row([kept, absorbed], |row| Ok((row.get(0)?, row.get(1)?))).optional()?
    {
        merge(connection, absorbed, kept, &[RowState::Intended, RowState::Copied, RowState::AlreadyPresent])?;
    }
    connection.prepare_cached("UPDATE placement SET namespace = ?1 WHERE namespace = ?2")?.execute([kept, absorbed])?;
    connection.prepare_cached("DELETE FROM namespace WHERE id = ?1")?.execute([absorbed])?;
    Ok(())
}
