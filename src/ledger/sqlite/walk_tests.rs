use rusqlite::{Connection, params_from_iter};

use super::*;
use crate::ledger::sqlite::schema;

/// The lines of SQLite's plan for a page of `query`.
fn plan(query: &RowQuery, target: Option<i64>) -> String {
    let mut connection = Connection::open_in_memory().unwrap();
    schema::migrate(&mut connection).unwrap();
    schema::index_by_date(&connection).unwrap();
    let walk = Walk::of(1, query, target, query.newest_first);
    let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", walk.sql)).unwrap();
    let lines = explain.query_map(params_from_iter(&walk.values), |row| row.get::<_, String>("detail")).unwrap();
    lines.collect::<rusqlite::Result<Vec<_>>>().unwrap().join("\n")
}

/// Neither a scan nor a sort, and every page starts where the one before ended: a page costs what is in it, in a
/// folder of a million rows too.
fn assert_walks(query: &RowQuery, target: Option<i64>, index: &str) {
    let plan = plan(query, target);
    assert!(plan.contains(index), "{query:?}\n{plan}");
    assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{query:?}\n{plan}");
    let seeks = |line: &str| line.contains("rowid>?") || query.newest_first && line.contains("received_at");
    assert!(plan.lines().filter(|line| line.contains(index)).all(seeks), "{query:?}\n{plan}");
}

#[test]
fn the_hot_pages_are_walks_of_one_index() {
    let base = || RowQuery { after: Some(7), ..RowQuery::default() };
    let in_folder = || RowQuery { folder: Some(1), ..base() };
    let listed = || RowQuery { states: vec![Listed], in_scope: Some(true), ..in_folder() };
    let arrived = |query: RowQuery| RowQuery { states: vec![Copied, AlreadyPresent], ..query };
    let cases = [
        (listed(), None, "placement_folder"),
        (RowQuery { newest_first: true, ..listed() }, None, "placement_newest"),
        (RowQuery { states: vec![Listed, RowState::Failed], ..in_folder() }, None, "placement_folder"),
        (in_folder(), None, "placement_folder"),
        (RowQuery { in_scope: Some(false), ..in_folder() }, None, "placement_outside"),
        (RowQuery { gone: Some(true), ..arrived(in_folder()) }, None, "placement_gone"),
        (
            RowQuery { gone: Some(true), removed: Some(false), size: Some(1), ..arrived(base()) },
            None,
            "placement_departed",
        ),
        (RowQuery { possibly_doubled: Some(true), ..base() }, None, "placement_doubled"),
        (RowQuery { states: vec![RowState::Skipped, RowState::Failed], ..base() }, None, "placement_ended"),
        (RowQuery { states: vec![RowState::Intended], ..base() }, Some(3), "placement_target"),
        (base(), Some(3), "placement_target"),
        (RowQuery { flags_differ: true, has_target: Some(true), ..base() }, Some(3), "placement_flags"),
        (RowQuery { has_target: Some(false), ..arrived(base()) }, Some(3), "placement_unplaced"),
        (RowQuery { states: vec![Copied], has_target: Some(false), ..base() }, Some(3), "placement_unplaced"),
    ];
    for (query, target, index) in cases {
        assert_walks(&query, target, index);
    }
}
