//! A message at which the target ends the session without a word, each time: the others arrive, and it is named.

use mailhaul::{
    lab::{
        imap::{Fault, Verb},
        mailstore::Mailbox,
    },
    transfer::{Options, Outcome},
};

use super::{
    letters::letter,
    scenes::put,
    theatre::{Cast, Stage},
};

#[tokio::test]
async fn a_message_that_ends_every_session_is_found_and_named() {
    let mut source = Mailbox::new('/');
    put(source.folder_mut(b"INBOX").unwrap(), (1..6).map(letter));
    let stage = Stage::raise(&Cast::careful(), &source, &Mailbox::new('/')).await;
    // All together, the first one alone, and again; the four others pass, and it comes back with every repair.
    for nth in [1, 2, 3, 8] {
        stage.target.faults().at(Verb::Append, nth, Fault::Cut);
    }
    let report = stage.pass(&Options::default()).await;
    assert_eq!(report.state, Outcome::Finished, "{report:#?}");
    assert_eq!((report.counts.copied, report.counts.failed), (4, 1), "{report:#?}");
    assert!(report.attention.iter().any(|line| line.reply.as_ref().is_some_and(|words| words.contains("each time"))));
    assert_eq!(stage.at_target().messages(), 4);
}

#[tokio::test]
async fn sessions_lost_by_chance_blame_no_message() {
    let mut source = Mailbox::new('/');
    put(source.folder_mut(b"INBOX").unwrap(), (1..6).map(letter));
    let stage = Stage::raise(&Cast::careful(), &source, &Mailbox::new('/')).await;
    for (nth, fault) in [(1, Fault::Cut), (2, Fault::Cut), (3, Fault::CutAfter), (4, Fault::Cut)] {
        stage.target.faults().at(Verb::Append, nth, fault);
    }
    let report = stage.pass(&Options::default()).await;
    assert_eq!(report.state, Outcome::Verified, "{report:#?}");
    assert_eq!(stage.at_source(), stage.at_target());
}
