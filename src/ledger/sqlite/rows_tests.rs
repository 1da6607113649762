use rusqlite::Connection;

use super::*;
use crate::{ledger::sqlite::schema, model::ReceivedAt};

/// The lines of SQLite's plan for the page of `query`.
fn plan(query: &RowQuery, target: Option<i64>) -> String {
    let mut connection = Connection::open_in_memory().unwrap();
    schema::migrate(&mut connection).unwrap();
    let statement = Statement::of(1, query, target);
    let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", statement.sql)).unwrap();
    let lines = explain.query_map(params_from_iter(&statement.values), |row| row.get::<_, String>("detail")).unwrap();
    lines.collect::<rusqlite::Result<Vec<_>>>().unwrap().join("\n")
}

/// Neither a scan nor a sort: a page costs what is in it, in a folder of a million rows too.
fn assert_walks(query: &RowQuery, target: Option<i64>, index: &str) {
    let plan = plan(query, target);
    assert!(plan.contains(index), "{query:?}\n{plan}");
    assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{query:?}\n{plan}");
}

#[test]
fn the_hot_pages_are_walks_of_one_index() {
    let arrived = vec![RowState::Copied, RowState::AlreadyPresent];
    let base = || RowQuery { after: Some(7), ..RowQuery::default() };
    let in_folder = || RowQuery { folder: Some(1), ..base() };
    let cases = [
        (RowQuery { states: vec![RowState::Listed], in_scope: Some(true), ..in_folder() }, None, "placement_folder"),
        (RowQuery { states: vec![RowState::Listed, RowState::Failed], ..in_folder() }, None, "placement_folder"),
        (in_folder(), None, "placement_folder"),
        (RowQuery { states: vec![RowState::Intended], ..base() }, None, "placement_pair"),
        (base(), None, "placement_pair"),
        (RowQuery { states: vec![RowState::Intended], ..base() }, Some(3), "placement_target"),
        (RowQuery { states: arrived.clone(), has_target: Some(false), ..base() }, Some(3), "placement_target"),
        (RowQuery { states: vec![RowState::Listed], newest_first: true, ..in_folder() }, None, "placement_newest"),
        (RowQuery { states: arrived.clone(), flags_differ: true, ..in_folder() }, None, "placement_flags"),
        (RowQuery { states: arrived.clone(), gone: Some(true), ..in_folder() }, None, "placement_gone"),
        (
            RowQuery {
                states: arrived,
                gone: Some(true),
                size: Some(1),
                received_at: Some(ReceivedAt { unix: 1, offset: 0 }),
                ..base()
            },
            None,
            "placement_moved",
        ),
    ];
    for (query, target, index) in cases {
        assert_walks(&query, target, index);
    }
}
