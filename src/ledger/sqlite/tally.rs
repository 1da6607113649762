//! Counts by query: nothing is ever counted beside the rows.

use rusqlite::{Connection, Row, params};

use super::{
    fault::Fault,
    values::{get, opt},
};
use crate::ledger::Tally;

/// `total` and not `sum`: a server may claim any size, and `sum` fails on overflow.
const COUNTS: &str = "
    SELECT f.path, f.pin_path,
        count(r.id) FILTER (WHERE in_scope) AS in_scope,
        count(r.id) FILTER (WHERE NOT in_scope AND NOT gone) AS out_of_scope,
        count(r.id) FILTER (WHERE in_scope AND state = 2) AS copied,
        count(r.id) FILTER (WHERE in_scope AND state = 3) AS already_present,
        count(r.id) FILTER (WHERE in_scope AND state = 4) AS skipped,
        count(r.id) FILTER (WHERE in_scope AND state = 5) AS failed,
        count(r.id) FILTER (WHERE in_scope AND state = 6) AS vanished,
        count(r.id) FILTER (WHERE in_scope AND state IN (0, 1)) AS open,
        count(r.id) FILTER (WHERE in_scope AND gone) AS gone,
        count(r.id) FILTER (WHERE in_scope AND state IN (2, 3) AND repairs <> '') AS repaired,
        count(r.id) FILTER (WHERE in_scope AND state IN (2, 3) AND missing) AS missing,
        count(r.id) FILTER (WHERE in_scope AND state IN (2, 3) AND removed) AS removed,
        count(r.id) FILTER (WHERE in_scope AND state IN (2, 3) AND doubled) AS doubled,
        count(r.id) FILTER (WHERE in_scope AND state = 2 AND copied_pass = ?2) AS copied_now,
        count(r.id) FILTER (WHERE in_scope AND updated_pass = ?2) AS updated_now,
        count(r.id) FILTER (WHERE in_scope AND moved_pass = ?2) AS moved_now,
        CAST(total(ifnull(sent_size, size)) FILTER (WHERE in_scope AND state IN (2, 3)) AS INTEGER) AS bytes,
        CAST(total(size) FILTER (WHERE in_scope AND state IN (0, 1)) AS INTEGER) AS open_bytes
    FROM folder f LEFT JOIN placement r ON r.folder = f.id
    WHERE f.pair = ?1 GROUP BY f.id ORDER BY f.id";

/// A tally per source folder, with what `pass` did.
pub(super) fn of(connection: &Connection, pair: i64, pass: Option<i64>) -> Result<Vec<Tally>, Fault> {
    let tallies =
        connection.prepare_cached(COUNTS)?.query_map(params![pair, pass], read)?.collect::<rusqlite::Result<_>>()?;
    Ok(tallies)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Tally> {
    Ok(Tally {
        source: get(row, "path")?,
        target: opt(row, "pin_path")?.unwrap_or_default(),
        in_scope: get(row, "in_scope")?,
        out_of_scope: get(row, "out_of_scope")?,
        copied: get(row, "copied")?,
        already_present: get(row, "already_present")?,
        skipped: get(row, "skipped")?,
        failed: get(row, "failed")?,
        vanished: get(row, "vanished")?,
        open: get(row, "open")?,
        gone: get(row, "gone")?,
        repaired: get(row, "repaired")?,
        missing_at_target: get(row, "missing")?,
        removed: get(row, "removed")?,
        possibly_doubled: get(row, "doubled")?,
        copied_this_pass: get(row, "copied_now")?,
        updated_this_pass: get(row, "updated_now")?,
        moved_this_pass: get(row, "moved_now")?,
        bytes: get(row, "bytes")?,
        open_bytes: get(row, "open_bytes")?,
    })
}
