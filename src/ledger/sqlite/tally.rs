//! Counts by query: nothing is ever counted beside the rows.
//!
//! One group for each state and scope of a folder, in the order of its index: no sort, and a row is looked at once.

use rusqlite::{Connection, Row, params};

use super::{
    fault::Fault,
    values::{get, opt},
};
use crate::{
    ledger::{FolderId, Tally},
    model::RowState,
};

/// `total` and not `sum`: a server may claim any size, and `sum` fails on overflow.
const GROUPS: &str = "
    SELECT state, in_scope,
        count(*) AS messages,
        count(*) FILTER (WHERE gone) AS gone,
        count(*) FILTER (WHERE repairs <> '') AS repaired,
        count(*) FILTER (WHERE missing <> 0 AND NOT removed) AS missing,
        count(*) FILTER (WHERE missing = 2 AND NOT removed) AS by_user,
        count(*) FILTER (WHERE removed) AS removed,
        count(*) FILTER (WHERE doubled) AS doubled,
        count(*) FILTER (WHERE copied_pass = ?2) AS copied_now,
        count(*) FILTER (WHERE updated_pass = ?2) AS updated_now,
        count(*) FILTER (WHERE moved_pass = ?2) AS moved_now,
        CAST(total(ifnull(sent_size, size)) AS INTEGER) AS sent_bytes,
        CAST(total(size) AS INTEGER) AS bytes
    FROM placement INDEXED BY placement_folder WHERE folder = ?1 GROUP BY state, in_scope";

/// A tally per source folder, with what `pass` did.
pub(super) fn of(connection: &Connection, pair: i64, pass: Option<i64>) -> Result<Vec<Tally>, Fault> {
    let mut tallies = connection
        .prepare_cached("SELECT id, path, pin_path FROM folder WHERE pair = ?1 ORDER BY id")?
        .query_map([pair], |row| {
            let (source, target) = (get(row, "path")?, opt(row, "pin_path")?.unwrap_or_default());
            Ok((row.get("id")?, Tally { source, target, ..Tally::default() }))
        })?
        .collect::<rusqlite::Result<Vec<(FolderId, Tally)>>>()?;
    let mut groups = connection.prepare_cached(GROUPS)?;
    for (folder, tally) in &mut tallies {
        let mut rows = groups.query(params![*folder, pass])?;
        while let Some(group) = rows.next()? {
            add(tally, group)?;
        }
    }
    Ok(tallies.into_iter().map(|(_, tally)| tally).collect())
}

fn add(tally: &mut Tally, group: &Row<'_>) -> rusqlite::Result<()> {
    let messages: u64 = get(group, "messages")?;
    let gone: u64 = get(group, "gone")?;
    if !group.get::<_, bool>("in_scope")? {
        tally.out_of_scope += messages - gone;
        return Ok(());
    }
    tally.in_scope += messages;
    tally.gone += gone;
    tally.updated_this_pass += get::<u64>(group, "updated_now")?;
    tally.moved_this_pass += get::<u64>(group, "moved_now")?;
    let state: RowState = get(group, "state")?;
    match state {
        RowState::Listed | RowState::Intended => {
            tally.open += messages;
            tally.open_bytes += get::<u64>(group, "bytes")?;
        }
        RowState::Copied => {
            tally.copied += messages;
            tally.copied_this_pass += get::<u64>(group, "copied_now")?;
        }
        RowState::AlreadyPresent => tally.already_present += messages,
        RowState::Skipped => tally.skipped += messages,
        RowState::Failed => tally.failed += messages,
        RowState::Vanished => tally.vanished += messages,
    }
    if matches!(state, RowState::Copied | RowState::AlreadyPresent) {
        tally.repaired += get::<u64>(group, "repaired")?;
        tally.missing_at_target += get::<u64>(group, "missing")?;
        tally.removed_by_user += get::<u64>(group, "by_user")?;
        tally.removed += get::<u64>(group, "removed")?;
        tally.possibly_doubled += get::<u64>(group, "doubled")?;
        tally.bytes += get::<u64>(group, "sent_bytes")?;
    }
    Ok(())
}
