//! How a session ended decides for how long its messages are waited for: a goodbye was read, or the connection just died.
//! Either way what arrives late is found, and nothing is doubled.

use std::time::Duration;

use mailhaul::{
    lab::imap::{Cause, Fault, Verb},
    limits,
};

use super::stage::Stage;

const IDLE: &str = "Connection is closed. 13";

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
    let late = limits::SETTLE_AFTER_GOODBYE / 2;
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
    let late = limits::SETTLE_AFTER_GOODBYE + Duration::from_millis(500);
    stage.target.faults().at(Verb::Append, 9, Fault::CutThenExecute(late));
    let time = time_of(&stage).await;
    assert!(time > late, "{time:?}");
}

/// A back-off is time in which the folder stood still, or did not.
#[tokio::test(flavor = "multi_thread")]
async fn a_back_off_counts_as_waiting_where_nothing_arrived_in_it() {
    let hold = limits::SETTLE_AFTER_GOODBYE + Duration::from_millis(500);
    let hint = format!("Request is throttled. Suggested Backoff Time: {} milliseconds", hold.as_millis());
    let lost = Fault::BadBye(hint.clone(), "Connection closed. 14".to_owned());
    let late = Fault::ByeThenExecute(hint, limits::SETTLE_AFTER_GOODBYE / 2);
    // Without a settle time behind it: the copy itself takes a second.
    let shortly = hold + limits::SETTLE_AFTER_GOODBYE + Duration::from_millis(500);
    for (fault, most) in [(lost, shortly), (late, Duration::from_secs(30))] {
        let stage = Stage::one_folder(12, |_| ()).await.in_earnest();
        stage.target.faults().at(Verb::Append, 9, fault.clone());
        let time = time_of(&stage).await;
        assert!((hold..=most).contains(&time), "{time:?} for {fault:?}");
    }
}
