//! Delta rounds at random: people at work on both sides, passes that die now and then, and a model that knows what must come of it.
//!
//! `MAILHAUL_TRIALS=full` plays fifty rounds of each kind, else ten.

use std::sync::Arc;

use mailhaul::{
    lab::{imap::Persona, mailstore::Mailbox},
    transfer::{Deletions, Options, Outcome},
};

use super::{
    life::Life,
    theatre::{Cast, Stage, run},
};
use crate::ledger::{Death, FaultyLedger};

async fn pass(stage: &Stage, options: &Options, random: &mut fastrand::Rng, story: &[String]) {
    let ledger = stage.ledger();
    if random.u8(..3) == 0 {
        let mortal = Arc::new(FaultyLedger::new(ledger.clone(), random.u64(2..60), Death::After));
        tokio::select! {
            biased;
            () = mortal.died() => {}
            report = run(&stage.pair, mortal.clone(), options) => drop(report),
        }
    }
    let report = run(&stage.pair, ledger, options).await;
    assert!(report.error.is_none(), "{story:#?}\n{report:#?}");
    assert!(report.state == Outcome::Verified, "{story:#?}\n{report:#?}");
    let c = &report.counts;
    assert_eq!(c.in_scope, c.copied + c.already_present + c.vanished, "{story:#?}\n{report:#?}");
}

fn rounds(seed: u64, cast: Cast, deletions: Deletions) {
    let full = std::env::var("MAILHAUL_TRIALS").is_ok_and(|word| word == "full");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let seed = std::env::var("MAILHAUL_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(seed);
        let stage = Stage::raise(&cast, &Mailbox::new('/'), &Mailbox::new('/')).await;
        let mut life = Life::new(seed, deletions != Deletions::Keep);
        let mut random = fastrand::Rng::with_seed(seed);
        let options = Options { deletions, ..Options::default() };
        let mut story = vec![format!("MAILHAUL_SEED={seed}")];
        life.begin(&stage);
        for round in 0..if full { 50 } else { 10 } {
            pass(&stage, &options, &mut random, &story).await;
            life.pass();
            let (wanted, found) = (life.wanted(), life.found(&stage));
            let missing: Vec<_> = wanted.difference(&found).collect();
            let surplus: Vec<_> = found.difference(&wanted).collect();
            assert!(missing.is_empty() && surplus.is_empty(), "{story:#?}\nmissing {missing:#?}\nsurplus {surplus:#?}");
            story.push(format!("round {}", round + 1));
            story.extend(life.day(&stage));
        }
    });
}

const MIRROR: Deletions = Deletions::Mirror { approved: true };

#[test]
fn deletions_kept() {
    rounds(1, Cast::careful(), Deletions::Keep);
}

#[test]
fn deletions_mirrored() {
    rounds(2, Cast::careful(), MIRROR);
}

#[test]
fn without_vanished() {
    let source = Persona::generic().without(&["QRESYNC"]);
    rounds(3, Cast { source, ..Cast::careful() }, MIRROR);
}

#[test]
fn without_modification_sequences() {
    let source = Persona::generic().without(&["CONDSTORE", "QRESYNC"]);
    let target = Persona::generic().without(&["CONDSTORE", "QRESYNC", "MOVE"]);
    rounds(4, Cast { source, target, ..Cast::careful() }, MIRROR);
}

#[test]
fn without_new_uids() {
    let target = Persona::generic().without(&["UIDPLUS", "MULTIAPPEND", "CONDSTORE", "QRESYNC"]);
    rounds(5, Cast { target, ..Cast::careful() }, Deletions::Keep);
}
