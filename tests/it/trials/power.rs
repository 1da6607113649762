//! Power cuts: the ledger is put back to what the disk held after a full sync, while everything that was sent since has
//! happened at the target.

use super::inside::pass;
use super::{Pair, seed, size};
use crate::support::corpus::Mailbox;
use crate::support::image::assert_equal;
use mailhaul::ledger::sqlite::{Hooks, SqliteLedger};
use mailhaul::transfer::Outcome;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The file and its WAL; the rest is made anew.
const ENDS: [&str; 2] = ["", "-wal"];

fn copy(from: &Path, to: &Path) {
    for end in ENDS {
        let file = |path: &Path| PathBuf::from(format!("{}{end}", path.display()));
        let _ = std::fs::remove_file(file(to));
        if file(from).exists() {
            std::fs::copy(file(from), file(to)).unwrap();
        }
    }
    let _ = std::fs::remove_file(format!("{}-shm", to.display()));
}

/// Keeps what the disk holds at each full sync, from the first to the last.
fn snapshots(ledger: &Path, into: &Path) -> (Hooks, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let (ledger, into, taken) = (ledger.to_path_buf(), into.to_path_buf(), Arc::clone(&count));
    let hook = move || copy(&ledger, &into.join(taken.fetch_add(1, Ordering::SeqCst).to_string()));
    (Hooks { after_sync: Some(Arc::new(hook)), ..Hooks::default() }, count)
}

/// Every effect of the pass is at the target, the ledger knows what it knew at one of its syncs.
#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_falls_back_to_any_of_its_syncs() {
    let pair = Pair::filled(&Mailbox::new(seed(), 40, size(400, 1000)));
    let (from, to) = (pair.source.address(), pair.target.address());
    let ledger = pair.haul.ledger();
    let (hooks, count) = snapshots(&ledger, pair.haul.home.path());
    let report = pass(from, to, &ledger, hooks).await;
    assert_eq!(report.state, Outcome::Verified, "{report:#?}");
    let count = count.load(Ordering::SeqCst);
    assert!(count >= 4, "{count} syncs");
    for sync in (0..count).step_by(size(count.div_ceil(6), 1)) {
        copy(&pair.haul.home.path().join(sync.to_string()), &ledger);
        let report = pass(from, to, &ledger, Hooks::default()).await;
        println!("back to sync {sync} of {count}: {:?}, {} copied", report.state, report.counts.copied_this_pass);
        assert_eq!(report.state, Outcome::Verified, "{report:#?}");
        assert_equal(&pair.wanted, &pair.at_target());
    }
}

/// The power goes at a sync: the pass ends there, with what it had sent, and the next one starts from the disk.
#[tokio::test(flavor = "multi_thread")]
async fn the_power_goes_at_a_sync() {
    let seed = seed();
    let mut rng = fastrand::Rng::with_seed(seed);
    for round in 0..size(4, 40) {
        let pair = Pair::filled(&Mailbox::new(seed, 41 + round as u64, size(200, 400)));
        let (from, to) = (pair.source.address(), pair.target.address());
        let ledger = pair.haul.ledger();
        let disk = pair.haul.home.path().join("disk");
        let (last, cut) = (rng.usize(1..12), Arc::new(tokio::sync::Notify::new()));
        let (hooks, told) = (until(&ledger, &disk, last, &cut), Arc::clone(&cut));
        tokio::select! {
            report = pass(from, to, &ledger, hooks) => println!("round {round}: over before sync {last}: {:?}", report.state),
            () = told.notified() => println!("round {round}: cut at sync {last}"),
        }
        // A dropped pass still writes what it was asked to; the disk does not have that.
        closed(&ledger).await;
        copy(&disk, &ledger);
        let report = pass(from, to, &ledger, Hooks::default()).await;
        assert_eq!(report.state, Outcome::Verified, "{report:#?}");
        assert_equal(&pair.wanted, &pair.at_target());
    }
}

/// Waits until nobody holds the ledger.
async fn closed(ledger: &Path) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while let Err(error) = SqliteLedger::open(ledger) {
        assert!(Instant::now() < deadline, "{error}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Copies to `disk` at each sync and gives notice at the one after `last`.
fn until(ledger: &Path, disk: &Path, last: usize, cut: &Arc<tokio::sync::Notify>) -> Hooks {
    let (ledger, disk, cut, count) = (ledger.to_path_buf(), disk.to_path_buf(), Arc::clone(cut), Mutex::new(0));
    let hook = move || {
        let mut count = count.lock().unwrap();
        *count += 1;
        match (*count).cmp(&(last + 1)) {
            std::cmp::Ordering::Less => copy(&ledger, &disk),
            _ => cut.notify_one(),
        }
    };
    Hooks { after_sync: Some(Arc::new(hook)), ..Hooks::default() }
}
