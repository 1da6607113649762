//! Numbers for items that have none.

use std::sync::Arc;

use mailhaul::{
    ledger::{Ledger, Numbering, Seen, SqliteLedger, Which, Whole},
    model::FolderName,
};

const WHO: &str = "ann@target";

fn inbox() -> FolderName {
    FolderName(b"AQMk=".to_vec())
}

fn ledger() -> (Arc<SqliteLedger>, tempfile::TempDir) {
    let place = tempfile::tempdir().unwrap();
    (SqliteLedger::open(place.path().join("ledger.db")).unwrap(), place)
}

fn here(items: &[&str]) -> Vec<(String, String)> {
    items.iter().map(|item| ((*item).to_owned(), "r1".to_owned())).collect()
}

fn page(items: &[&str]) -> Seen {
    Seen { here: here(items), ..Seen::default() }
}

async fn live(ledger: &SqliteLedger) -> Vec<(u32, String)> {
    let items = ledger.items(WHO, &inbox(), Which::From(1)).await.unwrap();
    items.into_iter().map(|one| (one.number, one.item)).collect()
}

#[tokio::test]
async fn items_are_numbered_once_in_the_order_of_first_sight() {
    let (ledger, _place) = ledger();
    let fresh = ledger.numbers(WHO, &inbox()).await.unwrap();
    assert_eq!((fresh.next, fresh.live, fresh.link), (1, 0, None));
    assert!(fresh.validity > 1_700_000_000);
    let end = Some("link-1".to_owned());
    let seen = ledger.see(WHO, &inbox(), Seen { end, ..page(&["b", "a"]) }).await.unwrap();
    assert_eq!((seen.next, seen.live, seen.link.as_deref(), seen.validity), (3, 2, Some("link-1"), fresh.validity));
    // What was put there has a number at once, and keeps it when it is seen.
    let put = vec![("c".to_owned(), "r9".to_owned()), ("a".to_owned(), "r2".to_owned())];
    assert_eq!(ledger.place(WHO, &inbox(), put).await.unwrap(), [3, 2]);
    let again = ledger.see(WHO, &inbox(), page(&["c", "d"])).await.unwrap();
    assert_eq!((again.next, again.live), (5, 4));
    assert!(again.changes > seen.changes);
    let these = ledger.items(WHO, &inbox(), Which::These(vec![2, 3, 9])).await.unwrap();
    let revisions: Vec<_> = these.iter().map(|one| (one.item.as_str(), one.revision.as_str())).collect();
    assert_eq!(revisions, [("a", "r2"), ("c", "r9")], "as they were left");
}

#[tokio::test]
async fn what_is_gone_leaves_its_number_and_comes_back_to_it() {
    let (ledger, _place) = ledger();
    ledger.see(WHO, &inbox(), page(&["a", "b"])).await.unwrap();
    let gone = Seen { gone: vec!["a".to_owned(), "never seen".to_owned()], ..Seen::default() };
    assert_eq!(ledger.see(WHO, &inbox(), gone.clone()).await.unwrap().live, 1);
    assert_eq!(ledger.see(WHO, &inbox(), gone).await.unwrap().live, 1, "told twice");
    assert_eq!(live(&ledger).await, [(2, "b".to_owned())]);
    let back = ledger.see(WHO, &inbox(), page(&["a", "c"])).await.unwrap();
    assert_eq!((back.next, back.live), (4, 3));
    assert_eq!(live(&ledger).await.into_iter().map(|(number, _)| number).collect::<Vec<_>>(), [1, 2, 3]);
}

#[tokio::test]
async fn a_whole_listing_tells_what_is_gone_once_it_is_complete() {
    let (ledger, _place) = ledger();
    ledger.see(WHO, &inbox(), page(&["a", "b", "c"])).await.unwrap();
    // One that broke off concludes nothing.
    let begins = |items| Seen { whole: Some(Whole::Begins), ..page(items) };
    let cut = ledger.see(WHO, &inbox(), begins(&["a"])).await.unwrap();
    assert_eq!(cut.live, 3);
    let round = ledger.see(WHO, &inbox(), begins(&["c"])).await.unwrap().round;
    let end = Seen { whole: Some(Whole::Continues(round)), end: Some("link".to_owned()), ..page(&["d"]) };
    let whole = ledger.see(WHO, &inbox(), end).await.unwrap();
    assert_eq!((whole.live, whole.next), (2, 5));
    assert_eq!(live(&ledger).await, [(3, "c".to_owned()), (4, "d".to_owned())]);
}

#[tokio::test]
async fn of_two_whole_listings_at_once_neither_loses_what_the_other_told() {
    let (ledger, _place) = ledger();
    let begins = |items| Seen { whole: Some(Whole::Begins), ..page(items) };
    let first = ledger.see(WHO, &inbox(), begins(&["a", "b"])).await.unwrap().round;
    let second = ledger.see(WHO, &inbox(), begins(&["a"])).await.unwrap().round;
    let end = |round, items| Seen { whole: Some(Whole::Continues(round)), end: Some("link".to_owned()), ..page(items) };
    assert_eq!(ledger.see(WHO, &inbox(), end(first, &["c"])).await.unwrap().live, 3);
    assert_eq!(ledger.see(WHO, &inbox(), end(second, &["b", "c"])).await.unwrap().live, 3);
}

#[tokio::test]
async fn a_pair_that_is_forgotten_takes_the_numbers_of_its_mailbox_along() {
    let (ledger, place) = ledger();
    let lease = ledger.open_pair("ann@source", WHO).await.unwrap();
    let other = ledger.open_pair("bob@source", WHO).await.unwrap();
    ledger.see(WHO, &inbox(), page(&["a"])).await.unwrap();
    ledger.forget_pair(other.pair).await.unwrap();
    assert_eq!(live(&ledger).await.len(), 1, "another pair goes there");
    ledger.forget_pair(lease.pair).await.unwrap();
    assert_eq!(live(&ledger).await, []);
    drop(ledger);
    let file = rusqlite::Connection::open(place.path().join("ledger.db")).unwrap();
    let left: i64 = file.query_row("SELECT count(*) FROM numbered_item", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}
