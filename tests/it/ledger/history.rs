//! Random histories against a model of a few lines: what the ledger keeps, and what it refuses.

use std::{collections::BTreeMap, path::Path};

use mailhaul::{
    ledger::{Correction, RowId, RowQuery, Settlement, SqliteLedger},
    model::RowState,
};
use proptest::prelude::*;

use super::world::{EPOCH, World, at, id, key, wire};

/// One call. Rows and UIDs come from a small world, so that histories collide.
#[derive(Clone, Debug)]
enum Call {
    List(u32),
    Intend(u32),
    /// From a state, or from the one the row is in.
    Settle(u32, Option<RowState>, RowState, Option<u32>),
    Place(u32, Option<u32>),
    Rekey(u32, u32),
    Void,
    /// The process ends and the next one begins.
    Reopen,
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let message = || 1..6_u32;
    let uid = || proptest::option::of(1..4_u32);
    let state = || proptest::sample::select(RowState::ALL.to_vec());
    let call = prop_oneof![
        4 => message().prop_map(Call::List),
        4 => message().prop_map(Call::Intend),
        8 => (message(), state(), uid()).prop_map(|(m, to, uid)| Call::Settle(m, None, to, uid)),
        2 => (message(), state(), state(), uid()).prop_map(|(m, from, to, uid)| Call::Settle(m, Some(from), to, uid)),
        2 => (message(), uid()).prop_map(|(m, uid)| Call::Place(m, uid)),
        2 => (message(), message()).prop_map(|(m, to)| Call::Rekey(m, to)),
        1 => Just(Call::Void),
        1 => Just(Call::Reopen),
    ];
    proptest::collection::vec(call, 1..60)
}

/// What the ledger must know: rows by message, each with state and target UID.
#[derive(Clone, Default)]
struct Model(BTreeMap<u32, (RowState, Option<u32>)>);

impl Model {
    fn claimed_by_another(&self, message: u32, uid: Option<u32>) -> bool {
        uid.is_some() && self.0.iter().any(|(other, (_, theirs))| *other != message && *theirs == uid)
    }

    /// Applies a call; false where the ledger must refuse it.
    fn apply(&mut self, call: &Call) -> bool {
        match *call {
            Call::List(message) => {
                let row = self.0.entry(message).or_insert((RowState::Listed, None));
                // It is back.
                if row.0 == RowState::Vanished {
                    *row = (RowState::Listed, None);
                }
            }
            Call::Intend(message) => match self.0.get_mut(&message) {
                Some(row @ (RowState::Listed | RowState::Intended, _)) => *row = (RowState::Intended, None),
                _ => return false,
            },
            Call::Settle(message, from, to, uid) => {
                let Some((state, _)) = self.0.get(&message) else { return false };
                let from = from.unwrap_or(*state);
                if *state != from || !from.may_become(to) || self.claimed_by_another(message, uid) {
                    return false;
                }
                self.0.insert(message, (to, uid));
            }
            Call::Place(message, uid) => {
                if self.claimed_by_another(message, uid) {
                    return false;
                }
                match self.0.get_mut(&message) {
                    Some(row) => row.1 = uid,
                    None => return false,
                }
            }
            Call::Rekey(message, to) => {
                let arrived = |row: &(RowState, _)| matches!(row.0, RowState::Copied | RowState::AlreadyPresent);
                let Some(row) = self.0.get(&message).copied() else { return false };
                if message != to && self.0.get(&to).is_some_and(arrived) {
                    return false;
                }
                self.0.remove(&message);
                self.0.insert(to, row);
            }
            Call::Void => self.0.values_mut().for_each(|row| row.1 = None),
            Call::Reopen => {}
        }
        true
    }
}

/// A number that no row has.
const NOBODY: RowId = 4711;

/// The row of a message, or nobody's.
async fn row(world: &World, message: u32) -> RowId {
    let known = world.ledger.known_ids(world.pair(), b"INBOX", EPOCH, vec![id(message)]).await.unwrap();
    known.first().map_or(NOBODY, |known| known.row)
}

async fn make(world: &World, call: &Call) -> bool {
    let correct = async |correction| world.ledger.correct(world.lease, vec![correction]).await.is_ok();
    match *call {
        Call::List(message) => !world.list(&[message]).await.is_empty(),
        Call::Intend(message) => world.intend(row(world, message).await).await.is_ok(),
        Call::Settle(message, from, to, uid) => {
            let folder = Some(wire("INBOX"));
            let row = row(world, message).await;
            let from = match from {
                None if row != NOBODY => world.row(row).await.state,
                from => from.unwrap_or(RowState::Listed),
            };
            let step = Settlement::new(row, from, to);
            world.settle(Settlement { target: uid.map(at), target_folder: folder, ..step }).await.is_ok()
        }
        Call::Place(message, uid) => {
            correct(Correction::Place(row(world, message).await, wire("INBOX"), uid.map(at))).await
        }
        Call::Rekey(message, to) => {
            correct(Correction::Rekey(row(world, message).await, world.inbox, key("INBOX", EPOCH, to))).await
        }
        Call::Void => world.ledger.void_target_uids(world.lease, &wire("INBOX"), 10).await.is_ok(),
        Call::Reopen => true,
    }
}

/// Everything the ledger says, in the model's words.
async fn told(world: &World) -> Model {
    let rows = world.ledger.rows(world.pair(), RowQuery::default()).await.unwrap();
    let uid = |id: &[u8]| u32::from_be_bytes(id.try_into().unwrap());
    Model(rows.iter().map(|row| (uid(&row.key.id), (row.state, row.target.map(|at| at.uid)))).collect())
}

async fn check_counts(world: &World, model: &Model) {
    let tally = &world.ledger.tally(world.pair(), None).await.unwrap()[0];
    let count = |state| model.0.values().filter(|row| row.0 == state).count() as u64;
    assert_eq!(tally.copied, count(RowState::Copied));
    assert_eq!(tally.open, count(RowState::Listed) + count(RowState::Intended));
    let settled = tally.copied + tally.already_present + tally.skipped + tally.failed + tally.vanished;
    assert_eq!(tally.in_scope, settled + tally.open);
}

async fn run(path: &Path, calls: Vec<Call>) {
    let open = async || World::new(SqliteLedger::open(path).unwrap()).await;
    let mut world = Some(open().await);
    let mut model = Model::default();
    for call in calls {
        if matches!(call, Call::Reopen) {
            drop(world.take());
        }
        let world = match &mut world {
            Some(world) => world,
            none => none.insert(open().await),
        };
        let mut next = model.clone();
        let expected = next.apply(&call);
        assert_eq!(make(world, &call).await, expected, "{call:?}");
        if expected {
            model = next;
        }
        assert_eq!(told(world).await.0, model.0, "after {call:?}");
    }
    let world = world.unwrap();
    check_counts(&world, &model).await;
    drop(world);
    let orphans = rusqlite::Connection::open(path).unwrap().prepare("PRAGMA foreign_key_check").unwrap().exists([]);
    assert!(!orphans.unwrap(), "rows without their folder, namespace or pair");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_ledger_does_what_the_model_says(calls in calls()) {
        let directory = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(&directory.path().join("ledger.db"), calls));
    }
}
