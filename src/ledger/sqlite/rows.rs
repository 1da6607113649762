//! Reading rows: a query becomes a page of row numbers by one index, then each row is read by its number.
//!
//! The index is named (`INDEXED BY`), because a planner without statistics may choose a scan, and a scan of a folder of a
//! million messages for each page is what makes a pass quadratic. Several states become one arm each, merged in order.

use rusqlite::{Connection, Row as SqlRow, params_from_iter, types::Value};

use super::{
    fault::Fault,
    places,
    values::{date, get, opt, place, reason, signed},
};
use crate::{
    ledger::{Row, RowId, RowQuery},
    limits,
    model::{FolderName, Mark, MessageKey, RowState},
};

/// The rows that a query asks for, at most a page.
pub(super) fn page(connection: &Connection, pair: i64, query: &RowQuery) -> Result<Vec<Row>, Fault> {
    let target = match &query.target_folder {
        Some(name) => match places::find_for(connection, pair, name)? {
            Some(folder) => Some(folder),
            None => return Ok(Vec::new()),
        },
        None => None,
    };
    let statement = Statement::of(pair, query, target);
    let ids = connection
        .prepare_cached(&statement.sql)?
        .query_map(params_from_iter(&statement.values), |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<RowId>>>()?;
    let mut select = connection.prepare_cached(
        "SELECT r.*, n.name AS namespace_name, n.epoch, t.name AS target_name FROM placement r
         JOIN namespace n ON n.id = r.namespace LEFT JOIN target_folder t ON t.id = r.target_folder WHERE r.id = ?1",
    )?;
    let rows = ids.iter().map(|id| select.query_row([id], read)).collect::<rusqlite::Result<_>>()?;
    Ok(rows)
}

fn read(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        id: row.get("id")?,
        folder: row.get("folder")?,
        key: MessageKey {
            namespace: row.get("namespace_name")?,
            epoch: get(row, "epoch")?,
            id: row.get("source_id")?,
            version: row.get("version")?,
        },
        state: get(row, "state")?,
        size: get(row, "size")?,
        received_at: date(row)?,
        flags: get(row, "flags")?,
        applied: get(row, "applied")?,
        in_scope: row.get("in_scope")?,
        gone: row.get("gone")?,
        body_hash: opt(row, "body_hash")?,
        fingerprint: opt(row, "fingerprint")?,
        sent_size: opt(row, "sent_size")?,
        mark: row.get::<_, Option<_>>("mark")?.map(Mark),
        rung: row.get("rung")?,
        repairs: row.get("repairs")?,
        target_folder: row.get::<_, Option<_>>("target_name")?.map(FolderName),
        target: place(row)?,
        missing_at_target: row.get("missing")?,
        removed: row.get("removed")?,
        possibly_doubled: row.get("doubled")?,
        reason: reason(row, "reason_code", "reason_words")?,
    })
}

/// A page's SQL and its values.
pub(super) struct Statement {
    /// Selects row numbers in the chosen order.
    pub(super) sql: String,
    /// Bound by position.
    pub(super) values: Vec<Value>,
}

impl Statement {
    /// The page of `query`, with the number of its target folder.
    pub(super) fn of(pair: i64, query: &RowQuery, target: Option<i64>) -> Statement {
        let mut terms = Terms::default();
        terms.equal("pair", Some(pair));
        terms.equal("folder", query.folder);
        terms.equal("target_folder", target);
        terms.filter(query);
        terms.keyset(query);
        let limit = match query.limit {
            0 => limits::LEDGER_PAGE,
            limit => limit.min(limits::LEDGER_PAGE),
        };
        let limit = terms.bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let (columns, order) =
            if query.newest_first { ("id, received_at", "received_at DESC, id DESC") } else { ("id", "id") };
        let index = index(query, target);
        let arms = arms(query, index)
            .map(|states| {
                let terms = terms.terms.join(" AND ");
                format!("SELECT {columns} FROM placement INDEXED BY {index} WHERE {terms} AND state {states}")
            })
            .collect::<Vec<_>>();
        let sql = format!("{} ORDER BY {order} LIMIT {limit}", arms.join(" UNION ALL "));
        Statement { sql, values: terms.values }
    }
}

/// The index that reads the page without a scan; the first that fits.
fn index(query: &RowQuery, target: Option<i64>) -> &'static str {
    let gone = query.gone == Some(true);
    let in_folder = query.folder.is_some();
    match query {
        _ if query.newest_first && in_folder && query.states == [RowState::Listed] => "placement_newest",
        _ if target.is_some() => "placement_target",
        _ if gone && query.size.is_some() => "placement_moved",
        _ if gone && in_folder => "placement_gone",
        _ if query.flags_differ && in_folder => "placement_flags",
        _ if in_folder => "placement_folder",
        _ => "placement_pair",
    }
}

/// The states of each arm: one arm a state where the index orders by state first, else one for all of them.
fn arms(query: &RowQuery, index: &str) -> impl Iterator<Item = String> {
    let states: Vec<i64> = match query.states.as_slice() {
        [] => RowState::ALL.iter().map(|state| state.number()).collect(),
        states => states.iter().map(|state| state.number()).collect(),
    };
    let by_state = matches!(index, "placement_folder" | "placement_pair" | "placement_newest");
    let arms = if by_state {
        states.iter().map(|state| format!("= {state}")).collect()
    } else {
        let states: Vec<String> = states.iter().map(i64::to_string).collect();
        vec![format!("IN ({})", states.join(", "))]
    };
    arms.into_iter()
}

/// Terms that must all hold, with the values they bind.
#[derive(Default)]
struct Terms {
    terms: Vec<String>,
    values: Vec<Value>,
}

impl Terms {
    /// Keeps a value; returns the name it is bound to, which several arms may share.
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    fn equal(&mut self, column: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            let name = self.bind(value);
            self.terms.push(format!("{column} = {name}"));
        }
    }

    /// A flag as a literal: a partial index is chosen by the text of its condition.
    fn flag(&mut self, column: &str, value: Option<bool>) {
        self.terms.extend(value.map(|value| format!("{column} = {}", i64::from(value))));
    }

    fn filter(&mut self, query: &RowQuery) {
        self.flag("in_scope", query.in_scope);
        self.flag("gone", query.gone);
        self.flag("missing", query.missing_at_target);
        self.flag("removed", query.removed);
        self.flag("doubled", query.possibly_doubled);
        self.equal("body_hash", query.body_hash.map(|hash| hash.0.to_vec()));
        self.equal("size", query.size.map(signed));
        if let Some(date) = query.received_at {
            self.equal("received_at", Some(date.unix));
            self.terms.push("received_offset IS NOT NULL".into());
        }
        if let Some(known) = query.has_target {
            self.terms.push(format!("target_uid IS {}NULL", if known { "NOT " } else { "" }));
        }
        if query.flags_differ {
            self.terms.push("state IN (2, 3) AND flags <> applied".into());
        }
    }

    /// Only what comes after the row where the page before ended, wherever that row has moved since.
    fn keyset(&mut self, query: &RowQuery) {
        let Some(after) = query.after else { return };
        let name = self.bind(after);
        self.terms.push(if query.newest_first {
            format!("(received_at, id) < (SELECT received_at, id FROM placement WHERE id = {name})")
        } else {
            format!("id > {name}")
        });
    }
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
