//! Die at every step of the ledger: each scene is played to its end once, then killed before and after each write, and resumed.

use std::sync::Arc;

use mailhaul::{
    lab::mailstore::{Mailbox, Snapshot},
    transfer::{MailboxReport, Outcome},
};

use super::{
    scenes::{self, Scene},
    theatre::{Frozen, Stage, run},
};
use crate::ledger::{Death, FaultyLedger};

/// How a pass ends when its ledger dies.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// It notices, drains and returns.
    Notices,
    /// It is dropped on the spot, as a killed process is.
    IsDropped,
}

/// The scene before the pass that is tried.
pub async fn opening(scene: &Scene) -> Frozen {
    let (mut source, mut target) = (Mailbox::new('/'), Mailbox::new('/'));
    (scene.before)(&mut source, &mut target);
    let stage = Stage::raise(&(scene.cast)(), &source, &target).await;
    drop(stage.ledger());
    if let Some(meanwhile) = scene.meanwhile {
        let first = stage.pass(&(scene.options)()).await;
        assert!(first.state <= Outcome::Finished, "{first:#?}");
        stage.change_source(|source| stage.change_target(|target| meanwhile(source, target)));
    }
    stage.freeze()
}

/// Plays the scene to its end and once more; returns its last state and the steps of its ledger.
async fn rehearse(scene: &Scene, frozen: &Frozen) -> (Snapshot, u64) {
    let stage = frozen.raise(&(scene.cast)()).await;
    let (source, target) = (stage.at_source(), stage.at_target());
    let ledger = Arc::new(FaultyLedger::immortal(stage.ledger()));
    let report = run(&stage.pair, ledger.clone(), &(scene.options)()).await;
    closes(scene, &report);
    let steps = ledger.steps();
    let end = stage.at_target();
    let wanted = (scene.after)(&source, &target);
    if scene.exceptions == [0; 3] {
        assert_same(&wanted, &end, "the first play");
    } else {
        let missing = wanted.doubles(&end);
        assert_eq!(missing, 0, "untouched messages are missing: {wanted:#?}\n{end:#?}");
    }
    let again = run(&stage.pair, ledger, &(scene.options)()).await;
    assert_eq!((again.counts.copied_this_pass, again.counts.updated, again.counts.moved), (0, 0, 0), "{again:#?}");
    assert_same(&end, &stage.at_target(), "a pass with nothing to do");
    assert_eq!(source, stage.at_source(), "the source is never changed");
    (end, steps)
}

/// The count equation, and how many messages are exceptions.
pub fn closes(scene: &Scene, report: &MailboxReport) {
    assert!(report.error.is_none(), "{report:#?}");
    let c = &report.counts;
    assert_eq!(c.unexplained, 0, "{report:#?}");
    assert_eq!(c.in_scope, c.copied + c.already_present + c.skipped + c.failed + c.vanished, "{report:#?}");
    assert_eq!([c.failed, c.skipped, c.repaired], scene.exceptions, "{report:#?}");
    let wanted = if c.failed + c.skipped > 0 { Outcome::Finished } else { Outcome::Verified };
    assert_eq!(report.state, wanted, "{report:#?}");
}

pub fn assert_same(wanted: &Snapshot, found: &Snapshot, when: &str) {
    assert!(wanted == found, "{when}: wanted {wanted:#?}\nfound {found:#?}");
}

async fn die(scene: &Scene, frozen: &Frozen, end: &Snapshot, step: u64, death: Death, manner: Manner) {
    let when = format!("{manner:?}, {death:?} step {step}");
    let (cast, options) = ((scene.cast)(), (scene.options)());
    let stage = frozen.raise(&cast).await;
    let intact = stage.ledger();
    let mortal = Arc::new(FaultyLedger::new(intact.clone(), step, death));
    match manner {
        Manner::Notices => drop(run(&stage.pair, mortal.clone(), &options).await),
        Manner::IsDropped => tokio::select! {
            biased;
            () = mortal.died() => {}
            report = run(&stage.pair, mortal.clone(), &options) => drop(report),
        },
    }
    let resumed = run(&stage.pair, intact.clone(), &options).await;
    assert_same(end, &stage.at_target(), &when);
    closes(scene, &resumed);
    let again = run(&stage.pair, intact, &options).await;
    assert_eq!(again.counts.copied_this_pass, 0, "{when}: {again:#?}");
    assert_same(end, &stage.at_target(), &format!("{when}, and once more"));
}

fn die_everywhere(scene: &Scene) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let frozen = opening(scene).await;
        let (end, steps) = rehearse(scene, &frozen).await;
        // Outcomes are grouped as they come, so the number of steps differs a little from play to play.
        for step in 0..steps {
            for death in [Death::Before, Death::After] {
                for manner in manners(step) {
                    die(scene, &frozen, &end, step, death, manner).await;
                }
            }
        }
        println!("{steps} steps");
    });
}

/// Both manners in the long run, else one after the other.
fn manners(step: u64) -> Vec<Manner> {
    let full = std::env::var("MAILHAUL_TRIALS").is_ok_and(|word| word == "full");
    match step % 2 {
        _ if full => vec![Manner::Notices, Manner::IsDropped],
        0 => vec![Manner::Notices],
        _ => vec![Manner::IsDropped],
    }
}

macro_rules! deaths {
    ($($name:ident: $scene:ident),+ $(,)?) => {
        $(#[test]
        fn $name() {
            die_everywhere(&scenes::$scene);
        })+
    };
}

deaths! {
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
