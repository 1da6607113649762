//! Which placement of a message is copied, where the source shows one in several folders.
//!
//! Only rows that did not arrive are chosen among or left out: what is at the target stays there. A row is looked at when it is new in
//! scope, and when it was left out before.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use super::{fault::Fault, pairs::Held, rows};
use crate::{
    ledger::{Carried, FolderId, Ranking, Row, RowId},
    limits,
};

/// Another placement of the same message that goes before `p`: it lies in a folder of lower rank than ?2, or (?3) arrived or may have. One
/// that arrived from a folder that is still there and read no more (rank NULL) stays at the target: no choice (?3, or a rank over 0) falls on
/// a second one. One that failed (5), or that the filters leave out, holds nobody up.
const GOES_BEFORE: &str = "
    SELECT 1 FROM placement q INDEXED BY placement_content JOIN folder f ON f.id = q.folder
    WHERE q.pair = p.pair AND q.content = p.content AND q.id <> p.id AND q.gone = 0 AND q.state <> 5
        AND (q.in_scope = 1 OR q.elsewhere = 1 OR q.state IN (1, 2, 3))
        AND (f.rank < ?2 OR (q.state IN (1, 2, 3)
            AND ((?3 AND f.rank IS NOT NULL) OR ((?3 OR ?2 > 0) AND f.rank IS NULL AND f.present = 1))))";

/// Chooses anew in every folder that is ranked.
pub(super) fn apply(connection: &Connection, held: &Held, ranking: &Ranking) -> Result<(), Fault> {
    remember(connection, held, &ranking.folders.iter().copied().collect())?;
    let mut leave_out = connection.prepare_cached(&format!(
        "UPDATE placement AS p INDEXED BY placement_folder SET elsewhere = 1, in_scope = 0
         WHERE folder = ?1 AND state IN (0, 4, 5) AND in_scope IN (0, 1) AND elsewhere = 0 AND gone = 0 AND content IS NOT NULL
             AND (?4 OR EXISTS ({GOES_BEFORE}))"
    ))?;
    let mut take_back = connection.prepare_cached(&format!(
        "UPDATE placement AS p INDEXED BY placement_elsewhere SET elsewhere = 0, in_scope = 1
         WHERE folder = ?1 AND elsewhere = 1 AND gone = 0 AND NOT EXISTS ({GOES_BEFORE})"
    ))?;
    for (folder, rank) in &ranking.folders {
        let waits = ranking.waits == Some(*folder);
        if *rank > 0 || ranking.one_copy || waits {
            leave_out.execute(params![folder, rank, ranking.one_copy, waits])?;
        }
        if !waits {
            take_back.execute(params![folder, rank, ranking.one_copy])?;
        }
    }
    Ok(())
}

fn remember(connection: &Connection, held: &Held, ranks: &HashMap<FolderId, u32>) -> Result<(), Fault> {
    let known: Vec<(FolderId, Option<u32>)> = connection
        .prepare_cached("SELECT id, rank FROM folder WHERE pair = ?1")?
        .query_map([held.pair], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut set = connection.prepare_cached("UPDATE folder SET rank = ?2 WHERE id = ?1")?;
    for (folder, rank) in known {
        if rank != ranks.get(&folder).copied() {
            set.execute(params![folder, ranks.get(&folder)])?;
        }
    }
    Ok(())
}

/// Copied rows of `folder` whose message waits to be copied from another one, ascending after the row `after`, at most a page.
pub(super) fn relabelled(
    connection: &Connection,
    pair: i64,
    folder: FolderId,
    after: Option<RowId>,
) -> Result<Vec<Row>, Fault> {
    let sql = format!(
        "SELECT DISTINCT q.id FROM folder f CROSS JOIN placement p INDEXED BY placement_folder ON p.folder = f.id
         JOIN placement q INDEXED BY placement_content
             ON q.pair = f.pair AND q.content = p.content AND q.folder = ?2 AND q.state = 2 AND q.gone = 0 AND q.removed = 0 AND q.id > ?3
         WHERE f.pair = ?1 AND f.id <> ?2 AND p.state IN (0, 1) AND p.in_scope = 1 AND p.gone = 0 AND p.content IS NOT NULL
         ORDER BY q.id LIMIT {}",
        limits::LEDGER_PAGE
    );
    let ids = connection
        .prepare_cached(&sql)?
        .query_map([pair, folder, after.unwrap_or(0)], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<RowId>>>()?;
    ids.iter().map(|id| rows::whole(connection, *id)).collect()
}

/// What these rows carry beside their folders.
pub(super) fn carried(connection: &Connection, pair: i64, rows: &[RowId]) -> Result<Vec<Carried>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT item, categories, asked_categories, their_categories FROM placement WHERE id = ?1 AND pair = ?2",
    )?;
    let mut labels = connection.prepare_cached(
        "SELECT DISTINCT q.folder FROM placement q INDEXED BY placement_content
         WHERE q.pair = ?2 AND q.content = (SELECT content FROM placement WHERE id = ?1) AND q.elsewhere = 1 AND q.gone = 0
         ORDER BY q.folder",
    )?;
    rows.iter()
        .map(|row| {
            let (item, [categories, asked, theirs]) = select.query_row([row, &pair], |found| {
                Ok((found.get(0)?, [names(found, 1)?, names(found, 2)?, names(found, 3)?]))
            })?;
            let labels = labels.query_map([row, &pair], |found| found.get(0))?.collect::<rusqlite::Result<_>>()?;
            Ok(Carried { row: *row, labels, categories, asked, theirs, item })
        })
        .collect()
}

/// A column that holds a JSON array of names, or NULL for none.
fn names(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    let text: Option<String> = row.get(column)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}
