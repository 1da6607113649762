//! Reading rows: every term narrows, pages meet without a gap.

use std::sync::Arc;

use mailhaul::{
    ledger::{Correction, Discovered, Intent, Ledger, NewRow, RowId, RowQuery, Settlement},
    limits,
    model::{BodyHash, ReceivedAt, RowState},
};

use super::world::{World, at, copied, flags, intent, listing, message, wire};

/// Seven rows, one in each state, `RowState::ALL` in order.
async fn one_of_each(world: &World) -> Vec<RowId> {
    let rows = world.list(&[1, 2, 3, 4, 5, 6, 7]).await;
    world.intend(rows[1]).await.unwrap();
    world.copy(rows[2], 30).await;
    let adopted = Settlement {
        target_folder: Some(wire("INBOX")),
        ..Settlement::new(rows[3], RowState::Listed, RowState::AlreadyPresent)
    };
    world.settle(adopted).await.unwrap();
    for (row, to) in rows[4..].iter().zip([RowState::Skipped, RowState::Failed, RowState::Vanished]) {
        world.settle(Settlement::new(*row, RowState::Listed, to)).await.unwrap();
    }
    rows
}

pub async fn states_select_in_row_order(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let rows = one_of_each(&world).await;
    assert_eq!(world.rows(RowQuery::default()).await, rows);
    for folder in [None, Some(world.inbox)] {
        let some = vec![RowState::Failed, RowState::Listed, RowState::Copied];
        let query = RowQuery { folder, states: some, ..RowQuery::default() };
        assert_eq!(world.rows(query).await, [rows[0], rows[2], rows[5]]);
    }
}

pub async fn every_term_narrows(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let rows = one_of_each(&world).await;
    let step = Discovered {
        flags: vec![(rows[2], flags("\\Seen")), (rows[0], flags("\\Seen"))],
        gone: vec![rows[6]],
        scope: vec![(rows[4], false)],
        ..Discovered::default()
    };
    world.ledger.discovered(world.lease, world.inbox, step).await.unwrap();
    let learnt =
        vec![Correction::Missing(rows[2], true), Correction::Removed(rows[3]), Correction::PossiblyDoubled(rows[1])];
    world.ledger.correct(world.lease, learnt).await.unwrap();
    let base = RowQuery::default;
    let cases = [
        (RowQuery { in_scope: Some(false), ..base() }, vec![rows[4]]),
        (RowQuery { gone: Some(true), ..base() }, vec![rows[6]]),
        (RowQuery { gone: Some(true), in_scope: Some(false), ..base() }, vec![]),
        (RowQuery { flags_differ: true, ..base() }, vec![rows[2]]),
        (RowQuery { has_target: Some(true), ..base() }, vec![rows[2]]),
        (RowQuery { missing_at_target: Some(true), ..base() }, vec![rows[2]]),
        (RowQuery { removed: Some(true), ..base() }, vec![rows[3]]),
        (RowQuery { possibly_doubled: Some(true), ..base() }, vec![rows[1]]),
        (RowQuery { target_folder: Some(wire("INBOX")), ..base() }, rows[1..4].to_vec()),
        (RowQuery { target_folder: Some(wire("INBOX")), has_target: Some(false), ..base() }, vec![rows[1], rows[3]]),
        (RowQuery { target_folder: Some(wire("Unknown")), ..base() }, vec![]),
        (RowQuery { body_hash: Some(BodyHash([rows[2] as u8; 32])), ..base() }, vec![rows[2]]),
        (RowQuery { size: Some(1003), ..base() }, vec![rows[2]]),
        (RowQuery { received_at: Some(ReceivedAt { unix: 1_700_000_004, offset: 0 }), ..base() }, vec![rows[3]]),
    ];
    for (query, expected) in cases {
        assert_eq!(world.rows(query.clone()).await, expected, "{query:?}");
        let in_folder = RowQuery { folder: Some(world.inbox), ..query.clone() };
        assert_eq!(world.rows(in_folder).await, expected, "in the folder: {query:?}");
        let elsewhere = RowQuery { folder: Some(world.inbox + 1000), ..query };
        assert!(world.rows(elsewhere).await.is_empty());
    }
}

