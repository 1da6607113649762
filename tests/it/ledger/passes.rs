//! Pairs, leases, passes and the counts that a report is made of.

use std::sync::Arc;

use mailhaul::{
    error::Code,
    ledger::{Correction, Discovered, Intent, Ledger, RowQuery, Settlement, Tally},
    model::{FolderPath, RowState},
};

use super::world::{World, copied, flags, intent, listing, refusal};

pub async fn a_pair_is_known_by_its_identities(ledger: Arc<dyn Ledger>) {
    let first = ledger.open_pair("ann@a", "ann@b").await.unwrap();
    let again = ledger.open_pair("ann@a", "ann@b").await.unwrap();
    let other = ledger.open_pair("ann@a", "archive@b").await.unwrap();
    assert_eq!(first.pair, again.pair);
    assert!(again.number > first.number);
    assert_ne!(other.pair, first.pair);
    let pairs = ledger.pairs().await.unwrap();
    let names: Vec<_> = pairs.iter().map(|pair| (pair.source.as_str(), pair.target.as_str())).collect();
    assert_eq!(names, [("ann@a", "ann@b"), ("ann@a", "archive@b")]);
    assert!(pairs[0].latest.is_none());
}

pub async fn an_old_lease_writes_nothing(ledger: Arc<dyn Ledger>) {
    let old = World::new(Arc::clone(&ledger)).await;
    let row = old.list(&[1]).await[0];
    old.intend(row).await.unwrap();
    let new = World::new(Arc::clone(&ledger)).await;
    assert_eq!(refusal(old.settle(copied(row, 1)).await), Code::LedgerLocked);
    assert_eq!(refusal(old.intend(row).await), Code::LedgerLocked);
    let found = Discovered { gone: vec![row], ..Discovered::default() };
    assert_eq!(refusal(ledger.discovered(old.lease, old.inbox, found).await), Code::LedgerLocked);
    assert_eq!(refusal(ledger.begin_pass(old.lease, "delta").await), Code::LedgerLocked);
    assert_eq!(new.row(row).await.state, RowState::Intended);
    new.settle(copied(row, 1)).await.unwrap();
}

pub async fn passes_are_recorded_newest_first(ledger: Arc<dyn Ledger>) {
    let world = World::new(Arc::clone(&ledger)).await;
    let first = ledger.begin_pass(world.lease, "first").await.unwrap();
    let cut = ledger.passes(world.pair()).await.unwrap();
    assert_eq!((cut[0].id, cut[0].finished, cut[0].outcome.clone()), (first, None, None));
    let world = World::new(Arc::clone(&ledger)).await;
    let second = ledger.begin_pass(world.lease, "delta").await.unwrap();
    ledger.end_pass(world.lease, second, "verified", "{\"x\":1}").await.unwrap();
    let passes = ledger.passes(world.pair()).await.unwrap();
    assert_eq!(passes.iter().map(|pass| pass.id).collect::<Vec<_>>(), [second, first]);
    let last = &passes[0];
    assert_eq!(
        (last.kind.as_str(), last.outcome.as_deref(), last.report.as_deref()),
        ("delta", Some("verified"), Some("{\"x\":1}"))
    );
    assert!(last.finished.unwrap() >= last.started && last.started > 1_700_000_000);
    assert_eq!(passes[1].finished, None);
    assert_eq!(ledger.pairs().await.unwrap()[0].latest.as_ref().unwrap().id, second);
    let other = World::of(Arc::clone(&ledger), "bob@source", "bob@target").await;
    assert_eq!(refusal(ledger.end_pass(other.lease, second, "failed", "{}").await), Code::Bug);
}

