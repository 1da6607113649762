//! How a session ended decides for how long its messages are waited for: a goodbye was read, or the connection just died.
//! Either way what arrives late is found, and nothing is doubled.

use std::time::Duration;

use mailhaul::{
    lab::{
        imap::{Cause, Fault, Persona, Verb},
        mailstore::Mailstore,
    },
    mailbox::named,
};

use super::{letters::letter, stage::Stage};

const IDLE: &str = "Connection is closed. 13";

/// How long Exchange is waited for after a goodbye.
fn shortly() -> Duration {
    named("Exchange Online").unwrap().settle_after_goodbye
}

/// Runs until everything is there, once; the time it took.
async fn time_of(stage: &Stage) -> Duration {
    let (report, time) = stage.until_verified().await;
    stage.assert_all_there_once();
    assert_eq!(report.counts.unexplained, 0, "{report:#?}");
    println!("{:.1} s", time.as_secs_f64());
    time
}

/// Exchange's own settle time is a minute; after a goodbye nobody waits for it, and what is stored late is found.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_after_a_goodbye_is_waited_for_shortly() {
    let stage = Stage::one_folder(30, |_| ()).await.in_earnest();
    let late = shortly() / 2;
    stage.target.faults().at(Verb::Append, 9, Fault::ByeThenExecute(IDLE.to_owned(), late));
    stage.target.faults().at(Verb::Append, 20, Fault::Bye(IDLE.to_owned()));
    let time = time_of(&stage).await;
    assert_eq!(stage.target.journal().closed_for(Cause::Fault), 2);
    assert!(time < Duration::from_secs(30), "{time:?}: it waited as if the connection had died");
}

/// The same time would double this one.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_after_a_connection_died_is_waited_for_longer() {
    let stage = Stage::one_folder(30, |_| ()).await;
    let late = shortly() + Duration::from_millis(500);
    stage.target.faults().at(Verb::Append, 9, Fault::CutThenExecute(late));
    let time = time_of(&stage).await;
    assert!(time > late, "{time:?}");
}

/// Of a server that nobody knows, a goodbye tells nothing about what goes on behind it.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_stranger_stores_long_after_a_goodbye_is_found() {
    let from = Mailstore::empty();
    from.write(|mailbox| {
        let inbox = mailbox.folder_mut(b"INBOX").unwrap();
        for n in 0..12 {
            inbox.append(letter(n), None);
        }
    });
    let stage = Stage::between((from, Persona::generic()), (Mailstore::empty(), Persona::generic()), "IMAP").await;
    let late = shortly() + Duration::from_millis(500);
    stage.target.faults().at(Verb::Append, 1, Fault::ByeThenExecute("Server busy".to_owned(), late));
    let time = time_of(&stage).await;
    assert!(time > late, "{time:?}");
}

/// A back-off is time in which the folder stood still, or did not.
#[tokio::test(flavor = "multi_thread")]
async fn a_back_off_counts_as_waiting_where_nothing_arrived_in_it() {
    let hold = shortly() + Duration::from_millis(500);
    let hint = format!("Request is throttled. Suggested Backoff Time: {} milliseconds", hold.as_millis());
    let lost = Fault::BadBye(hint.clone(), "Connection closed. 14".to_owned());
    let late = Fault::ByeThenExecute(hint, shortly() / 2);
    // Without a settle time behind it: the copy itself takes a second.
    let soon = hold + shortly() + Duration::from_millis(500);
    for (fault, most) in [(lost, soon), (late, Duration::from_secs(30))] {
        let stage = Stage::one_folder(12, |_| ()).await.in_earnest();
        stage.target.faults().at(Verb::Append, 9, fault.clone());
        let time = time_of(&stage).await;
        assert!((hold..=most).contains(&time), "{time:?} for {fault:?}");
    }
}