pub async fn another_pair_sees_nothing_of_it(ledger: Arc<dyn Ledger>) {
    let world = World::new(Arc::clone(&ledger)).await;
    one_of_each(&world).await;
    let sharing = World::of(ledger, "bob@source", "ann@target").await;
    assert!(sharing.rows(RowQuery::default()).await.is_empty());
    let there = RowQuery { target_folder: Some(wire("INBOX")), ..RowQuery::default() };
    assert!(sharing.rows(there).await.is_empty());
}

pub async fn pages_meet_without_a_gap_while_rows_move(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let uids: Vec<u32> = (1..=50).collect();
    let rows = world.list(&uids).await;
    let mut seen = Vec::new();
    let query = RowQuery { folder: Some(world.inbox), states: vec![RowState::Listed], limit: 7, ..RowQuery::default() };
    loop {
        let page = world.rows(RowQuery { after: seen.last().copied(), ..query.clone() }).await;
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 7);
        let intents = page.iter().map(|row| intent(*row)).collect();
        world.ledger.intend(world.lease, intents).await.unwrap();
        seen.extend(page);
    }
    assert_eq!(seen, rows);
}

pub async fn newest_first_puts_unknown_dates_last(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let dates = [Some(50), None, Some(-7), Some(90), Some(50), None];
    let new: Vec<NewRow> = dates
        .iter()
        .zip(1..)
        .map(|(date, uid)| NewRow {
            content: None,
            received_at: date.map(|unix| ReceivedAt { unix, offset: 0 }),
            ..message("INBOX", uid)
        })
        .collect();
    let listed = Discovered { new, ..Discovered::default() };
    world.ledger.discovered(world.lease, world.inbox, listed).await.unwrap();
    let by_date = |dates: &[Option<i64>]| dates.to_vec();
    for folder in [Some(world.inbox), None] {
        let states = vec![RowState::Listed];
        let query = RowQuery { folder, states, newest_first: true, limit: 2, ..RowQuery::default() };
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = world.ledger.rows(world.pair(), RowQuery { after, ..query.clone() }).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            seen.extend(page.iter().map(|row| row.received_at.map(|date| date.unix)));
        }
        assert_eq!(seen, by_date(&[Some(90), Some(50), Some(50), Some(-7), None, None]), "{folder:?}");
    }
}

pub async fn a_page_is_bounded(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let uids: Vec<u32> = (1..=u32::try_from(limits::LEDGER_PAGE).unwrap() + 1).collect();
    world.list(&uids).await;
    for limit in [0, usize::MAX] {
        assert_eq!(world.rows(RowQuery { limit, ..RowQuery::default() }).await.len(), limits::LEDGER_PAGE);
    }
}

pub async fn rows_in_doubt_are_found_by_target_folder(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let folders = world.ledger.list_folders(world.lease, vec![listing("INBOX"), listing("Sent")]).await.unwrap();
    let here = world.list(&[1, 2]).await;
    let there = world.list_in(folders[1].id, "Sent", &[1]).await[0];
    let sent = Intent { target_folder: wire("Sent"), ..intent(there) };
    world.ledger.intend(world.lease, vec![intent(here[0]), intent(here[1]), sent]).await.unwrap();
    world.settle(copied(here[1], 5)).await.unwrap();
    let doubt = |folder: &str| RowQuery {
        target_folder: Some(wire(folder)),
        states: vec![RowState::Intended],
        ..RowQuery::default()
    };
    assert_eq!(world.rows(doubt("INBOX")).await, [here[0]]);
    assert_eq!(world.rows(doubt("Sent")).await, [there]);
    assert_eq!(world.row(here[1]).await.target, Some(at(5)));
}
