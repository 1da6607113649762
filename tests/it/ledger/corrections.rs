//! What is learnt about rows later, without a change of state.

use std::sync::Arc;

use mailhaul::{
    error::Code,
    ledger::{Correction, Discovered, Ledger, NewRow, RowQuery, Settlement},
    model::{ReceivedAt, RowState},
};

use super::world::{EPOCH, World, flags, id, key, listing, message, refusal};

pub async fn each_fact_is_kept(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let row = world.list(&[1]).await[0];
    world.copy(row, 1).await;
    let learnt = vec![
        Correction::Applied(row, flags("\\Seen")),
        Correction::Missing(row, true),
        Correction::Removed(row),
        Correction::PossiblyDoubled(row),
    ];
    world.ledger.correct(world.lease, learnt).await.unwrap();
    let found = world.row(row).await;
    assert_eq!((found.applied, found.state), (flags("\\Seen"), RowState::Copied));
    assert!(found.missing_at_target && found.removed && found.possibly_doubled);
    assert!(!found.removed_by_user, "nobody saw it there");
    world.ledger.correct(world.lease, vec![Correction::RemovedByUser(row)]).await.unwrap();
    let found = world.row(row).await;
    assert!(found.missing_at_target && found.removed_by_user);
    world.ledger.correct(world.lease, vec![Correction::Missing(row, false)]).await.unwrap();
    assert!(!world.row(row).await.missing_at_target);
}

pub async fn a_wrong_correction_undoes_its_call(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let row = world.list(&[1]).await[0];
    let calls = [Correction::Removed(4711), Correction::Missing(4711, true), Correction::PossiblyDoubled(4711)];
    for wrong in calls {
        let call = vec![Correction::Removed(row), wrong];
        assert_eq!(refusal(world.ledger.correct(world.lease, call).await), Code::Bug);
        assert!(!world.row(row).await.removed);
    }
}

pub async fn a_moved_message_takes_over_the_row_that_was_listed_for_it(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let folders = world.ledger.list_folders(world.lease, vec![listing("INBOX"), listing("Done")]).await.unwrap();
    let done = folders[1].id;
    let pass = world.ledger.begin_pass(world.lease, "delta").await.unwrap();
    let moved = world.list(&[1]).await[0];
    world.copy(moved, 1).await;
    let gone = Discovered { gone: vec![moved], ..Discovered::default() };
    world.ledger.discovered(world.lease, world.inbox, gone).await.unwrap();
    let seen = NewRow { flags: flags("\\Answered"), ..message("Done", 50) };
    let found = Discovered { new: vec![seen], ..Discovered::default() };
    world.ledger.discovered(world.lease, done, found).await.unwrap();

    let rekey = Correction::Rekey(moved, done, key("Done", EPOCH, 50));
    world.ledger.correct(world.lease, vec![rekey]).await.unwrap();

    let row = world.row(moved).await;
    assert_eq!((row.folder, row.state, row.gone), (done, RowState::Copied, false));
    assert_eq!((row.key, row.size), (key("Done", EPOCH, 50), 1050));
    assert_eq!((row.flags, row.applied), (flags("\\Answered"), flags("")));
    assert_eq!(world.rows(RowQuery::default()).await, [moved]);
    assert!(world.ledger.known_ids(world.pair(), b"INBOX", EPOCH, vec![id(1)]).await.unwrap().is_empty());
    let tallies = world.ledger.tally(world.pair(), Some(pass)).await.unwrap();
    assert_eq!((tallies[1].moved_this_pass, tallies[1].in_scope, tallies[0].in_scope), (1, 1, 0));
}

pub async fn a_new_epoch_is_no_move(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let pass = world.ledger.begin_pass(world.lease, "delta").await.unwrap();
    let rows = world.list(&[1, 2]).await;
    let rekeyed = vec![
        Correction::Rekey(rows[0], world.inbox, key("INBOX", EPOCH + 1, 2)),
        Correction::Rekey(rows[1], world.inbox, key("INBOX", EPOCH + 1, 1)),
    ];
    world.ledger.correct(world.lease, rekeyed).await.unwrap();
    let known = world.ledger.known(world.pair(), b"INBOX", EPOCH + 1, None).await.unwrap();
    assert_eq!(known.iter().map(|known| known.row).collect::<Vec<_>>(), [rows[1], rows[0]]);
    let tally = &world.ledger.tally(world.pair(), Some(pass)).await.unwrap()[0];
    assert_eq!((tally.moved_this_pass, tally.in_scope), (0, 2));
}

pub async fn a_row_at_the_target_is_never_absorbed(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let rows = world.list(&[1, 2, 3, 4]).await;
    world.copy(rows[0], 1).await;
    world.copy(rows[1], 2).await;
    world.intend(rows[2]).await.unwrap();
    world.settle(Settlement::new(rows[3], RowState::Listed, RowState::AlreadyPresent)).await.unwrap();
    for uid in [2, 4] {
        let rekey = vec![Correction::Rekey(rows[0], world.inbox, key("INBOX", EPOCH, uid))];
        assert_eq!(refusal(world.ledger.correct(world.lease, rekey).await), Code::Bug);
    }
    assert_eq!(world.rows(RowQuery::default()).await, rows);
    assert_eq!(world.row(rows[0]).await.key, key("INBOX", EPOCH, 1));
    // A move at the target is made under an intent of the new row; its outcome is the old row's new place.
    let rekey = vec![Correction::Rekey(rows[0], world.inbox, key("INBOX", EPOCH, 3))];
    world.ledger.correct(world.lease, rekey).await.unwrap();
    assert_eq!(world.rows(RowQuery::default()).await, [rows[0], rows[1], rows[3]]);
}

pub async fn moves_are_found_by_size_and_date_among_the_gone(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let rows = world.list(&[1, 2, 3]).await;
    for (row, uid) in rows.iter().zip(1..) {
        world.copy(*row, uid).await;
    }
    let gone = Discovered { gone: vec![rows[0], rows[1]], ..Discovered::default() };
    world.ledger.discovered(world.lease, world.inbox, gone).await.unwrap();
    world.ledger.correct(world.lease, vec![Correction::Removed(rows[1])]).await.unwrap();
    let candidates = |uid: u32| RowQuery {
        states: vec![RowState::Copied, RowState::AlreadyPresent],
        gone: Some(true),
        removed: Some(false),
        size: Some(1000 + u64::from(uid)),
        received_at: Some(ReceivedAt { unix: 1_700_000_000 + i64::from(uid), offset: 0 }),
        ..RowQuery::default()
    };
    assert_eq!(world.rows(candidates(1)).await, [rows[0]]);
    assert!(world.rows(candidates(2)).await.is_empty());
    assert!(world.rows(candidates(3)).await.is_empty());
}
