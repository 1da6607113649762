//! How a query becomes a walk of one index, page by page.
//!
//! The index is named (`INDEXED BY`), because a planner without statistics may choose a scan, and a scan of a folder of a
//! million messages for each page is what makes a pass quadratic. Where an index leads with state and scope, each
//! combination asked for is an arm of its own, and SQLite merges the arms in order.

use rusqlite::types::Value;

use super::values::signed;
use crate::{
    ledger::RowQuery,
    limits,
    model::RowState::{self, AlreadyPresent, Copied, Failed, Listed, Skipped, Vanished},
};

/// A page's SQL and its values.
pub(super) struct Walk {
    /// Selects row numbers in the chosen order.
    pub(super) sql: String,
    /// Bound by position.
    pub(super) values: Vec<Value>,
}

impl Walk {
    /// The page of `query`, with the number of its target folder; `by_date` where the index for newest first is there.
    pub(super) fn of(pair: i64, query: &RowQuery, target: Option<i64>, by_date: bool) -> Walk {
        let mut terms = Terms::default();
        terms.equal("pair", Some(pair));
        terms.equal("folder", query.folder);
        terms.equal("target_folder", target);
        terms.filter(query);
        let after = terms.after(query);
        let limit = match query.limit {
            0 => limits::LEDGER_PAGE,
            limit => limit.min(limits::LEDGER_PAGE),
        };
        let limit = terms.bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let (columns, order) =
            if query.newest_first { ("id, received_at", "received_at DESC, id DESC") } else { ("id", "id") };
        let index = Index::choose(query, target.is_some(), by_date);
        let (name, terms, values) = (index.clause(), terms.terms.join(" AND "), terms.values);
        let arms = index.arms(query);
        let arms = arms.iter().flat_map(|arm| after.iter().map(move |after| format!("{arm}{after}")));
        let select = |arm| format!("SELECT {columns} FROM placement {name} WHERE {terms}{arm}");
        let selects: Vec<String> = arms.map(select).collect();
        Walk { sql: format!("{} ORDER BY {order} LIMIT {limit}", selects.join(" UNION ALL ")), values }
    }
}

/// The indexes that a page is read by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Index {
    /// None: the rows of every pair by their numbers. Nothing that runs for each mailbox may ask for that.
    Rows,
    Folder,
    Ended,
    Target,
    Newest,
    Flags,
    Unplaced,
    Outside,
    Gone,
    Departed,
    Doubled,
}

impl Index {
    /// The narrowest that holds every row asked for.
    fn choose(query: &RowQuery, in_target: bool, by_date: bool) -> Index {
        let in_folder = query.folder.is_some();
        let listed = query.states == [Listed] && query.in_scope == Some(true);
        match query {
            _ if by_date && in_folder && listed => Index::Newest,
            _ if query.gone == Some(true) && in_folder => Index::Gone,
            _ if query.gone == Some(true) => Index::Departed,
            _ if query.possibly_doubled == Some(true) => Index::Doubled,
            _ if query.flags_differ && in_target => Index::Flags,
            _ if is_unplaced(query) && in_target => Index::Unplaced,
            _ if in_target => Index::Target,
            _ if query.in_scope == Some(false) && in_folder => Index::Outside,
            _ if in_folder => Index::Folder,
            _ if is_ended(query) => Index::Ended,
            _ => Index::Rows,
        }
    }

    fn clause(self) -> &'static str {
        match self {
            Index::Rows => "NOT INDEXED",
            Index::Folder => "INDEXED BY placement_folder",
            Index::Ended => "INDEXED BY placement_ended",
            Index::Target => "INDEXED BY placement_target",
            Index::Newest => "INDEXED BY placement_newest",
            Index::Flags => "INDEXED BY placement_flags",
            Index::Unplaced => "INDEXED BY placement_unplaced",
            Index::Outside => "INDEXED BY placement_outside",
            Index::Gone => "INDEXED BY placement_gone",
            Index::Departed => "INDEXED BY placement_departed",
            Index::Doubled => "INDEXED BY placement_doubled",
        }
    }

    /// What each arm adds to the terms. Literals, because a partial index is chosen by the text of its condition.
    fn arms(self, query: &RowQuery) -> Vec<String> {
        let states = if query.states.is_empty() { &RowState::ALL[..] } else { &query.states };
        let numbers = || states.iter().map(|state| state.number());
        let scopes = query.in_scope.map_or(vec![1, 0], |in_scope| vec![i64::from(in_scope)]);
        match self {
            Index::Folder | Index::Ended => numbers()
                .flat_map(|state| {
                    scopes.iter().map(move |scope| format!(" AND state = {state} AND in_scope = {scope}"))
                })
                .collect(),
            Index::Target | Index::Newest => numbers().map(|state| format!(" AND state = {state}")).collect(),
            _ => vec![format!(" AND state IN ({})", numbers().map(|n| n.to_string()).collect::<Vec<_>>().join(", "))],
        }
    }
}

/// Whether only arrived rows without a place are asked for.
fn is_unplaced(query: &RowQuery) -> bool {
    let arrived = |state: &RowState| matches!(state, Copied | AlreadyPresent);
    query.has_target == Some(false) && !query.states.is_empty() && query.states.iter().all(arrived)
}

/// Whether only rows that ended without arriving are asked for.
fn is_ended(query: &RowQuery) -> bool {
    let ended = |state: &RowState| matches!(state, Skipped | Failed | Vanished);
    !query.states.is_empty() && query.states.iter().all(ended)
}

/// A later content of the same message that arrived (states 2 and 3).
const LATER: &str = "SELECT 1 FROM placement o INDEXED BY placement_content WHERE o.pair = placement.pair AND o.content = placement.content
    AND o.content IS NOT NULL AND o.version <> placement.version AND o.gone = 0 AND o.state IN (2, 3)";

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

    fn flag(&mut self, column: &str, value: Option<bool>) {
        self.terms.extend(value.map(|value| format!("{column} = {}", i64::from(value))));
    }

    fn filter(&mut self, query: &RowQuery) {
        self.flag("in_scope", query.in_scope);
        self.flag("elsewhere", query.elsewhere);
        self.flag("gone", query.gone);
        self.flag("(missing <> 0)", query.missing_at_target);
        self.flag("removed", query.removed);
        self.flag("doubled", query.possibly_doubled);
        if let Some(superseded) = query.superseded {
            self.terms.push(format!("{}EXISTS ({LATER})", if superseded { "" } else { "NOT " }));
        }
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
            self.terms.push("flags <> applied".into());
        }
        if query.flags_differ || is_unplaced(query) {
            self.terms.push("state IN (2, 3)".into());
        }
        if is_ended(query) {
            self.terms.push("state BETWEEN 4 AND 6".into());
        }
    }

    /// What comes after the row where the page before ended, wherever that row has moved since. By date it takes two arms:
    /// SQLite seeks no pair of date and row number, and a source without dates has one date for all its messages.
    fn after(&mut self, query: &RowQuery) -> Vec<String> {
        let Some(after) = query.after else { return vec![String::new()] };
        let name = self.bind(after);
        if !query.newest_first {
            return vec![format!(" AND id > {name}")];
        }
        let date = format!("(SELECT received_at FROM placement WHERE id = {name})");
        vec![format!(" AND received_at = {date} AND id < {name}"), format!(" AND received_at < {date}")]
    }
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
