//! Passes: begun, ended, listed. One that was cut off stays without an end.

use rusqlite::{Connection, params};

use super::{fault::Fault, pairs::Held};
use crate::{error::Error, ledger::PassRecord};

/// Begins a pass at `now` (Unix seconds); rows changed under this lease count towards it from here on.
pub(super) fn begin(connection: &Connection, held: &Held, kind: &str, now: i64) -> Result<i64, Fault> {
    connection
        .prepare_cached("INSERT INTO pass (pair, kind, started) VALUES (?1, ?2, ?3)")?
        .execute(params![held.pair, kind, now])?;
    let pass = connection.last_insert_rowid();
    set_current(connection, held, Some(pass))?;
    Ok(pass)
}

/// Ends a pass at `now` with its outcome and report.
pub(super) fn end(
    connection: &Connection,
    held: &Held,
    pass: i64,
    outcome: &str,
    report: &str,
    now: i64,
) -> Result<(), Fault> {
    let ended = connection
        .prepare_cached("UPDATE pass SET finished = ?3, outcome = ?4, report = ?5 WHERE id = ?1 AND pair = ?2")?
        .execute(params![pass, held.pair, now, outcome, report])?;
    if ended == 0 {
        return Err(Error::bug(format!("pass {pass} is none of pair {}", held.pair)).into());
    }
    set_current(connection, held, None)
}

fn set_current(connection: &Connection, held: &Held, pass: Option<i64>) -> Result<(), Fault> {
    connection.prepare_cached("UPDATE pair SET pass = ?2 WHERE id = ?1")?.execute(params![held.pair, pass])?;
    Ok(())
}

/// The newest passes of a pair.
pub(super) fn list(connection: &Connection, pair: i64, limit: usize) -> Result<Vec<PassRecord>, Fault> {
    let passes = connection
        .prepare_cached(
            "SELECT id, kind, started, finished, outcome, report FROM pass WHERE pair = ?1 ORDER BY id DESC LIMIT ?2",
        )?
        .query_map(params![pair, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
            Ok(PassRecord {
                id: row.get(0)?,
                kind: row.get(1)?,
                started: row.get(2)?,
                finished: row.get(3)?,
                outcome: row.get(4)?,
                report: row.get(5)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(passes)
}
