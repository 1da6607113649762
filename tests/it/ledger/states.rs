//! States move by compare-and-set along the table only, all or none per call.

use std::sync::Arc;

use mailhaul::{
    error::Code,
    ledger::{Ledger, Settlement},
    model::{Flags, Mark, RowState},
};

use super::world::{World, at, copied, flags, intent, reason, refusal, wire};

/// Brings the row of a fresh message into `state` along allowed moves.
async fn row_in(world: &World, uid: u32, state: RowState) -> i64 {
    let row = world.list(&[uid]).await[0];
    match state {
        RowState::Listed => {}
        RowState::Intended => world.intend(row).await.unwrap(),
        RowState::Copied => world.copy(row, uid).await,
        state => world.settle(Settlement::new(row, RowState::Listed, state)).await.unwrap(),
    }
    assert_eq!(world.row(row).await.state, state);
    row
}

pub async fn every_move_of_the_table(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let mut uid = 0;
    for from in RowState::ALL {
        for to in RowState::ALL {
            uid += 1;
            let row = row_in(&world, uid, from).await;
            let moved = world.settle(Settlement::new(row, from, to)).await;
            if from.may_become(to) {
                moved.unwrap();
                assert_eq!(world.row(row).await.state, to);
            } else {
                assert_eq!(refusal(moved), Code::Bug, "{from:?} → {to:?}");
                assert_eq!(world.row(row).await.state, from);
            }
        }
    }
}

pub async fn intents_start_from_listed_or_intended(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    for (uid, from) in (1..).zip(RowState::ALL) {
        let row = row_in(&world, uid, from).await;
        let intended = world.intend(row).await;
        match from {
            RowState::Listed | RowState::Intended => intended.unwrap(),
            _ => assert_eq!(refusal(intended), Code::Bug, "{from:?}"),
        }
    }
}

pub async fn a_move_from_another_state_is_refused(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let row = row_in(&world, 1, RowState::Failed).await;
    let late = world.settle(copied(row, 5)).await;
    assert_eq!(refusal(late), Code::Bug);
    assert_eq!(world.row(row).await.state, RowState::Failed);
    let stranger = world.settle(Settlement::new(row + 1000, RowState::Listed, RowState::Skipped)).await;
    assert_eq!(refusal(stranger), Code::Bug);
}

pub async fn a_refused_call_changes_nothing(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let rows = world.list(&[1, 2, 3]).await;
    let steps = vec![
        Settlement::new(rows[0], RowState::Listed, RowState::Vanished),
        Settlement::new(rows[1], RowState::Listed, RowState::Vanished),
        Settlement::new(rows[2], RowState::Intended, RowState::Copied),
    ];
    assert_eq!(refusal(world.ledger.settle(world.lease, steps).await), Code::Bug);
    world.settle(Settlement::new(rows[1], RowState::Listed, RowState::Skipped)).await.unwrap();
    let intents = vec![intent(rows[0]), intent(rows[1])];
    assert_eq!(refusal(world.ledger.intend(world.lease, intents).await), Code::Bug);
    assert_eq!(world.row(rows[0]).await.state, RowState::Listed);
    assert_eq!(world.row(rows[0]).await.body_hash, None);
}

pub async fn an_intent_keeps_its_evidence(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let row = world.list(&[1]).await[0];
    let sent = mailhaul::ledger::Intent { applied: flags("\\Seen x"), ..intent(row) };
    world.ledger.intend(world.lease, vec![sent.clone()]).await.unwrap();
    let repaired = mailhaul::ledger::Intent {
        rung: 2,
        repairs: "long line".into(),
        mark: Mark(vec![9]),
        target_folder: wire("Sent"),
        ..sent.clone()
    };
    world.ledger.intend(world.lease, vec![repaired.clone()]).await.unwrap();
    let found = world.row(row).await;
    assert_eq!(found.state, RowState::Intended);
    assert_eq!(found.body_hash, Some(sent.body_hash));
    assert_eq!(found.fingerprint, Some(sent.fingerprint));
    assert_eq!(found.sent_size, Some(2000));
    assert_eq!((found.rung, found.repairs.as_str()), (2, "long line"));
    assert_eq!(found.mark, Some(repaired.mark));
    assert_eq!(found.target_folder, Some(wire("Sent")));
    assert_eq!(found.applied, flags("\\Seen x"));
}

pub async fn outcomes_keep_place_and_reason(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let rows = world.list(&[1, 2, 3]).await;
    world.copy(rows[0], 40).await;
    let found = world.row(rows[0]).await;
    assert_eq!((found.target, found.target_folder), (Some(at(40)), Some(wire("INBOX"))));

    let adopted = Settlement {
        target: Some(at(41)),
        target_folder: Some(wire("Old")),
        applied: Some(flags("\\Flagged")),
        ..Settlement::new(rows[1], RowState::Listed, RowState::AlreadyPresent)
    };
    world.settle(adopted).await.unwrap();
    let found = world.row(rows[1]).await;
    assert_eq!(
        (found.target, found.target_folder, found.applied),
        (Some(at(41)), Some(wire("Old")), flags("\\Flagged"))
    );

    let refused =
        Settlement { reason: reason("552 too big"), ..Settlement::new(rows[2], RowState::Listed, RowState::Failed) };
    world.settle(refused).await.unwrap();
    assert_eq!(world.row(rows[2]).await.reason, reason("552 too big"));
    world.settle(Settlement::new(rows[2], RowState::Failed, RowState::Listed)).await.unwrap();
    let again = world.row(rows[2]).await;
    assert_eq!((again.state, again.reason, again.applied), (RowState::Listed, None, Flags::default()));
}
