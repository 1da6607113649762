//! The pacer against a simulated server under paused time: how close it comes to what no client can undercut, and whether it
//! ever sends while it was told to wait.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesOrdered};

use super::{Pacer, Throttle, ThrottleKind};
use crate::clock::{self, Instant};

/// What a server states, from the time until the next message fits.
#[derive(Clone, Copy, Debug)]
enum Stated {
    Times(f64),
    AtLeast(f64),
}

/// A trial: `messages` onto a bucket of `size` that refills at `rate` a second.
#[derive(Clone, Copy, Debug)]
struct Trial {
    size: f64,
    rate: f64,
    messages: u64,
    stated: Stated,
    connections: usize,
    window: usize,
    /// Round trip and service of one message.
    latency: Duration,
    /// Messages in one command.
    batch: u32,
    /// From which message on the rate is another.
    turn: Option<(u64, f64)>,
    /// What a message costs, from its number; one on average.
    cost: fn(u64) -> f64,
    /// How long a reply with BYE keeps a connection from coming back.
    reconnect: Duration,
}

impl Trial {
    fn new(size: u32, rate: f64, messages: u64) -> Self {
        Trial {
            size: size.into(),
            rate,
            messages,
            stated: Stated::Times(1.0),
            connections: 1,
            window: 1,
            latency: Duration::from_millis(15),
            batch: 1,
            turn: None,
            cost: |_| 1.0,
            reconnect: Duration::ZERO,
        }
    }

    /// Seconds that no client can undercut, where the bucket never overflows.
    fn ideal(&self) -> f64 {
        let (turn, then) = self.turn.unwrap_or((self.messages, self.rate));
        (turn as f64 - self.size) / self.rate + (self.messages - turn) as f64 / then
    }

    async fn run(self) -> Outcome {
        let bucket = Bucket { trial: self, tokens: self.size, at: clock::instant(), granted: 0, refusals: 0 };
        let world = Arc::new(World {
            trial: self,
            bucket: Mutex::new(bucket),
            pacer: Pacer::new(self.window),
            open: Mutex::new(self.messages),
            quiet_until: Mutex::new(clock::instant()),
        });
        let begun = clock::instant();
        let connections = (0..self.connections).map(|_| tokio::spawn(connection(world.clone())));
        for connection in connections.collect::<Vec<_>>() {
            connection.await.unwrap();
        }
        let bucket = world.bucket.lock().unwrap();
        assert_eq!(bucket.granted, self.messages);
        Outcome { seconds: begun.elapsed().as_secs_f64(), ideal: self.ideal(), refusals: bucket.refusals }
    }
}

#[derive(Debug)]
struct Outcome {
    seconds: f64,
    ideal: f64,
    refusals: u64,
}

struct Bucket {
    trial: Trial,
    tokens: f64,
    at: Instant,
    granted: u64,
    refusals: u64,
}

impl Bucket {
    fn serve(&mut self, messages: u32) -> Result<(), Duration> {
        let rate = self.trial.turn.filter(|turn| self.granted >= turn.0).map_or(self.trial.rate, |turn| turn.1);
        let passed = self.at.elapsed().as_secs_f64();
        self.at = clock::instant();
        self.tokens = (self.tokens + passed * rate).min(self.trial.size);
        let cost = f64::from(messages) * (self.trial.cost)(self.granted);
        if self.tokens < cost {
            self.refusals += 1;
            let exact = (cost - self.tokens) / rate;
            let stated = match self.trial.stated {
                Stated::Times(factor) => exact * factor,
                Stated::AtLeast(least) => exact.max(least),
            };
            // Servers state whole milliseconds.
            return Err(Duration::from_millis((stated * 1000.0).ceil() as u64));
        }
        self.tokens -= cost;
        self.granted += u64::from(messages);
        Ok(())
    }
}

struct World {
    trial: Trial,
    bucket: Mutex<Bucket>,
    pacer: Pacer,
    /// Messages that nobody has sent.
    open: Mutex<u64>,
    /// The end of all back-offs that were read.
    quiet_until: Mutex<Instant>,
}

impl World {
    /// The next batch, 0 if there is none.
    fn next(&self) -> u32 {
        let mut open = self.open.lock().unwrap();
        let batch = (*open).min(self.trial.batch.into()) as u32;
        *open -= u64::from(batch);
        batch
    }

    fn put_back(&self, batch: u32) {
        *self.open.lock().unwrap() += u64::from(batch);
    }

    /// Writes a command now; what is returned is its reply to come.
    fn send(self: &Arc<Self>, batch: u32) -> impl Future<Output = Reply> + use<> {
        let (world, now) = (self.clone(), clock::instant());
        assert!(!world.pacer.is_held() && now >= *world.quiet_until.lock().unwrap(), "sent while told to wait");
        async move {
            let half = world.trial.latency / 2;
            clock::sleep_until(now + half).await;
            let answer = world.bucket.lock().unwrap().serve(batch);
            clock::sleep_until(now + 2 * half).await;
            (batch, answer)
        }
    }

    /// Reads a reply; whether the server goes on.
    fn read(&self, (batch, answer): Reply) -> bool {
        match answer {
            Ok(()) => self.pacer.succeeded(batch),
            Err(stated) => {
                self.put_back(batch);
                let mut quiet = self.quiet_until.lock().unwrap();
                *quiet = (*quiet).max(clock::instant() + stated);
                self.pacer.obey(Throttle { wait: Some(stated), kind: ThrottleKind::Rate }, "Request is throttled.");
            }
        }
        answer.is_ok()
    }
}

