//! What discovery writes, and what it reads back in pages.

use std::sync::Arc;

use mailhaul::{
    error::Code,
    ledger::{Correction, Discovered, Ledger, NewRow, Settlement},
    limits,
    model::{ReceivedAt, RowState},
};

use super::world::{EPOCH, World, flags, id, listing, message, refusal};

pub async fn a_message_is_kept_as_it_was_listed(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let huge = NewRow { size: u64::MAX, received_at: None, flags: flags("\\Seen $Work"), ..message("INBOX", 5) };
    let west =
        NewRow { received_at: Some(ReceivedAt { unix: -5, offset: -3600 }), in_scope: false, ..message("INBOX", 6) };
    let new = vec![huge, west];
    world.ledger.discovered(world.lease, world.inbox, Discovered { new, ..Discovered::default() }).await.unwrap();
    let known = world.ledger.known(world.pair(), b"INBOX", EPOCH, None).await.unwrap();
    assert_eq!(known[0].size, u64::MAX);
    assert_eq!((known[0].received_at, known[0].flags.clone()), (None, flags("\\Seen $Work")));
    assert_eq!((known[0].state, known[0].gone, known[0].in_scope), (RowState::Listed, false, true));
    assert_eq!(known[1].received_at, Some(ReceivedAt { unix: -5, offset: -3600 }));
    assert!(!known[1].in_scope);
    let tally = &world.ledger.tally(world.pair(), None).await.unwrap()[0];
    assert_eq!((tally.in_scope, tally.out_of_scope), (1, 1));
}

pub async fn listing_again_changes_nothing_but_gone(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let rows = world.list(&[1, 2]).await;
    world.copy(rows[0], 10).await;
    let gone = Discovered { gone: rows.clone(), ..Discovered::default() };
    world.ledger.discovered(world.lease, world.inbox, gone).await.unwrap();
    assert!(world.row(rows[0]).await.gone);
    let other = NewRow { size: 1, flags: flags("\\Seen"), ..message("INBOX", 1) };
    let again = Discovered { new: vec![other], ..Discovered::default() };
    world.ledger.discovered(world.lease, world.inbox, again).await.unwrap();
    let row = world.row(rows[0]).await;
    assert_eq!((row.gone, row.state, row.size), (false, RowState::Copied, 1001));
    assert_eq!(row.flags, flags(""));
    assert!(world.row(rows[1]).await.gone);
}

pub async fn a_step_changes_flags_and_scope(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let rows = world.list(&[1, 2]).await;
    let step = Discovered {
        flags: vec![(rows[0], flags("\\Answered"))],
        scope: vec![(rows[1], false)],
        ..Discovered::default()
    };
    world.ledger.discovered(world.lease, world.inbox, step).await.unwrap();
    assert_eq!(world.row(rows[0]).await.flags, flags("\\Answered"));
    assert!(!world.row(rows[1]).await.in_scope);
}

pub async fn the_cursor_comes_with_its_step_or_not_at_all(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let bad = Discovered {
        new: vec![message("INBOX", 1)],
        gone: vec![4711],
        end: Some((vec![1], EPOCH, None)),
        ..Discovered::default()
    };
    assert_eq!(refusal(world.ledger.discovered(world.lease, world.inbox, bad).await), Code::Bug);
    assert_eq!(world.folder(world.inbox).await.cursor, None);
    assert!(world.ledger.known(world.pair(), b"INBOX", EPOCH, None).await.unwrap().is_empty());
    let good = Discovered { end: Some((vec![0, 255], u64::MAX, Some(3))), ..Discovered::default() };
    world.ledger.discovered(world.lease, world.inbox, good).await.unwrap();
    let folder = world.folder(world.inbox).await;
    assert_eq!((folder.cursor, folder.epoch, folder.count), (Some(vec![0, 255]), Some(u64::MAX), Some(3)));
}

