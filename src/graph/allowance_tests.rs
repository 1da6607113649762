use super::*;
use crate::pace::ThrottleKind;

fn pace() -> Pace {
    Pace { in_flight: 3, requests: (10, Duration::from_secs(60)), bytes: (1000, Duration::from_secs(30)) }
}

#[tokio::test(start_paused = true)]
async fn each_limit_holds_and_its_wait_is_seen() {
    let begin = clock::instant();
    let allowance = Allowance::new(pace());
    for _ in 0..2 {
        drop(allowance.permit(1, 500).await);
    }
    assert_eq!(clock::instant(), begin);
    drop(allowance.permit(1, 1).await);
    assert!(clock::instant() - begin >= Duration::from_secs(30));
    for _ in 0..8 {
        drop(allowance.permit(1, 0).await);
    }
    assert!(clock::instant() - begin >= Duration::from_secs(60));
    let usage = allowance.usage();
    assert_eq!((usage.requests, usage.bytes), (11, 1001));
    assert!(usage.waited >= Duration::from_secs(60), "{usage:?}");
}

#[tokio::test(start_paused = true)]
async fn three_are_in_flight_and_a_batch_is_alone() {
    let allowance = Allowance::new(pace());
    let second = Duration::from_secs(1);
    let held = (allowance.permit(1, 0).await, allowance.permit(1, 0).await, allowance.permit(1, 0).await);
    assert!(clock::timeout(second, allowance.permit(1, 0)).await.is_none());
    drop(held.0);
    assert!(clock::timeout(second, allowance.permit(2, 0)).await.is_none());
    drop((held.1, held.2));
    assert!(clock::timeout(second, allowance.permit(2, 0)).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_stated_wait_holds_every_request() {
    let allowance = Allowance::new(pace());
    let begin = clock::instant();
    let throttle = Throttle { wait: Some(Duration::from_secs(25)), kind: ThrottleKind::Rate };
    allowance.obey(throttle, "IncomingBytes");
    assert!(allowance.usage().held.is_some_and(|(_, words)| words == "IncomingBytes"));
    drop(allowance.permit(1, 0).await);
    assert!(clock::instant() - begin >= Duration::from_secs(25));
    assert_eq!(allowance.usage().throttled, 1);
}

/// The service's own limits, as it may count: a request at any moment between its start and its answer.
#[derive(Default)]
struct Judge {
    counted: Vec<(Instant, u64)>,
}

impl Judge {
    /// Fails if any window of `length` holds more than `most` of what `amount` counts.
    fn check(&self, (most, length): (u64, Duration), amount: impl Fn(u64) -> u64) {
        let (mut oldest, mut sum) = (0, 0);
        for (at, bytes) in &self.counted {
            sum += amount(*bytes);
            while self.counted[oldest].0 + length <= *at {
                sum -= amount(self.counted[oldest].1);
                oldest += 1;
            }
            assert!(sum <= most, "{sum} in {length:?}");
        }
    }
}

/// An hour of requests of `bytes` that take `latency`; what went.
async fn an_hour(bytes: u64, latency: Duration) -> Usage {
    let allowance = Allowance::new(Pace::default());
    let end = clock::instant() + Duration::from_secs(3600);
    let lane = async || {
        let mut judge = Judge::default();
        while clock::instant() < end {
            let permit = allowance.permit(1, bytes).await;
            let before = latency.mul_f64(fastrand::f64());
            clock::sleep(before).await;
            judge.counted.push((clock::instant(), bytes));
            clock::sleep(latency - before).await;
            drop(permit);
        }
        judge.counted
    };
    let lanes = futures_util::future::join_all((0..4).map(|_| lane())).await;
    let mut judge = Judge { counted: lanes.concat() };
    judge.counted.sort();
    judge.check((10_000, Duration::from_secs(600)), |_| 1);
    judge.check((150_000_000, Duration::from_secs(300)), |bytes| bytes);
    allowance.usage()
}

#[tokio::test(start_paused = true)]
async fn an_hour_uses_nine_tenths_of_what_the_service_grants_and_never_more() {
    let usage = an_hour(0, Duration::from_millis(70)).await;
    assert!(usage.requests > 54_000, "of 60,000 requests: {usage:?}");
    let usage = an_hour(2_000_000, Duration::from_millis(900)).await;
    assert!(usage.bytes > 1_620_000_000, "of 1.8 GB: {usage:?}");
}
