//! What only the SQLite file can do: its lock, its readers, its refusals, its power cuts.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use mailhaul::{
    error::Code,
    ledger::{Hooks, Ledger, RowQuery, SqliteLedger},
    model::RowState,
};
use rusqlite::Connection;

use super::world::{World, refusal};

struct Place {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger.db");
    Place { _directory: directory, path }
}

/// A ledger with some rows, closed again.
async fn filled(path: &Path) {
    let world = World::new(SqliteLedger::open(path).unwrap()).await;
    world.list(&(1..500).collect::<Vec<u32>>()).await;
}

#[tokio::test]
async fn a_second_writer_is_refused_and_readers_go_on() {
    let place = place();
    let writer = SqliteLedger::open(&place.path).unwrap();
    let refused = SqliteLedger::open(&place.path).err().unwrap();
    assert_eq!(refused.code(), Code::LedgerLocked);
    assert!(refused.subject().contains(&std::process::id().to_string()), "{refused}");

    let world = World::new(writer).await;
    let reader = SqliteLedger::open_read_only(&place.path).unwrap();
    let row = world.list(&[1]).await[0];
    let seen = reader.rows(world.pair(), RowQuery::default()).await.unwrap();
    assert_eq!((seen.len(), seen[0].id), (1, row));
    assert_eq!(refusal(reader.open_pair("a", "b").await), Code::Bug);
    assert_eq!(refusal(reader.begin_pass(world.lease, "first").await), Code::Bug);
    drop(world);
    SqliteLedger::open(&place.path).unwrap();
    assert_eq!(reader.pairs().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_reader_needs_no_writer() {
    let place = place();
    filled(&place.path).await;
    let reader = SqliteLedger::open_read_only(&place.path).unwrap();
    assert_eq!(reader.pairs().await.unwrap().len(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    let world = World::new(SqliteLedger::open(&place.path).unwrap()).await;
    world.list(&[1]).await;
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let name = with_suffix(&place.path, suffix);
        let mode = std::fs::metadata(&name).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name:?}");
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let place = place();
    filled(&place.path).await;
    Connection::open(&place.path).unwrap().pragma_update(None, "user_version", 4711).unwrap();
    assert_eq!(SqliteLedger::open(&place.path).err().unwrap().code(), Code::LedgerNewer);
    assert_eq!(SqliteLedger::open_read_only(&place.path).err().unwrap().code(), Code::LedgerNewer);
}

#[tokio::test]
async fn another_programs_database_is_left_alone() {
    let place = place();
    Connection::open(&place.path).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    assert_eq!(SqliteLedger::open(&place.path).err().unwrap().code(), Code::Config);
    assert_eq!(SqliteLedger::open_read_only(&place.path).err().unwrap().code(), Code::Config);
    let tables: i64 = Connection::open(&place.path)
        .unwrap()
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .unwrap();
    assert_eq!(tables, 1);
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let place = place();
    filled(&place.path).await;
    let whole = std::fs::read(&place.path).unwrap();
    let mut torn = whole.clone();
    let middle = torn.len() / 2;
    torn[middle..].fill(0x5a);
    for damage in [torn, whole[..whole.len() / 2].to_vec(), b"no database at all, but long enough".repeat(40)] {
        std::fs::write(&place.path, &damage).unwrap();
        let refused = SqliteLedger::open(&place.path).err();
        assert_eq!(refused.map(|error| error.code()), Some(Code::LedgerDamaged), "{} bytes", damage.len());
    }
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_named() {
    let place = place();
    let below_a_file = place.path.join("ledger.db");
    std::fs::write(&place.path, "a file, not a directory").unwrap();
    let refused = SqliteLedger::open(&below_a_file).err().unwrap();
    assert_eq!(refused.code(), Code::Disk);
    assert!(refused.subject().contains("ledger.db"), "{refused}");
    let absent = SqliteLedger::open_read_only(place.path.with_file_name("absent.db")).err().unwrap();
    assert_eq!(absent.code(), Code::Config);
}

#[tokio::test]
async fn a_full_disk_is_told_and_loses_nothing() {
    let place = place();
    filled(&place.path).await;
    // SQLite's own limit answers as a full disk does (SQLITE_FULL), wherever the file lies.
    let pages = std::fs::metadata(&place.path).unwrap().len() / 4096 + 4;
    let full = SqliteLedger::open_with(&place.path, Hooks { most_pages: Some(pages), ..Hooks::default() }).unwrap();
    let world = World::new(full).await;
    let rows = world.rows(RowQuery { limit: 3, ..RowQuery::default() }).await;
    let mut uid = 1000;
    let refused = loop {
        let new = (uid..uid + 100).map(|uid| super::world::message("INBOX", uid)).collect();
        let found = mailhaul::ledger::Discovered { new, ..Default::default() };
        match world.ledger.discovered(world.lease, world.inbox, found).await {
            Ok(()) => uid += 100,
            Err(error) => break error,
        }
        assert!(uid < 100_000, "the disk never filled");
    };
    assert_eq!(refused.code(), Code::Disk);
    let known = world.ledger.known(world.pair(), b"INBOX", super::world::EPOCH, None).await.unwrap();
    assert_eq!(known.len(), 499 + usize::try_from(uid - 1000).unwrap());
    drop(world);
    let world = World::new(SqliteLedger::open(&place.path).unwrap()).await;
    world.intend(rows[0]).await.unwrap();
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Copies the file and its WAL as a power cut at this instant would leave them.
fn power_cut(from: &Path, to: &Path) {
    for suffix in ["", "-wal"] {
        match std::fs::copy(with_suffix(from, suffix), with_suffix(to, suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => panic!("{error}"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn an_answered_intent_survives_every_power_cut() {
    let place = place();
    let cuts = Arc::new(Mutex::new(Vec::<PathBuf>::new()));
    let after_sync = {
        let (path, cuts) = (place.path.clone(), Arc::clone(&cuts));
        move || {
            let mut cuts = cuts.lock().unwrap();
            let copy = path.with_file_name(format!("cut-{}.db", cuts.len()));
            power_cut(&path, &copy);
            cuts.push(copy);
        }
    };
    let hooks = Hooks { after_sync: Some(Arc::new(after_sync)), ..Hooks::default() };
    let world = World::new(SqliteLedger::open_with(&place.path, hooks).unwrap()).await;
    let rows = world.list(&[1, 2, 3, 4]).await;
    let mut answered = Vec::new();
    for (row, uid) in rows.iter().zip(1..) {
        world.intend(*row).await.unwrap();
        answered.push((cuts.lock().unwrap().len(), *row));
        world.settle(super::world::copied(*row, uid)).await.unwrap();
    }
    drop(world);
    let cuts = std::mem::take(&mut *cuts.lock().unwrap());
    assert_eq!(cuts.len(), rows.len(), "one sync for each intent, none for an outcome");
    for (number, cut) in cuts.iter().enumerate() {
        let restored = World::new(SqliteLedger::open(cut).unwrap()).await;
        for (_, row) in answered.iter().filter(|(syncs, _)| *syncs <= number + 1) {
            let state = restored.row(*row).await.state;
            assert!(matches!(state, RowState::Intended | RowState::Copied), "cut {number}, row {row}: {state:?}");
        }
    }
}

#[tokio::test]
async fn intents_that_wait_together_share_a_sync() {
    let place = place();
    let syncs = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&syncs);
    let hooks = Hooks { after_sync: Some(Arc::new(move || *counter.lock().unwrap() += 1)), ..Hooks::default() };
    let world = Arc::new(World::new(SqliteLedger::open_with(&place.path, hooks).unwrap()).await);
    let rows = world.list(&(1..=64).collect::<Vec<u32>>()).await;
    let calls: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let world = Arc::clone(&world);
            tokio::spawn(async move { world.intend(row).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    let syncs = *syncs.lock().unwrap();
    assert!((1..=16).contains(&syncs), "{syncs} syncs for 64 mailboxes' intents");
}

#[tokio::test]
async fn a_dropped_call_is_made_all_the_same() {
    let place = place();
    let world = World::new(SqliteLedger::open(&place.path).unwrap()).await;
    let rows = world.list(&(1..=8).collect::<Vec<u32>>()).await;
    for row in &rows {
        let call = world.intend(*row);
        tokio::pin!(call);
        let _ = futures_util::poll!(&mut call);
    }
    drop(world);
    let world = World::new(SqliteLedger::open(&place.path).unwrap()).await;
    let intended = RowQuery { states: vec![RowState::Intended], ..RowQuery::default() };
    assert_eq!(world.rows(intended).await, rows);
}