pub async fn another_pairs_folder_takes_no_rows(ledger: Arc<dyn Ledger>) {
    let world = World::new(Arc::clone(&ledger)).await;
    let other = World::of(ledger, "bob@source", "bob@target").await;
    let found = Discovered { new: vec![message("INBOX", 1)], ..Discovered::default() };
    assert_eq!(refusal(world.ledger.discovered(world.lease, other.inbox, found).await), Code::Bug);
}

pub async fn known_pages_ascend_by_id_within_one_epoch(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let many = u32::try_from(limits::LEDGER_PAGE).unwrap() + 10;
    let uids: Vec<u32> = (1..=many).rev().map(|uid| uid * 300).collect();
    let new = uids.iter().map(|uid| message("INBOX", *uid)).collect();
    world.ledger.discovered(world.lease, world.inbox, Discovered { new, ..Discovered::default() }).await.unwrap();
    let mut other = message("INBOX", 1);
    other.key.epoch = EPOCH + 1;
    let new = vec![other];
    world.ledger.discovered(world.lease, world.inbox, Discovered { new, ..Discovered::default() }).await.unwrap();

    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = world.ledger.known(world.pair(), b"INBOX", EPOCH, after.clone()).await.unwrap();
        assert!(page.len() <= limits::LEDGER_PAGE);
        let Some(last) = page.last() else { break };
        after = Some((last.id.clone(), last.version.clone()));
        found.extend(page.into_iter().map(|known| known.id));
    }
    let expected: Vec<Vec<u8>> = uids.iter().rev().map(|uid| id(*uid)).collect();
    assert_eq!(found, expected);
    let epoch = world.ledger.known(world.pair(), b"INBOX", EPOCH + 1, None).await.unwrap();
    assert_eq!(epoch.len(), 1);
}

pub async fn known_ids_tell_what_is_known_of_them(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let rows = world.list(&[1, 2, 3]).await;
    let ids = vec![id(3), id(9), id(1)];
    let mut found = world.ledger.known_ids(world.pair(), b"INBOX", EPOCH, ids).await.unwrap();
    found.sort_by_key(|known| known.row);
    assert_eq!(found.iter().map(|known| known.row).collect::<Vec<_>>(), [rows[0], rows[2]]);
    assert!(world.ledger.known_ids(world.pair(), b"Sent", EPOCH, vec![id(1)]).await.unwrap().is_empty());
}

pub async fn what_comes_back_after_its_removal_is_copied_once_more(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let rows = world.list(&[1, 2, 3]).await;
    world.copy(rows[0], 7).await;
    world.copy(rows[1], 8).await;
    world.ledger.correct(world.lease, vec![Correction::Removed(rows[0])]).await.unwrap();
    world.settle(Settlement::new(rows[2], RowState::Listed, RowState::Vanished)).await.unwrap();
    let gone = Discovered { gone: vec![rows[0], rows[1]], ..Discovered::default() };
    world.ledger.discovered(world.lease, world.inbox, gone).await.unwrap();
    assert_eq!(world.list(&[1, 2, 3]).await, rows);
    let [removed, stands, vanished] = [world.row(rows[0]).await, world.row(rows[1]).await, world.row(rows[2]).await];
    assert_eq!((removed.state, removed.target, removed.removed), (RowState::Listed, None, false));
    assert_eq!((stands.state, stands.target.map(|at| at.uid)), (RowState::Copied, Some(8)));
    assert_eq!(vanished.state, RowState::Listed);
    assert!(!removed.gone && !stands.gone && !vanished.gone);
}

pub async fn a_mailbox_namespace_keeps_one_row_when_the_message_moves(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let folders = world.ledger.list_folders(world.lease, vec![listing("INBOX"), listing("Done")]).await.unwrap();
    for folder in [world.inbox, folders[1].id] {
        let found = Discovered { new: vec![message("", 1)], ..Discovered::default() };
        world.ledger.discovered(world.lease, folder, found).await.unwrap();
    }
    let known = world.ledger.known(world.pair(), b"", EPOCH, None).await.unwrap();
    assert_eq!(known.len(), 1);
    assert_eq!(world.row(known[0].row).await.folder, folders[1].id);
}
