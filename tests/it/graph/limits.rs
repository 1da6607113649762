//! Our limits keep below the service's, and use them.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use mailhaul::{
    body::Body,
    error::{Code, Disposition},
    graph::Pace,
    lab::graph::{Fault, Kind, Limits, Settings},
};

use super::stage::{KIM, Stage};

/// Windows of 1 s and 0.5 s, limits of a hundredth.
fn settings() -> Settings {
    let limits = Limits {
        requests: (100, Duration::from_secs(600)),
        bytes: (150_000, Duration::from_secs(300)),
        ..Limits::default()
    };
    Settings { limits: limits.scaled(600), latency: Duration::from_millis(2), ..Settings::default() }
}

fn pace() -> Pace {
    Pace { requests: (96, Duration::from_secs(600)), bytes: (135_000, Duration::from_secs(300)), ..Pace::default() }
        .scaled(600)
}

#[tokio::test]
async fn requests_keep_below_the_limit_and_near_it() {
    let stage = Stage::new(settings()).await;
    let id = stage.add(KIM, "Inbox", "a");
    let mailbox = stage.service(pace()).mailbox(KIM);
    let begin = Instant::now();
    let count = 400;
    let all = stream::iter(0..count).map(|_| mailbox.value(&id, &stage.bodies)).buffer_unordered(16);
    let failed = all.filter(|outcome| std::future::ready(outcome.is_err())).count().await;
    let took = begin.elapsed().as_secs_f64();
    assert_eq!((failed, stage.graph.refused()), (0, [0; 3]));
    assert_eq!(stage.graph.peak(), 3);
    // The first window is full at once; after that, 96 a second.
    assert!(took > f64::from(count - 96) / 100.0, "{took}");
    let usage = mailbox.usage();
    assert!(usage.waited > Duration::from_secs(1) && usage.throttled == 0, "{usage:?}");
}

#[tokio::test]
async fn bytes_keep_below_the_limit() {
    let stage = Stage::new(settings()).await;
    let mailbox = stage.service(pace()).mailbox(KIM);
    let store = mailbox.items().await.unwrap();
    let session = store.import_session().await.unwrap();
    let begin = Instant::now();
    let body = || Body::from_bytes(vec![7; 20_000]);
    let all = stream::iter(0..30).map(|_| store.import(&session, "x", body())).buffer_unordered(8);
    let codes: Vec<Code> = all.map(|outcome| outcome.unwrap_err().code()).collect().await;
    // The streams are none, which the service finds out only after it has counted them.
    assert!(codes.iter().all(|code| *code == Code::ItemFetch), "{codes:?}");
    assert_eq!(stage.graph.refused(), [0; 3]);
    assert!(begin.elapsed() > Duration::from_secs_f64(0.5 * 4.0), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_stated_wait_holds_the_whole_mailbox_and_is_seen() {
    let stage = Stage::new(Settings::default()).await;
    let id = stage.add(KIM, "Inbox", "a");
    let service = stage.service(Pace::default());
    let (mailbox, other) = (service.mailbox(KIM), service.mailbox(KIM));
    stage.graph.inject(Kind::Value, Fault::Refuse(429, Some(1)), 1);
    let error = mailbox.value(&id, &stage.bodies).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::RetryAfter(Some(Duration::from_secs(1))));
    assert!(error.reply().unwrap().contains("MailboxConcurrency"), "{error}");
    let (_, words) = mailbox.usage().held.unwrap();
    assert!(words.contains("ApplicationThrottled"), "{words}");
    let begin = Instant::now();
    other.value(&id, &stage.bodies).await.unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(900), "{:?}", begin.elapsed());
    assert_eq!(mailbox.usage().throttled, 1);
}

#[tokio::test]
async fn one_allowance_serves_all_handles_of_a_mailbox() {
    let stage = Stage::new(Settings::default()).await;
    let service = stage.service(Pace::default());
    let (one, other) = (service.mailbox(KIM), service.mailbox(KIM.to_uppercase()));
    one.well_known(mailhaul::graph::WellKnown::Inbox).await.unwrap();
    assert_eq!(other.usage().requests, 1);
}

#[tokio::test]
async fn without_our_limits_the_service_refuses() {
    let stage = Stage::new(Settings { latency: Duration::from_millis(30), ..settings() }).await;
    let id = stage.add(KIM, "Inbox", "a");
    let none =
        Pace { in_flight: 50, requests: (u64::MAX, Duration::from_secs(1)), bytes: (u64::MAX, Duration::from_secs(1)) };
    let mailbox = stage.service(none).mailbox(KIM);
    let all = stream::iter(0..12).map(|_| mailbox.value(&id, &stage.bodies)).buffer_unordered(12);
    let errors: Vec<_> = all.filter_map(|outcome| std::future::ready(outcome.err())).collect().await;
    assert!(!errors.is_empty() && errors.iter().all(|error| error.code() == Code::Throttled), "{errors:?}");
    assert!(stage.graph.refused()[0] > 0);
}
