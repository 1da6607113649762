//! Target folders: one target message answers for one row, whichever pair it belongs to.

use std::sync::Arc;

use mailhaul::{
    error::Code,
    ledger::{Correction, Ledger, PinnedTarget, RowQuery, Settlement, TargetFolderState},
    model::{FolderPath, RowState, TargetUid},
};

use super::world::{World, at, copied, listing, refusal, wire};

pub async fn one_target_message_answers_for_one_row(ledger: Arc<dyn Ledger>) {
    let world = World::new(Arc::clone(&ledger)).await;
    let rows = world.list(&[1, 2]).await;
    world.copy(rows[0], 10).await;
    world.intend(rows[1]).await.unwrap();
    assert_eq!(refusal(world.settle(copied(rows[1], 10)).await), Code::Bug);
    assert_eq!(world.row(rows[1]).await.state, RowState::Intended);
    // Another life of the folder, or another folder, is another message.
    let life = Settlement { target: Some(TargetUid { validity: 10, uid: 10 }), ..copied(rows[1], 10) };
    world.settle(life).await.unwrap();

    let sharing = World::of(Arc::clone(&ledger), "bob@source", "ann@target").await;
    let row = sharing.list(&[1]).await[0];
    sharing.intend(row).await.unwrap();
    assert_eq!(refusal(sharing.settle(copied(row, 10)).await), Code::Bug);
    let elsewhere = World::of(ledger, "bob@source", "bob@target").await;
    let row = elsewhere.list(&[1]).await[0];
    elsewhere.copy(row, 10).await;
}

pub async fn claims_are_seen_across_pairs_that_share_the_mailbox(ledger: Arc<dyn Ledger>) {
    let ann = World::new(Arc::clone(&ledger)).await;
    let bob = World::of(Arc::clone(&ledger), "bob@source", "ann@target").await;
    let stranger = World::of(Arc::clone(&ledger), "eve@source", "eve@target").await;
    let rows = [ann.list(&[1]).await[0], bob.list(&[1]).await[0]];
    ann.copy(rows[0], 10).await;
    bob.copy(rows[1], 12).await;
    for world in [&ann, &bob] {
        let claimed = ledger.claimed(world.lease, &wire("INBOX"), 9, vec![10, 11, 12]).await.unwrap();
        assert_eq!(claimed, [(10, rows[0]), (12, rows[1])]);
    }
    assert!(ledger.claimed(ann.lease, &wire("INBOX"), 8, vec![10]).await.unwrap().is_empty());
    assert!(ledger.claimed(ann.lease, &wire("Sent"), 9, vec![10]).await.unwrap().is_empty());
    assert!(ledger.claimed(stranger.lease, &wire("INBOX"), 9, vec![10]).await.unwrap().is_empty());
}

pub async fn frontiers_belong_to_a_pair(ledger: Arc<dyn Ledger>) {
    let ann = World::new(Arc::clone(&ledger)).await;
    let bob = World::of(Arc::clone(&ledger), "bob@source", "ann@target").await;
    let folder = wire("INBOX");
    assert_eq!(ledger.target_folder(ann.pair(), &folder).await.unwrap(), None);
    let state =
        TargetFolderState { validity: u32::MAX, next: 5, messages: 4, modseq: Some(u64::MAX), verified: true, seen: 5 };
    ledger.set_target_folder(ann.lease, &folder, state.clone()).await.unwrap();
    assert_eq!(ledger.target_folder(ann.pair(), &folder).await.unwrap(), Some(state.clone()));
    assert_eq!(ledger.target_folder(bob.pair(), &folder).await.unwrap(), None);
    let next = TargetFolderState { next: 6, modseq: None, ..state };
    ledger.set_target_folder(ann.lease, &folder, next.clone()).await.unwrap();
    assert_eq!(ledger.target_folder(ann.pair(), &folder).await.unwrap(), Some(next.clone()));
    let unverified = TargetFolderState { seen: 0, verified: false, ..next };
    ledger.set_target_folder(ann.lease, &folder, unverified.clone()).await.unwrap();
    let seen = ledger.target_folder(ann.pair(), &folder).await.unwrap().unwrap().seen;
    assert_eq!(seen, 5, "what was seen was seen");
    ledger.set_target_folder(ann.lease, &folder, TargetFolderState { validity: 1, ..unverified }).await.unwrap();
    assert_eq!(ledger.target_folder(ann.pair(), &folder).await.unwrap().unwrap().seen, 0, "another life of the folder");
}

pub async fn placed_rows_ascend_by_uid(ledger: Arc<dyn Ledger>) {
    let world = World::new(Arc::clone(&ledger)).await;
    let bob = World::of(Arc::clone(&ledger), "bob@source", "ann@target").await;
    let pass = ledger.begin_pass(world.lease, "first").await.unwrap();
    let rows = world.list(&[1, 2, 3, 4]).await;
    for (row, uid) in [(rows[0], 30), (rows[1], 20), (rows[2], 10)] {
        world.copy(row, uid).await;
    }
    let adopted = Settlement {
        target: Some(at(5)),
        target_folder: Some(wire("INBOX")),
        ..Settlement::new(rows[3], RowState::Listed, RowState::AlreadyPresent)
    };
    world.settle(adopted).await.unwrap();
    bob.copy(bob.list(&[1]).await[0], 15).await;
    let placed = ledger.placed(world.pair(), &wire("INBOX"), 9, 0).await.unwrap();
    let seen: Vec<_> = placed.iter().map(|placed| (placed.uid, placed.row, placed.copied_this_pass)).collect();
    assert_eq!(seen, [(5, rows[3], false), (10, rows[2], true), (20, rows[1], true), (30, rows[0], true)]);
    assert_eq!(placed[1].sent_size, Some(2000));
    let rest = ledger.placed(world.pair(), &wire("INBOX"), 9, 10).await.unwrap();
    assert_eq!(rest.iter().map(|placed| placed.uid).collect::<Vec<_>>(), [20, 30]);
    ledger.end_pass(world.lease, pass, "verified", "{}").await.unwrap();
    let later = ledger.placed(world.pair(), &wire("INBOX"), 9, 0).await.unwrap();
    assert!(later.iter().all(|placed| !placed.copied_this_pass));
    assert!(ledger.placed(world.pair(), &wire("INBOX"), 8, 0).await.unwrap().is_empty());
}