type Reply = (u32, Result<(), Duration>);

/// One connection: keeps its window full and reads replies while it waits for a permit.
async fn connection(world: Arc<World>) {
    let mut flight = FuturesOrdered::new();
    loop {
        let batch = if flight.len() < world.pacer.window() { world.next() } else { 0 };
        let reply = if batch > 0 {
            tokio::select! {
                biased;
                Some(reply) = flight.next() => {
                    world.put_back(batch);
                    reply
                }
                () = world.pacer.permit_for(batch) => {
                    flight.push_back(world.send(batch));
                    continue;
                }
            }
        } else {
            match flight.next().await {
                Some(reply) => reply,
                None if *world.open.lock().unwrap() == 0 => return,
                None => continue,
            }
        };
        if !world.read(reply) && !world.trial.reconnect.is_zero() {
            while let Some(reply) = flight.next().await {
                world.read(reply);
            }
            clock::sleep(world.trial.reconnect).await;
        }
    }
}

/// The whole copy within a tenth of what no client can undercut, and a handful of refusals where they are one by one.
async fn assert_close(trial: Trial) {
    let result = trial.run().await;
    assert!(result.seconds <= 1.1 * result.ideal, "{result:?} in {trial:?}");
    let single = trial.connections * trial.window == 1;
    assert!(!single || result.refusals < 40, "{result:?} in {trial:?}");
}

const BUCKETS: [(u32, f64, u64); 8] = [
    (20, 10.0, 300),
    (100, 20.0, 1000),
    (50, 4.0, 400),
    (5, 10.0, 200),
    (10, 50.0, 1000),
    (300, 50.0, 2500),
    (200, 30.0, 800),
    (60, 1.0, 300),
];

async fn assert_all_close(stated: Stated) {
    for (size, rate, messages) in BUCKETS {
        for (connections, window) in [(1, 1), (1, 4), (1, 100), (3, 1), (3, 8)] {
            assert_close(Trial { stated, connections, window, ..Trial::new(size, rate, messages) }).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_states_the_exact_time() {
    assert_all_close(Stated::Times(1.0)).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_states_too_much() {
    assert_all_close(Stated::Times(3.0)).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_states_too_little() {
    assert_all_close(Stated::Times(0.5)).await;
    assert_all_close(Stated::Times(0.0)).await;
}

/// As Exchange seems to: one long back-off, in which the bucket refills as far as it can.
#[tokio::test(start_paused = true)]
async fn a_server_that_states_the_time_until_its_bucket_is_nearly_full() {
    for (size, rate, messages) in [(100, 20.0, 1000), (50, 4.0, 400), (300, 10.0, 3000), (300, 1.0, 3000)] {
        let stated = Stated::AtLeast(0.9 * f64::from(size) / rate);
        assert_close(Trial { stated, ..Trial::new(size, rate, messages) }).await;
        assert_close(Trial { stated, connections: 3, window: 2, ..Trial::new(size, rate, messages) }).await;
    }
}

/// What overflows is lost to any client; the learned rate makes such holds rarer than obeying alone does, which sends one
/// bucketful for each.
#[tokio::test(start_paused = true)]
async fn a_server_that_states_far_more_than_its_bucket_holds() {
    for (size, rate, messages) in [(20, 10.0, 600), (100, 20.0, 2000), (10, 5.0, 400)] {
        let trial = Trial { stated: Stated::AtLeast(30.0), ..Trial::new(size, rate, messages) };
        let obeying_alone = (messages as f64 / f64::from(size) - 1.0) * 30.0;
        let result = trial.run().await;
        assert!(result.seconds < 0.75 * obeying_alone, "{result:?} against {obeying_alone} in {trial:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_up_each_time() {
    for (size, rate, messages) in [(100, 20.0, 1000), (50, 4.0, 400), (300, 50.0, 2500)] {
        let reconnect = Duration::from_secs(3);
        assert_close(Trial { reconnect, connections: 2, window: 2, ..Trial::new(size, rate, messages) }).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_distant_server() {
    for (size, rate, messages) in [(100, 20.0, 1000), (300, 50.0, 2500)] {
        let latency = Duration::from_millis(300);
        assert_close(Trial { latency, connections: 3, window: 16, ..Trial::new(size, rate, messages) }).await;
    }
}

#[tokio::test(start_paused = true)]
async fn messages_of_unequal_cost() {
    let cost = |n: u64| if n.is_multiple_of(20) { 10.5 } else { 0.5 };
    for (size, rate, messages) in [(100, 20.0, 1000), (60, 5.0, 600)] {
        assert_close(Trial { cost, connections: 2, window: 4, ..Trial::new(size, rate, messages) }).await;
    }
}

#[tokio::test(start_paused = true)]
async fn many_messages_in_one_command() {
    for (size, rate, messages) in [(100, 20.0, 1600), (300, 50.0, 2512)] {
        assert_close(Trial { batch: 16, ..Trial::new(size, rate, messages) }).await;
    }
}

/// A smaller rate is noticed at once; a larger one when the climb has passed its end, which costs the rest of that climb.
#[tokio::test(start_paused = true)]
async fn a_server_that_changes_its_mind() {
    for (then, most) in [(2.5, 1.02), (40.0, 1.3)] {
        let trial = Trial { turn: Some((1000, then)), ..Trial::new(100, 10.0, 10_000) };
        let result = trial.run().await;
        assert!(result.seconds <= most * result.ideal && result.refusals < 80, "{result:?}");
    }
}
