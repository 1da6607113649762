//! Folders of the source: listed, pinned, renamed.

use rusqlite::{Connection, Row, params};

use super::{
    corrections,
    fault::Fault,
    pairs::Held,
    places,
    values::{get, opt, path_text, reason, reason_columns},
};
use crate::{
    error::Error,
    ledger::{FolderId, FolderListing, FolderRow, PinnedTarget},
    model::{FolderClass, FolderName},
};

/// Records a complete list of folders; what is not in it is not present any more.
pub(super) fn record(connection: &Connection, held: &Held, folders: &[FolderListing]) -> Result<(), Fault> {
    connection.prepare_cached("UPDATE folder SET present = 0 WHERE pair = ?1")?.execute([held.pair])?;
    let mut upsert = connection.prepare_cached(
        "INSERT INTO folder (pair, name, path, role, subscribed, present, skipped_code, skipped_words, class)
         VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8)
         ON CONFLICT (pair, name) DO UPDATE SET path = excluded.path, role = excluded.role, present = 1,
             subscribed = excluded.subscribed, skipped_code = excluded.skipped_code, skipped_words = excluded.skipped_words,
             class = excluded.class",
    )?;
    for folder in folders {
        let (code, words) = reason_columns(folder.skipped.as_ref());
        upsert.execute(params![
            held.pair,
            folder.name.as_bytes(),
            path_text(&folder.path),
            folder.role.map(crate::model::Role::word),
            folder.subscribed,
            code,
            words,
            class_column(&folder.class)
        ])?;
    }
    Ok(())
}

/// Mail is what nobody has to say.
fn class_column(class: &FolderClass) -> Option<&str> {
    (*class != FolderClass::default()).then_some(class.0.as_str())
}

/// Every folder known of a pair.
pub(super) fn list(connection: &Connection, pair: i64) -> Result<Vec<FolderRow>, Fault> {
    let folders = connection
        .prepare_cached(
            "SELECT f.*, t.name AS pin_name FROM folder f LEFT JOIN target_folder t ON t.id = f.pin_folder
             WHERE f.pair = ?1 ORDER BY f.id",
        )?
        .query_map([pair], read)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(folders)
}

fn read(row: &Row<'_>) -> rusqlite::Result<FolderRow> {
    let pin_name = row.get::<_, Option<Vec<u8>>>("pin_name")?.map(FolderName);
    Ok(FolderRow {
        id: row.get("id")?,
        name: FolderName(row.get("name")?),
        path: get(row, "path")?,
        role: opt(row, "role")?,
        class: row.get::<_, Option<String>>("class")?.map(FolderClass).unwrap_or_default(),
        subscribed: row.get("subscribed")?,
        skipped: reason(row, "skipped_code", "skipped_words")?,
        present: row.get("present")?,
        cursor: row.get("cursor")?,
        epoch: opt(row, "epoch")?,
        count: opt(row, "count")?,
        target: opt(row, "pin_path")?.map(|path| PinnedTarget { path, name: pin_name }),
    })
}

/// Pins where a folder goes. A pinned path stays; the wire name is taken only for that same path.
pub(super) fn pin(connection: &Connection, held: &Held, folder: FolderId, target: &PinnedTarget) -> Result<(), Fault> {
    let name = target.name.as_ref().map(|name| places::intern(connection, held, name)).transpose()?;
    let pinned = connection
        .prepare_cached(
            "UPDATE folder SET pin_folder = CASE WHEN ifnull(pin_path, ?3) = ?3 THEN ifnull(?4, pin_folder) ELSE pin_folder END,
                 pin_path = ifnull(pin_path, ?3)
             WHERE id = ?1 AND pair = ?2",
        )?
        .execute(params![folder, held.pair, path_text(&target.path), name])?;
    if pinned == 0 {
        return Err(unknown(folder, held));
    }
    Ok(())
}

/// Gives a folder its new name. The entry that the listing made for that name, if any, is merged into it.
pub(super) fn rename(
    connection: &Connection,
    held: &Held,
    folder: FolderId,
    listing: &FolderListing,
) -> Result<(), Fault> {
    let old: Vec<u8> = connection
        .prepare_cached("SELECT name FROM folder WHERE id = ?1 AND pair = ?2")?
        .query_row([folder, held.pair], |row| row.get(0))
        .map_err(|error| match error {
            rusqlite::Error::QueryReturnedNoRows => unknown(folder, held),
            error => error.into(),
        })?;
    let new = listing.name.as_bytes();
    if old != new {
        corrections::rename_namespace(connection, held, &old, new)?;
        absorb_namesake(connection, held, folder, new)?;
    }
    let (code, words) = reason_columns(listing.skipped.as_ref());
    connection
        .prepare_cached(
            "UPDATE folder SET name = ?2, path = ?3, role = ?4, subscribed = ?5, present = 1, skipped_code = ?6,
                 skipped_words = ?7 WHERE id = ?1",
        )?
        .execute(params![
            folder,
            new,
            path_text(&listing.path),
            listing.role.map(crate::model::Role::word),
            listing.subscribed,
            code,
            words
        ])?;
    Ok(())
}

fn absorb_namesake(connection: &Connection, held: &Held, folder: FolderId, name: &[u8]) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "UPDATE placement SET folder = ?1 WHERE folder = (SELECT id FROM folder WHERE pair = ?2 AND name = ?3)",
        )?
        .execute(params![folder, held.pair, name])?;
    connection.prepare_cached("DELETE FROM folder WHERE pair = ?1 AND name = ?2")?.execute(params![held.pair, name])?;
    Ok(())
}

/// Refuses a folder of another pair, in which rows would be lost.
pub(super) fn require(connection: &Connection, held: &Held, folder: FolderId) -> Result<(), Fault> {
    let ours =
        connection.prepare_cached("SELECT 1 FROM folder WHERE id = ?1 AND pair = ?2")?.exists([folder, held.pair])?;
    if ours { Ok(()) } else { Err(unknown(folder, held)) }
}

fn unknown(folder: FolderId, held: &Held) -> Fault {
    Error::bug(format!("folder {folder} is none of pair {}", held.pair)).into()
}