pub async fn voided_uids_free_their_places(ledger: Arc<dyn Ledger>) {
    let world = World::new(Arc::clone(&ledger)).await;
    let bob = World::of(Arc::clone(&ledger), "bob@source", "ann@target").await;
    let rows = world.list(&[1, 2, 3]).await;
    world.copy(rows[0], 1).await;
    world.copy(rows[1], 2).await;
    let kept = bob.list(&[1]).await[0];
    bob.copy(kept, 3).await;
    assert_eq!(ledger.void_target_uids(world.lease, &wire("INBOX"), at(1).validity).await.unwrap(), 0);
    assert_eq!(ledger.void_target_uids(world.lease, &wire("INBOX"), at(1).validity + 1).await.unwrap(), 2);
    let row = world.row(rows[0]).await;
    assert_eq!((row.state, row.target, row.target_folder), (RowState::Copied, None, Some(wire("INBOX"))));
    assert_eq!(bob.row(kept).await.target, Some(at(3)));
    // Found again in the other order: a batch may permute places.
    let swap = |a, b| {
        vec![
            Correction::Place(rows[0], wire("INBOX"), Some(at(a))),
            Correction::Place(rows[1], wire("INBOX"), Some(at(b))),
        ]
    };
    ledger.correct(world.lease, swap(2, 1)).await.unwrap();
    ledger.correct(world.lease, swap(1, 2)).await.unwrap();
    assert_eq!(world.row(rows[1]).await.target, Some(at(2)));
    assert_eq!(refusal(ledger.correct(world.lease, swap(2, 3)).await), Code::Bug);
    assert_eq!(world.row(rows[0]).await.target, Some(at(1)));
    assert_eq!(ledger.void_target_uids(world.lease, &wire("Unknown"), 1).await.unwrap(), 0);
}

pub async fn a_renamed_target_folder_keeps_rows_pins_and_frontier(ledger: Arc<dyn Ledger>) {
    let world = World::new(Arc::clone(&ledger)).await;
    let row = world.list(&[1]).await[0];
    world.copy(row, 1).await;
    let pin = |name: &str| PinnedTarget { path: FolderPath::new([name]), name: Some(wire(name)) };
    ledger.pin_target(world.lease, world.inbox, pin("INBOX")).await.unwrap();
    let state = TargetFolderState { validity: 9, next: 2, messages: 1, modseq: None, verified: true, seen: 0 };
    ledger.set_target_folder(world.lease, &wire("INBOX"), state.clone()).await.unwrap();
    // A folder that bore the new name before, with a row that claims a UID of the same UIDVALIDITY.
    let folders = ledger.list_folders(world.lease, vec![listing("INBOX"), listing("Stale")]).await.unwrap();
    let stale = world.list_in(folders[1].id, "Stale", &[1]).await[0];
    let there = Settlement {
        target: Some(at(1)),
        target_folder: Some(wire("Done")),
        ..Settlement::new(stale, RowState::Listed, RowState::AlreadyPresent)
    };
    world.settle(there).await.unwrap();
    ledger.set_target_folder(world.lease, &wire("Done"), TargetFolderState::default()).await.unwrap();

    ledger.rename_target_folder(world.lease, &wire("INBOX"), pin("Done")).await.unwrap();

    let found = world.row(row).await;
    assert_eq!((found.target_folder, found.target), (Some(wire("Done")), Some(at(1))));
    assert_eq!(world.row(stale).await.target, None);
    assert_eq!(world.folder(world.inbox).await.target, Some(pin("Done")));
    assert_eq!(ledger.target_folder(world.pair(), &wire("Done")).await.unwrap(), Some(state));
    assert_eq!(ledger.target_folder(world.pair(), &wire("INBOX")).await.unwrap(), None);
    let there = RowQuery { target_folder: Some(wire("Done")), ..RowQuery::default() };
    assert_eq!(world.rows(there).await, [row, stale]);
    let nameless = PinnedTarget { path: FolderPath::new(["X"]), name: None };
    assert_eq!(refusal(ledger.rename_target_folder(world.lease, &wire("Done"), nameless).await), Code::Bug);
}

pub async fn a_changed_validity_voids_uids(ledger: Arc<dyn Ledger>) {
    let world = World::new(Arc::clone(&ledger)).await;
    let row = world.list(&[1]).await[0];
    world.copy(row, 1).await;
    let now = |validity| TargetFolderState { validity, next: 2, messages: 1, ..TargetFolderState::default() };
    for (validity, kept) in [(at(1).validity, Some(at(1))), (at(1).validity + 1, None)] {
        ledger.set_target_folder(world.lease, &wire("INBOX"), now(validity)).await.unwrap();
        assert_eq!(world.row(row).await.target, kept);
    }
}
