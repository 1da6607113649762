//! A line with a fixed delay, a deep buffer and, on request, cuts at random byte offsets.
//!
//! The buffer is what makes it a line and not a slow loopback: bytes that were sent arrive `each_way` later in their order, even if
//! their sender is dead by then, and the server goes on executing what it holds. The kernels that the trials must run on
//! have no netem.

use super::{Proxy, close};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Bytes of one read, and reads that are under way at most: 64 MB each way.
const CHUNK: usize = 64 << 10;
const DEPTH: usize = 1024;

/// What happens to a connection on its way.
#[derive(Clone, Default)]
pub struct Line {
    /// Added to every byte in each direction.
    pub each_way: Duration,
    /// Where connections are cut.
    pub cuts: Option<Arc<Cuts>>,
}

/// Cuts connections at random byte offsets of either direction while it is active.
pub struct Cuts {
    rng: Mutex<fastrand::Rng>,
    left: AtomicUsize,
    /// The farthest offset at which a connection is cut (bytes).
    farthest: u64,
}

/// What is to happen to one connection.
#[derive(Clone, Copy)]
struct Cut {
    /// Counted on what the server says, not on what it is told.
    replies: bool,
    after: u64,
    /// The server still gets what was under way.
    lingering: bool,
}

impl Cuts {
    /// Cuts `count` connections, then lets the rest be.
    pub fn new(seed: u64, count: usize, farthest: u64) -> Arc<Cuts> {
        let rng = Mutex::new(fastrand::Rng::with_seed(seed));
        Arc::new(Cuts { rng, left: AtomicUsize::new(count), farthest })
    }

    /// Cuts still to come.
    pub fn left(&self) -> usize {
        self.left.load(Ordering::SeqCst)
    }

    /// From now on the line is good.
    pub fn stop(&self) {
        self.left.store(0, Ordering::SeqCst);
    }

    /// Offsets are drawn evenly over their magnitude, so that log-ins are cut as well as long uploads.
    fn draw(&self) -> Option<Cut> {
        let mut rng = self.rng.lock().unwrap();
        let magnitude = (self.farthest as f64).ln() * rng.f64();
        let cut = Cut { replies: rng.bool(), after: magnitude.exp() as u64, lingering: rng.bool() };
        (self.left() > 0).then_some(cut)
    }

    /// Whether this cut still counts.
    fn take(&self) -> bool {
        self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

impl Line {
    /// A line with nothing but a delay of `each_way` in each direction.
    pub fn delay(each_way: Duration) -> Line {
        Line { each_way, cuts: None }
    }

    /// Puts the line in front of `upstream`.
    pub fn to(self, upstream: SocketAddr) -> Proxy {
        Proxy::start(upstream, move |client, server| self.serve(client, server))
    }

    fn serve(&self, client: TcpStream, server: TcpStream) {
        let cut = self.cuts.as_ref().and_then(|cuts| cuts.draw());
        let connection = Arc::new(Connection { client, server, cut, line: self.clone(), dead: AtomicBool::new(false) });
        let replies = Arc::clone(&connection);
        let thread = std::thread::spawn(move || replies.carry(&replies.server, &replies.client, true));
        connection.carry(&connection.client, &connection.server, false);
        let _ = thread.join();
        close(&connection.client);
        close(&connection.server);
    }
}

struct Connection {
    client: TcpStream,
    server: TcpStream,
    cut: Option<Cut>,
    line: Line,
    /// Nothing more arrives anywhere.
    dead: AtomicBool,
}

impl Connection {
    /// One direction: reads here, delivers on a second thread when the time has come.
    fn carry(&self, from: &TcpStream, to: &TcpStream, replies: bool) {
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(DEPTH);
            scope.spawn(move || self.deliver(to, &receiver));
            self.collect(from, &sender, replies);
        });
    }

    fn collect(&self, mut from: &TcpStream, sender: &SyncSender<(Instant, Vec<u8>)>, replies: bool) {
        let mut left = self.cut.filter(|cut| cut.replies == replies).map(|cut| cut.after);
        let mut buffer = vec![0; CHUNK];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            let keep = left.map_or(read, |left| read.min(left as usize));
            let _ = sender.send((Instant::now() + self.line.each_way, buffer[..keep].to_vec()));
            if let Some(left) = &mut left {
                *left -= keep as u64;
            }
            if left == Some(0) {
                if self.line.cuts.as_ref().is_some_and(|cuts| cuts.take()) {
                    return self.sever();
                }
                let _ = sender.send((Instant::now() + self.line.each_way, buffer[keep..read].to_vec()));
                left = None;
            }
        }
    }

    /// The client sees the end now; the server too, or after it got what was under way.
    fn sever(&self) {
        close(&self.client);
        if !self.cut.is_some_and(|cut| cut.lingering) {
            self.dead.store(true, Ordering::SeqCst);
            close(&self.server);
        }
    }

    /// Goes on emptying the queue when the receiver is gone, so that its peer never blocks on a dead client.
    fn deliver(&self, mut to: &TcpStream, receiver: &Receiver<(Instant, Vec<u8>)>) {
        let mut open = true;
        for (due, bytes) in receiver {
            if !open || self.dead.load(Ordering::SeqCst) {
                continue;
            }
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            open = to.write_all(&bytes).is_ok();
        }
        let _ = to.shutdown(Shutdown::Write);
    }
}
