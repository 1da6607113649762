//! Power cuts: the ledger falls back to what the disk held at one of its full syncs, while everything sent since has happened.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use mailhaul::ledger::{Hooks, SqliteLedger};

use super::{
    deaths::{assert_same, closes, opening},
    scenes::{self, Scene},
    theatre::{Stage, copy_ledger, run},
};
use crate::support::place;

/// Plays the scene; returns the stage as it ended and where the ledger of each sync is.
async fn play(scene: &Scene, kept: &std::path::Path) -> (Stage, Vec<PathBuf>) {
    let stage = opening(scene).await.raise(&(scene.cast)()).await;
    let count = Arc::new(AtomicUsize::new(0));
    let (live, kept_there, taken) = (stage.ledger_path(), kept.to_path_buf(), count.clone());
    let keep = move || copy_ledger(&live, &kept_there.join(taken.fetch_add(1, Ordering::SeqCst).to_string()));
    let hooks = Hooks { after_sync: Some(Arc::new(keep)), ..Hooks::default() };
    let ledger = SqliteLedger::open_with(stage.ledger_path(), hooks).unwrap();
    let report = run(&stage.pair, ledger, &(scene.options)()).await;
    closes(scene, &report);
    let syncs = (0..count.load(Ordering::SeqCst)).map(|sync| kept.join(sync.to_string())).collect();
    (stage, syncs)
}

fn fall_back(scene: &Scene) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let kept = place::fresh("syncs");
        let (stage, syncs) = play(scene, kept.path()).await;
        let (end, last) = (stage.at_target(), stage.freeze());
        for (number, sync) in syncs.iter().enumerate() {
            let stage = Stage::raise(&(scene.cast)(), &last.source, &last.target).await;
            copy_ledger(sync, &stage.ledger_path());
            let report = stage.pass(&(scene.options)()).await;
            assert_same(&end, &stage.at_target(), &format!("back to sync {number}"));
            assert!(report.error.is_none() && report.counts.unexplained == 0, "back to sync {number}: {report:#?}");
        }
        println!("{} syncs", syncs.len());
    });
}

macro_rules! cuts {
    ($($name:ident: $scene:ident),+ $(,)?) => {
        $(#[test]
        fn $name() {
            fall_back(&scenes::$scene);
        })+
    };
}

cuts! {
    first_copy: FIRST_COPY,
    first_copy_without_uids: WITHOUT_UIDS,
    labels: LABELS,
    labels_rendered_anew: LABELS_RENDERED,
    labels_that_change: LABELS_CHANGED,
    refused_and_repaired: REFUSED,
    rendered_anew: RENDERED,
    delta: DELTA,
    delta_mirrored: MIRROR,
    delta_with_the_least_of_extensions: DELTA_BARE,
    adoption: ADOPT,
    renumbered_source: RENUMBERED_SOURCE,
    renumbered_source_after_repairs: RENUMBERED_REPAIRED,
    renumbered_target: RENUMBERED_TARGET,
}
