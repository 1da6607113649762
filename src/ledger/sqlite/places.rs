//! Target folders: their numbers, their frontiers, and which UIDs answer for a row.

use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};

use super::{
    fault::Fault,
    pairs::Held,
    values::{Columns, get, opt, path_text, signed},
};
use crate::{
    error::Error,
    ledger::{PinnedTarget, Placed, RowId, TargetFolderState},
    limits,
    model::FolderName,
};

/// The number of a folder of the pair's target mailbox, made where it is new.
pub(super) fn intern(connection: &Connection, held: &Held, name: &FolderName) -> Result<i64, Fault> {
    if let Some(found) = find(connection, held.mailbox, name)? {
        return Ok(found);
    }
    connection
        .prepare_cached("INSERT INTO target_folder (mailbox, name) VALUES (?1, ?2)")?
        .execute(params![held.mailbox, name.as_bytes()])?;
    Ok(connection.last_insert_rowid())
}

fn find(connection: &Connection, mailbox: i64, name: &FolderName) -> Result<Option<i64>, Fault> {
    let found = connection
        .prepare_cached("SELECT id FROM target_folder WHERE mailbox = ?1 AND name = ?2")?
        .query_row(params![mailbox, name.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(found)
}

/// The number of a folder of a pair's target mailbox, for readers; `None` where no row names it.
pub(super) fn find_for(connection: &Connection, pair: i64, name: &FolderName) -> Result<Option<i64>, Fault> {
    let found = connection
        .prepare_cached(
            "SELECT t.id FROM pair p JOIN target_folder t ON t.mailbox = p.mailbox AND t.name = ?2 WHERE p.id = ?1",
        )?
        .query_row(params![pair, name.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(found)
}

/// Turns the UNIQUE index's refusal into words: one target message answers for one row.
pub(super) fn refuse_second_claim(changed: rusqlite::Result<usize>, row: RowId) -> Result<usize, Fault> {
    changed.map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => {
            Error::bug(format!("the target message of row {row} answers for another row already ({error})")).into()
        }
        _ => error.into(),
    })
}

/// Which UIDs answer for a row, of any pair that shares the mailbox.
pub(super) fn claimed(
    connection: &Connection,
    pair: i64,
    name: &FolderName,
    validity: u32,
    uids: &[u32],
) -> Result<Vec<(u32, RowId)>, Fault> {
    let Some(folder) = find_for(connection, pair, name)? else { return Ok(Vec::new()) };
    let mut select = connection.prepare_cached(
        "SELECT id FROM placement WHERE target_folder = ?1 AND target_validity = ?2 AND target_uid = ?3",
    )?;
    let mut claimed = Vec::new();
    for uid in uids {
        if let Some(row) = select.query_row(params![folder, validity, uid], |row| row.get(0)).optional()? {
            claimed.push((*uid, row));
        }
    }
    Ok(claimed)
}

/// A page of the pair's arrived rows in a target folder, ascending by UID.
pub(super) fn placed(
    connection: &Connection,
    pair: i64,
    name: &FolderName,
    validity: u32,
    after: u32,
) -> Result<Vec<Placed>, Fault> {
    let Some(folder) = find_for(connection, pair, name)? else { return Ok(Vec::new()) };
    let sql = format!(
        "SELECT r.id, target_uid, state, received_at, received_offset, sent_size, body_hash, fingerprint, applied, gone,
             removed, missing <> 0, missing = 2, ifnull(copied_pass = (SELECT pass FROM pair WHERE id = ?4), 0)
         FROM placement r INDEXED BY placement_place
         WHERE target_folder = ?1 AND target_validity = ?2 AND target_uid > ?3 AND r.pair = ?4 AND state IN (2, 3)
         ORDER BY target_uid LIMIT {}",
        limits::LEDGER_PAGE
    );
    let page = connection
        .prepare_cached(&sql)?
        .query_map(params![folder, validity, after, pair], read_placed)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(page)
}

/// In the order of the SELECT of [`placed`].
fn read_placed(row: &Row<'_>) -> rusqlite::Result<Placed> {
    let mut next = Columns::of(row);
    Ok(Placed {
        row: next.plain()?,
        uid: next.plain()?,
        state: next.get()?,
        received_at: next.date()?,
        sent_size: next.opt()?,
        body_hash: next.opt()?,
        fingerprint: next.opt()?,
        applied: next.get()?,
        gone: next.plain()?,
        removed: next.plain()?,
        missing_at_target: next.plain()?,
        removed_by_user: next.plain()?,
        copied_this_pass: next.plain()?,
    })
}

/// What the pair knows of a target folder.
pub(super) fn state(connection: &Connection, pair: i64, name: &FolderName) -> Result<Option<TargetFolderState>, Fault> {
    let Some(folder) = find_for(connection, pair, name)? else { return Ok(None) };
    let state = connection
        .prepare_cached("SELECT * FROM frontier WHERE pair = ?1 AND folder = ?2")?
        .query_row([pair, folder], |row| {
            Ok(TargetFolderState {
                validity: row.get("validity")?,
                next: row.get("next")?,
                messages: get(row, "messages")?,
                modseq: opt(row, "modseq")?,
                verified: row.get("verified")?,
                seen: row.get("seen")?,
            })
        })
        .optional()?;
    Ok(state)
}

/// Records what the pair knows of a target folder. With another UIDVALIDITY than before, the UIDs of before hold no more.
pub(super) fn set_state(
    connection: &Connection,
    held: &Held,
    name: &FolderName,
    state: &TargetFolderState,
) -> Result<(), Fault> {
    let folder = intern(connection, held, name)?;
    let before = connection
        .prepare_cached("SELECT validity FROM frontier WHERE pair = ?1 AND folder = ?2")?
        .query_row([held.pair, folder], |row| row.get::<_, u32>(0))
        .optional()?;
    if before.is_some_and(|before| before != state.validity) {
        void_uids(connection, held, name, state.validity)?;
    }
    connection
        .prepare_cached(
            "INSERT INTO frontier (pair, folder, validity, next, messages, modseq, verified, seen)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (pair, folder) DO UPDATE SET
                 seen = CASE WHEN validity = ?3 THEN max(seen, ?8) ELSE ?8 END,
                 validity = ?3, next = ?4, messages = ?5, modseq = ?6, verified = ?7",
        )?
        .execute(params![
            held.pair,
            folder,
            state.validity,
            state.next,
            signed(state.messages),
            state.modseq.map(signed),
            state.verified,
            state.seen
        ])?;
    Ok(())
}

/// Forgets the pair's UIDs in a folder, but for those under its UIDVALIDITY `now`; another pair finds out about that by its own frontier.
pub(super) fn void_uids(connection: &Connection, held: &Held, name: &FolderName, now: u32) -> Result<u64, Fault> {
    let folder = intern(connection, held, name)?;
    let voided = connection
        .prepare_cached(
            "UPDATE placement INDEXED BY placement_place SET target_validity = NULL, target_uid = NULL
             WHERE target_folder = ?1 AND target_uid IS NOT NULL AND pair = ?2 AND target_validity <> ?3",
        )?
        .execute(params![folder, held.pair, now])?;
    Ok(voided.try_into().unwrap_or(u64::MAX))
}

/// Gives a target folder its new name, for every pair that shares the mailbox.
///
/// A folder that bore that name before is gone from the target (a rename onto an existing one fails there): its rows keep
/// their place by name and lose their UIDs, which would be strangers' now.
pub(super) fn rename(connection: &Connection, held: &Held, from: &FolderName, to: &PinnedTarget) -> Result<(), Fault> {
    let name = to.name.as_ref().ok_or_else(|| Error::bug("a renamed target folder needs its name on the wire"))?;
    let folder = intern(connection, held, from)?;
    if let Some(stale) = find(connection, held.mailbox, name)?.filter(|stale| *stale != folder) {
        absorb(connection, stale, folder)?;
    }
    connection
        .prepare_cached("UPDATE target_folder SET name = ?2 WHERE id = ?1")?
        .execute(params![folder, name.as_bytes()])?;
    connection
        .prepare_cached("UPDATE folder SET pin_path = ?2 WHERE pin_folder = ?1")?
        .execute(params![folder, path_text(&to.path)])?;
    Ok(())
}

fn absorb(connection: &Connection, stale: i64, folder: i64) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "UPDATE placement SET target_folder = ?2, target_validity = NULL, target_uid = NULL WHERE target_folder = ?1",
        )?
        .execute([stale, folder])?;
    connection.prepare_cached("UPDATE folder SET pin_folder = ?2 WHERE pin_folder = ?1")?.execute([stale, folder])?;
    connection.prepare_cached("DELETE FROM frontier WHERE folder = ?1")?.execute([stale])?;
    connection.prepare_cached("DELETE FROM target_folder WHERE id = ?1")?.execute([stale])?;
    Ok(())
}
