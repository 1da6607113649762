//! Other placements of the same message.

use rusqlite::{Connection, OptionalExtension, params};

use super::{fault::Fault, rows};
use crate::ledger::{RowId, Twin};

/// One that arrived, stands there and is known well enough to be recognised again (states 2 and 3 are copied and already present).
const ARRIVED: &str = "
    SELECT id FROM placement INDEXED BY placement_content
    WHERE pair = ?1 AND (content, version) = (SELECT content, version FROM placement WHERE id = ?2) AND id <> ?2 AND state IN (2, 3)
        AND target_uid IS NOT NULL AND missing = 0 AND removed = 0
        AND body_hash IS NOT NULL AND fingerprint IS NOT NULL AND sent_size IS NOT NULL
    LIMIT 1";

/// One that is in doubt, or listed before (states 1 and 0).
const AHEAD: &str = "
    SELECT 1 FROM placement INDEXED BY placement_content
    WHERE pair = ?1 AND (content, version) = (SELECT content, version FROM placement WHERE id = ?2) AND id <> ?2
        AND (state = 1 OR (state = 0 AND id < ?2 AND in_scope = 1 AND gone = 0))
    LIMIT 1";

/// What others mean for these rows.
pub(super) fn of(connection: &Connection, pair: i64, rows: &[RowId]) -> Result<Vec<(RowId, Twin)>, Fault> {
    let mut arrived = connection.prepare_cached(ARRIVED)?;
    let mut ahead = connection.prepare_cached(AHEAD)?;
    let mut found = Vec::new();
    for row in rows {
        let other: Option<RowId> = arrived.query_row(params![pair, row], |other| other.get(0)).optional()?;
        if let Some(other) = other {
            found.push((*row, Twin::Arrived(Box::new(rows::whole(connection, other)?))));
        } else if ahead.exists(params![pair, row])? {
            found.push((*row, Twin::Ahead));
        }
    }
    Ok(found)
}
