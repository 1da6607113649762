//! Intents and outcomes: the moves between states, by compare-and-set only.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    fault::Fault,
    pairs::Held,
    places,
    values::{get, reason_columns, signed},
};
use crate::{
    error::Error,
    ledger::{Intent, RowId, Settlement},
    model::RowState,
};

/// Records intents: each row becomes `intended` for exactly these bytes.
pub(super) fn intend(connection: &Connection, held: &Held, intents: &[Intent]) -> Result<(), Fault> {
    let mut update = connection.prepare_cached(
        "UPDATE placement SET state = 1, target_folder = ?3, mark = ?4, body_hash = ?5, fingerprint = ?6, sent_size = ?7,
             rung = ?8, repairs = ?9, applied = ?10, target_validity = NULL, target_uid = NULL, reason_code = NULL,
             reason_words = NULL, read_at = ifnull(?11, read_at)
         WHERE id = ?1 AND pair = ?2 AND state IN (0, 1)",
    )?;
    for intent in intents {
        let changed = update.execute(params![
            intent.row,
            held.pair,
            places::intern(connection, held, &intent.target_folder)?,
            intent.mark.0,
            intent.body_hash.0,
            intent.fingerprint.0,
            signed(intent.sent_size),
            intent.rung,
            intent.repairs,
            intent.applied.encode(),
            intent.read_at
        ])?;
        if changed == 0 {
            return Err(refused(connection, held, intent.row, "`listed` or `intended`"));
        }
    }
    Ok(())
}

/// Bytes read from the source after `since`, by the hour in which they were read.
pub(super) fn read_since(connection: &Connection, pair: i64, since: i64) -> Result<Vec<(i64, u64)>, Fault> {
    let hours = connection
        .prepare_cached(
            "SELECT read_at / 3600 * 3600 AS hour, CAST(total(size) AS INTEGER) AS bytes
             FROM folder f CROSS JOIN placement r INDEXED BY placement_folder ON r.folder = f.id
             WHERE f.pair = ?1 AND read_at > ?2 GROUP BY hour ORDER BY hour",
        )?
        .query_map([pair, since], |row| Ok((row.get("hour")?, get(row, "bytes")?)))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(hours)
}

/// Moves rows from one state to the next.
pub(super) fn settle(connection: &Connection, held: &Held, settlements: &[Settlement]) -> Result<(), Fault> {
    let mut update = connection.prepare_cached(
        "UPDATE placement SET state = ?4, target_folder = ifnull(?5, target_folder), target_validity = ?6, target_uid = ?7,
             applied = ifnull(?8, applied), body_hash = ifnull(?9, body_hash), fingerprint = ifnull(?10, fingerprint),
             reason_code = ?11, reason_words = ?12, copied_pass = CASE WHEN ?4 = 2 THEN ?13 ELSE copied_pass END
         WHERE id = ?1 AND pair = ?2 AND state = ?3",
    )?;
    for step in settlements {
        if !step.from.may_become(step.to) {
            return Err(Error::bug(format!("row {}: {:?} may not become {:?}", step.row, step.from, step.to)).into());
        }
        let folder = step.target_folder.as_ref().map(|name| places::intern(connection, held, name)).transpose()?;
        let (code, words) = reason_columns(step.reason.as_ref());
        let changed = update.execute(params![
            step.row,
            held.pair,
            step.from.number(),
            step.to.number(),
            folder,
            step.target.map(|at| at.validity),
            step.target.map(|at| at.uid),
            step.applied.as_ref().map(crate::model::Flags::encode),
            step.body_hash.map(|hash| hash.0),
            step.fingerprint.map(|print| print.0),
            code,
            words,
            held.pass
        ]);
        if places::refuse_second_claim(changed, step.row)? == 0 {
            return Err(refused(connection, held, step.row, &format!("{:?}", step.from)));
        }
    }
    Ok(())
}

fn refused(connection: &Connection, held: &Held, row: RowId, wanted: &str) -> Fault {
    let state = connection
        .prepare_cached("SELECT state FROM placement WHERE id = ?1 AND pair = ?2")
        .and_then(|mut select| select.query_row([row, held.pair], |found| get::<RowState>(found, "state")).optional());
    match state {
        Ok(Some(state)) => Error::bug(format!("row {row} is {state:?}, not {wanted}")).into(),
        Ok(None) => Error::bug(format!("row {row} is not in the pair's ledger")).into(),
        Err(error) => error.into(),
    }
}
