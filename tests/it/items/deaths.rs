//! Die at every step of the ledger and of its numbering, lose the power at each sync: the next pass ends with every item once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use mailhaul::{
    lab::graph::Settings,
    ledger::{Hooks, SqliteLedger},
    transfer::{MailboxReport, Options, Outcome},
};

use super::house::{House, copy_ledger, run};
use crate::{
    conformance,
    graph::stage::LEE,
    ledger::{Death, FaultyLedger},
    trials::size,
};

/// Items of a scene: a few batches in several folders.
const ITEMS: usize = 50;
/// Edited copies among them.
const COPIES: usize = 8;

async fn steps() -> u64 {
    let house = House::filled(ITEMS - COPIES, Settings::default()).await.with_copies(COPIES, 1);
    let ledger = house.ledger();
    let counting = Arc::new(FaultyLedger::immortal(ledger));
    let report = run(&house.pair(counting.clone()), counting.clone(), &Options::default()).await;
    assert_eq!(report.state, Outcome::Verified, "{report:#?}");
    counting.steps()
}

/// A pass that dies at this step, and what the next one reports.
pub async fn die(house: &House, step: u64, death: Death, dropped: bool) -> MailboxReport {
    let ledger = house.ledger();
    let mortal = Arc::new(FaultyLedger::new(ledger.clone(), step, death));
    let pair = house.pair(mortal.clone());
    let options = Options::default();
    match dropped {
        false => drop(run(&pair, mortal.clone(), &options).await),
        true => tokio::select! {
            biased;
            () = mortal.died() => {}
            report = run(&pair, mortal.clone(), &options) => drop(report),
        },
    }
    run(&house.pair(ledger.clone()), ledger, &options).await
}

#[test]
fn at_every_step() {
    // What is dropped ends at once only where one thread runs it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let steps = steps().await;
        // Every step in the long run, a share of them with each death in the ordinary one.
        let stride = size(5, 1) as u64;
        for step in (0..steps).filter(|step| step % stride == 0) {
            let death = if (step / stride).is_multiple_of(2) { Death::Before } else { Death::After };
            let dropped = (step / stride).is_multiple_of(3);
            let when = format!("{death:?} step {step}, dropped: {dropped}");
            let house = House::filled(ITEMS - COPIES, Settings::default()).await.with_copies(COPIES, 1);
            let report = die(&house, step, death, dropped).await;
            assert_eq!(report.state, Outcome::Verified, "{when}: {report:#?}");
            house.assert_equal(&when);
            assert_eq!(report.counts.copied, ITEMS as u64, "{when}: {report:#?}");
            let again = house.verified().await;
            assert_eq!(again.counts.copied_this_pass, 0, "{when}: {again:#?}");
            house.assert_equal(&format!("{when}, and once more"));
        }
        println!("{steps} steps");
    });
}

#[test]
fn at_every_power_cut() {
    conformance::run(async {
        let house = House::filled(ITEMS - COPIES, Settings::default()).await.with_copies(COPIES, 1);
        let kept = house.ledger_path().with_file_name("syncs");
        std::fs::create_dir(&kept).unwrap();
        let count = Arc::new(AtomicUsize::new(0));
        let (live, there, taken) = (house.ledger_path(), kept.clone(), count.clone());
        let keep = move || copy_ledger(&live, &there.join(taken.fetch_add(1, Ordering::SeqCst).to_string()));
        let hooks = Hooks { after_sync: Some(Arc::new(keep)), ..Hooks::default() };
        let ledger = SqliteLedger::open_with(house.ledger_path(), hooks).unwrap();
        let report = run(&house.pair(ledger.clone()), ledger, &Options::default()).await;
        assert_eq!(report.state, Outcome::Verified, "{report:#?}");
        let end = house.contents(LEE);
        let syncs = count.load(Ordering::SeqCst);
        for sync in 0..syncs {
            copy_ledger(&kept.join(sync.to_string()), &house.ledger_path());
            let report = house.pass(&Options::default()).await;
            assert!(report.error.is_none() && report.counts.unexplained == 0, "back to sync {sync}: {report:#?}");
            assert_eq!(house.contents(LEE), end, "back to sync {sync}");
        }
        println!("{syncs} syncs");
    });
}
