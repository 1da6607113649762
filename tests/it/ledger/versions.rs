//! Several contents of one message: each is a row of its own, and the later one supersedes what was copied before.

use std::sync::Arc;

use mailhaul::{
    ledger::{Discovered, Ledger, NewRow, RowQuery},
    model::{ContentId, RowState},
};

use super::world::{EPOCH, World, message};

fn draft(version: u8) -> NewRow {
    let mut row = message("INBOX", 9);
    row.key.version = vec![version];
    row.content = Some(ContentId(b"nine".to_vec()));
    row
}

async fn list(world: &World, new: Vec<NewRow>, gone: Vec<i64>) {
    let step = Discovered { new, gone, ..Discovered::default() };
    world.ledger.discovered(world.lease, world.inbox, step).await.unwrap();
}

async fn superseded(world: &World, superseded: bool) -> Vec<i64> {
    let states = vec![RowState::Copied];
    let query = RowQuery { states, gone: Some(true), superseded: Some(superseded), ..RowQuery::default() };
    world.ledger.rows(world.pair(), query).await.unwrap().into_iter().map(|row| row.id).collect()
}

pub async fn a_later_content_supersedes_once_it_arrived(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    list(&world, vec![draft(1)], Vec::new()).await;
    let known = world.ledger.known(world.pair(), b"INBOX", EPOCH, None).await.unwrap();
    world.copy(known[0].row, 1).await;
    list(&world, vec![draft(2)], vec![known[0].row]).await;
    let known = world.ledger.known(world.pair(), b"INBOX", EPOCH, None).await.unwrap();
    assert_eq!(
        known.iter().map(|k| (k.version.clone(), k.gone)).collect::<Vec<_>>(),
        [(vec![1], true), (vec![2], false)]
    );
    assert_eq!((superseded(&world, true).await, superseded(&world, false).await), (vec![], vec![known[0].row]));
    assert!(world.ledger.twins(world.pair(), vec![known[1].row]).await.unwrap().is_empty(), "other content is no twin");
    world.copy(known[1].row, 2).await;
    assert_eq!((superseded(&world, true).await, superseded(&world, false).await), (vec![known[0].row], vec![]));
}

pub async fn pages_of_what_is_known_do_not_part_versions(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    list(&world, vec![draft(2), draft(1), draft(3)], Vec::new()).await;
    let after = Some((draft(1).key.id, vec![1]));
    let known = world.ledger.known(world.pair(), b"INBOX", EPOCH, after).await.unwrap();
    assert_eq!(known.iter().map(|known| known.version.clone()).collect::<Vec<_>>(), [vec![2], vec![3]]);
}
