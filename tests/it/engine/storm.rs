//! Everything at once: random faults on both sides until the mailbox is there, once.

use std::time::Duration;

use mailhaul::{
    lab::{
        generate::Recipe,
        imap::{Fault, Faults, Persona, Verb},
        mailstore::Mailstore,
    },
    transfer::Outcome,
};

use super::stage::Stage;
use crate::trials::{seed, size};

/// Commands in a thousand that something happens to.
const PER_MILLE: u32 = 5;
/// Passes in the storm.
const PASSES: usize = 5;

fn on_the_target(faults: &Faults, seed: u64) {
    let throttled = || "Request is throttled. Suggested Backoff Time: 150 milliseconds".to_owned();
    let append = [
        Fault::Cut,
        Fault::CutAfter,
        Fault::CutThenExecute(Duration::from_millis(400)),
        Fault::CutInLiteral(50),
        Fault::CutInReply(8),
        Fault::No(throttled()),
        Fault::BadBye(throttled(), "Connection closed. 14".to_owned()),
        Fault::Bye("Connection is closed. 13".to_owned()),
        Fault::ByeThenExecute("Connection is closed. 13".to_owned(), Duration::from_millis(400)),
    ];
    for (number, fault) in (0..).zip(append) {
        faults.random(Verb::Append, PER_MILLE, seed + number, fault);
    }
    for (number, verb) in
        (100..).zip([Verb::Status, Verb::Select, Verb::List, Verb::Create, Verb::UidFetch, Verb::UidSearch])
    {
        faults.random(verb, 2 * PER_MILLE, seed + number, Fault::Cut);
        faults.random(verb, 2 * PER_MILLE, seed + number, Fault::CutAfter);
    }
}

fn on_the_source(faults: &Faults, seed: u64) {
    for (number, verb) in (0..).zip([Verb::UidFetch, Verb::Examine, Verb::List, Verb::Status]) {
        faults.random(verb, 3 * PER_MILLE, seed + number, Fault::Cut);
        faults.random(verb, 3 * PER_MILLE, seed + 50 + number, Fault::CutInReply(3000));
    }
}

async fn storm(stage: &Stage, seed: u64) {
    on_the_target(stage.target.faults(), seed);
    on_the_source(stage.source.faults(), seed + 1000);
    for _ in 0..PASSES {
        if stage.pass().await.state == Outcome::Verified {
            break;
        }
    }
    // The last look is in calm weather.
    stage.target.faults().clear();
    stage.source.faults().clear();
    stage.until_verified().await;
    stage.assert_all_there_once();
}

#[tokio::test(flavor = "multi_thread")]
async fn over_microsoft_365() {
    let seed = seed();
    for round in 0..size(1, 30) as u64 {
        let recipe = Recipe { attachment: 2000, awkward_names: round % 2 == 0, ..Recipe::new(seed + round, 120) };
        storm(&Stage::exchange(&recipe, |_| ()).await, seed + 100 * round).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_modern_server_and_over_a_bare_one() {
    let seed = seed();
    for round in 0..size(1, 30) as u64 {
        for without in [&[][..], &["UIDPLUS", "MULTIAPPEND", "CONDSTORE", "QRESYNC", "ESEARCH", "LIST-STATUS"][..]] {
            let from = Recipe { attachment: 2000, ..Recipe::new(seed + round, 120) }.build();
            let target = Persona::generic().without(without);
            let stage = Stage::between((from, Persona::generic()), (Mailstore::empty(), target), "Dovecot").await;
            storm(&stage, seed + 100 * round).await;
        }
    }
}
