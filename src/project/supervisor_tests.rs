use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::Semaphore;

use super::*;

fn place(name: &str, seats: &[(&str, usize)]) -> Place {
    let seats = seats.iter().map(|(name, most)| Seat { name: (*name).to_owned(), most: *most }).collect();
    Place { source: name.to_owned(), target: name.to_owned(), seats }
}

fn verified(number: usize) -> MailboxReport {
    place(&number.to_string(), &[]).report(Outcome::Verified, None)
}

fn states(reports: &[MailboxReport]) -> Vec<Outcome> {
    reports.iter().map(|report| report.state).collect()
}

#[tokio::test]
async fn a_panic_stops_its_own_mailbox_only() {
    let work = |number| async move {
        assert!(number != 1, "planted");
        verified(number)
    };
    let places = vec![place("a", &[]), place("b", &[]), place("c", &[])];
    let reports = supervise(places, work, |_, _| {}, Stop::default()).await;
    assert_eq!(states(&reports), [Outcome::Verified, Outcome::Failed, Outcome::Verified]);
    assert_eq!(reports[1].error.as_ref().unwrap().code, "SYS-BUG");
}

#[tokio::test]
async fn no_seat_is_given_twice_and_every_job_gets_its_turn() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let work = |number| {
        let (now, most) = (now.clone(), most.clone());
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            now.fetch_sub(1, Ordering::SeqCst);
            verified(number)
        }
    };
    let places = (0..20).map(|_| place("x", &[("batch", 5), ("endpoint", 3)])).collect();
    let reports = supervise(places, work, |_, _| {}, Stop::default()).await;
    assert!(states(&reports).iter().all(|state| *state == Outcome::Verified));
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_full_batch_does_not_hold_up_the_next() {
    let begun = Arc::new(Mutex::new(Vec::new()));
    let gate = Arc::new(Semaphore::new(0));
    let work = |number| {
        begun.lock().unwrap().push(number);
        let gate = gate.clone();
        async move {
            drop(gate.acquire().await);
            verified(number)
        }
    };
    let places = vec![place("a", &[("one", 1)]), place("b", &[("one", 1)]), place("c", &[("two", 1)])];
    let run = supervise(places, work, |_, _| {}, Stop::default());
    let open = async {
        while begun.lock().unwrap().len() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(*begun.lock().unwrap(), [0, 2]);
        gate.add_permits(3);
    };
    let (reports, ()) = tokio::join!(run, open);
    assert_eq!(reports.len(), 3);
}

#[tokio::test]
async fn a_drain_starts_nothing_new_and_a_second_stop_drops_what_runs() {
    let stop = Stop::default();
    let work = |number| {
        let stop = stop.clone();
        async move {
            stop.drain.cancel();
            if number == 0 {
                return verified(number);
            }
            stop.now.cancel();
            std::future::pending().await
        }
    };
    let places = vec![place("a", &[("x", 2)]), place("b", &[("x", 2)]), place("c", &[("x", 2)])];
    let reports = supervise(places, work, |_, _| {}, stop.clone()).await;
    assert_eq!(states(&reports), [Outcome::Verified, Outcome::Incomplete, Outcome::Incomplete]);
}

#[tokio::test]
async fn many_thousand_mailboxes_are_no_burden() {
    let places = (0..20_000).map(|_| place("x", &[("batch", 20), ("endpoint", 40)])).collect();
    let reports = supervise(places, |number| async move { verified(number) }, |_, _| {}, Stop::default()).await;
    assert!(reports.iter().enumerate().all(|(number, report)| report.source == number.to_string()));
}