pub async fn counts_close(ledger: Arc<dyn Ledger>) {
    let world = World::new(Arc::clone(&ledger)).await;
    ledger.list_folders(world.lease, vec![listing("INBOX"), listing("Empty")]).await.unwrap();
    let earlier = ledger.begin_pass(world.lease, "first").await.unwrap();
    let rows = world.list(&[1, 2, 3, 4, 5, 6, 7, 8, 9]).await;
    world.copy(rows[0], 1).await;
    ledger.end_pass(world.lease, earlier, "finished", "{}").await.unwrap();
    let pass = ledger.begin_pass(world.lease, "delta").await.unwrap();
    let repaired = Intent { rung: 1, repairs: "NUL".into(), ..intent(rows[1]) };
    ledger.intend(world.lease, vec![repaired, intent(rows[7])]).await.unwrap();
    world.settle(copied(rows[1], 2)).await.unwrap();
    for (row, to) in
        [RowState::AlreadyPresent, RowState::Skipped, RowState::Failed, RowState::Vanished].iter().enumerate()
    {
        world.settle(Settlement::new(rows[row + 2], RowState::Listed, *to)).await.unwrap();
    }
    let changed = Discovered { gone: vec![rows[0]], scope: vec![(rows[8], false)], ..Discovered::default() };
    ledger.discovered(world.lease, world.inbox, changed).await.unwrap();
    let learnt = vec![
        Correction::Applied(rows[0], flags("\\Seen")),
        Correction::Missing(rows[1], true),
        Correction::RemovedByUser(rows[2]),
        Correction::Removed(rows[0]),
        Correction::Missing(rows[0], true),
        Correction::PossiblyDoubled(rows[2]),
    ];
    ledger.correct(world.lease, learnt).await.unwrap();

    let tallies = ledger.tally(world.pair(), Some(pass)).await.unwrap();
    let expected = Tally {
        source: FolderPath::inbox(),
        in_scope: 8,
        out_of_scope: 1,
        copied: 2,
        already_present: 1,
        skipped: 1,
        failed: 1,
        vanished: 1,
        open: 2,
        gone: 1,
        repaired: 1,
        missing_at_target: 2,
        removed_by_user: 1,
        removed: 1,
        possibly_doubled: 1,
        copied_this_pass: 1,
        updated_this_pass: 1,
        moved_this_pass: 0,
        bytes: 2000 + 2000 + 1003,
        open_bytes: 1007 + 1008,
        ..Tally::default()
    };
    assert_eq!(tallies[0], expected);
    assert_eq!(tallies[1], Tally { source: FolderPath::new(["Empty"]), ..Tally::default() });
    let all = ledger.tally(world.pair(), None).await.unwrap();
    assert_eq!((all[0].copied, all[0].copied_this_pass, all[0].updated_this_pass), (2, 0, 0));
}

pub async fn a_forgotten_pair_leaves_the_others(ledger: Arc<dyn Ledger>) {
    let ann = World::new(Arc::clone(&ledger)).await;
    let bob = World::of(Arc::clone(&ledger), "bob@source", "ann@target").await;
    ann.copy(ann.list(&[1]).await[0], 1).await;
    let kept = bob.list(&[1]).await[0];
    bob.copy(kept, 2).await;
    ledger.begin_pass(ann.lease, "first").await.unwrap();
    ledger.forget_pair(ann.pair()).await.unwrap();
    assert_eq!(ledger.pairs().await.unwrap().len(), 1);
    assert_eq!(bob.rows(RowQuery::default()).await, [kept]);
    assert_eq!(refusal(ledger.begin_pass(ann.lease, "first").await), Code::Bug);
    // Its places are free again.
    let third = bob.list(&[3]).await[0];
    bob.copy(third, 1).await;
    ledger.forget_pair(bob.pair()).await.unwrap();
    assert!(ledger.pairs().await.unwrap().is_empty());
}

pub async fn a_wrong_call_does_not_harm_its_neighbours(ledger: Arc<dyn Ledger>) {
    let world = Arc::new(World::new(Arc::clone(&ledger)).await);
    let uids: Vec<u32> = (1..=40).collect();
    let rows = world.list(&uids).await;
    let calls: Vec<_> = rows
        .iter()
        .map(|row| {
            let (world, row) = (Arc::clone(&world), *row);
            tokio::spawn(async move {
                let wrong = world.settle(copied(row, 1)).await.is_err();
                (wrong, world.intend(row).await.is_ok())
            })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), (true, true));
    }
    let intended = RowQuery { states: vec![RowState::Intended], ..RowQuery::default() };
    assert_eq!(world.rows(intended).await, rows);
}
