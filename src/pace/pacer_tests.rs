use super::*;

const RATE: ThrottleKind = ThrottleKind::Rate;

fn seconds(s: u64) -> Duration {
    Duration::from_secs(s)
}

fn stated(wait: Duration) -> Throttle {
    Throttle { wait: Some(wait), kind: RATE }
}

async fn took(work: impl Future<Output = ()>) -> Duration {
    let begun = clock::instant();
    work.await;
    begun.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_hold_stops_all_clones_and_the_longest_wins() {
    let pacer = Pacer::new(8);
    let other = pacer.clone();
    pacer.hold(clock::instant() + seconds(3000), "the long one");
    pacer.hold(clock::instant() + seconds(5), "the short one");
    assert!(other.is_held());
    let (until, reply) = other.held().unwrap();
    assert_eq!(reply, "the long one");
    assert!(until > clock::now() + seconds(2990));
    assert_eq!(took(other.unheld()).await, seconds(3000));
    assert!(!pacer.is_held() && pacer.held().is_none());
    assert_eq!(took(other.permit()).await, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_hold_that_comes_meanwhile_keeps_a_waiter_back() {
    let pacer = Pacer::new(8);
    pacer.hold(clock::instant() + seconds(1), "first");
    let waiter = tokio::spawn({
        let pacer = pacer.clone();
        async move { took(pacer.permit()).await }
    });
    tokio::task::yield_now().await;
    pacer.hold(clock::instant() + seconds(7), "second");
    assert_eq!(waiter.await.unwrap(), seconds(7));
}

#[tokio::test(start_paused = true)]
async fn a_stated_time_is_obeyed_with_a_small_margin() {
    for (wait, most) in [(100, 110), (10_000, 10_200), (300_000, 301_000)] {
        let pacer = Pacer::new(8);
        let wait = Duration::from_millis(wait);
        pacer.obey(stated(wait), "Request is throttled.");
        let took = took(pacer.permit()).await;
        assert!(took > wait && took <= Duration::from_millis(most), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_time_that_proves_too_short_is_stretched_until_something_is_accepted() {
    let pacer = Pacer::new(8);
    let mut waits = Vec::new();
    for _ in 0..6 {
        pacer.permit().await;
        waits.push(pacer.obey(stated(seconds(100)), "no").duration_since(clock::instant()));
    }
    assert_eq!(waits, [101, 125, 150, 160, 160, 160].map(seconds));
    pacer.permit().await;
    pacer.succeeded(1);
    assert_eq!(pacer.obey(stated(seconds(100)), "no").duration_since(clock::instant()), seconds(101));
}

#[tokio::test(start_paused = true)]
async fn without_a_time_the_wait_doubles_while_the_server_says_no() {
    let pacer = Pacer::new(8);
    for step in [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0_f64] {
        pacer.permit().await;
        let until = pacer.obey(Throttle { wait: None, kind: RATE }, "throttled");
        let wait = until.duration_since(clock::instant()).as_secs_f64();
        assert!((step / 2.0..=step).contains(&wait), "{wait} for {step}");
    }
    pacer.permit().await;
    pacer.succeeded(1);
    assert!(pacer.obey(Throttle { wait: None, kind: RATE }, "throttled") <= clock::instant() + seconds(5));
}

#[tokio::test(start_paused = true)]
async fn too_many_connections_hold_nobody_else() {
    let pacer = Pacer::new(8);
    let until = pacer.obey(Throttle { wait: None, kind: ThrottleKind::Connections }, "too many connections");
    assert!(until > clock::instant() && !pacer.is_held());
    assert_eq!(pacer.window(), 8);
}

#[tokio::test(start_paused = true)]
async fn the_window_collapses_and_grows_by_what_is_accepted() {
    let pacer = Pacer::new(4);
    assert_eq!(pacer.window(), 4);
    pacer.obey(stated(seconds(1)), "no");
    assert_eq!(pacer.window(), 1);
    for window in [2, 3, 4, 4] {
        pacer.succeeded(1);
        assert_eq!(pacer.window(), window);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_gives_up_waiting_keeps_nobody_from_going() {
    let pacer = Pacer::new(8);
    pacer.hold(clock::instant() + seconds(10), "no");
    assert!(clock::timeout(seconds(1), pacer.permit()).await.is_none());
    assert_eq!(took(pacer.permit()).await, seconds(9));
}

#[tokio::test(start_paused = true)]
async fn a_time_beyond_all_clocks_is_long_but_no_panic() {
    let pacer = Pacer::new(8);
    pacer.obey(stated(Duration::MAX), "no");
    assert!(pacer.held().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_slow_source_proves_nothing_about_the_rate() {
    let pacer = Pacer::new(8);
    let grant = async |n: u32, every: Duration| {
        for _ in 0..n {
            pacer.permit().await;
            clock::sleep(every).await;
            pacer.succeeded(1);
        }
    };
    pacer.obey(stated(seconds(1)), "no");
    grant(50, Duration::from_millis(10)).await;
    clock::sleep(Duration::from_millis(3500)).await;
    pacer.obey(stated(seconds(5)), "no");
    let learned = pacer.rate().unwrap();
    assert!((9.0..=11.0).contains(&learned), "{learned}");
    grant(2000, seconds(1)).await;
    assert_eq!(pacer.rate().unwrap(), learned);
}
