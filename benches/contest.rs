//! mailhaul against `mbsync`: the same mailboxes, the same lines, as many at a time, turn by turn.

use crate::mbsync;
use crate::meter::{finish, median};
use crate::support::corpus::Mailbox;
use crate::support::dovecot::{Dovecot, Options};
use crate::support::fill::fill;
use crate::support::haul::Haul;
use crate::support::place;
use crate::support::project::Project;
use crate::support::proxy::Proxy;
use crate::support::proxy::line::Line;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Passes whose median counts.
const PASSES: usize = 5;
/// Round trip added on each side.
const FAR: Duration = Duration::from_millis(40);
/// Mailboxes at a time.
const AT_A_TIME: usize = 4;

/// The highest share of mbsync's time that we may take.
struct Limits {
    near: f64,
    far: f64,
}

/// 8 mailboxes of 1,000 messages, 4 at a time.
pub fn eight_mailboxes() {
    let users: Vec<String> = (0..8).map(|n| format!("u{n}")).collect();
    let mailboxes: Vec<Mailbox> = (0..8).map(|n| Mailbox::new(1, n, 1000)).collect();
    contest(&users, &mailboxes, &Limits { near: 0.40, far: 0.14 }, &Limits { near: 0.90, far: 0.22 });
}

/// One mailbox of 20,000 messages in a few folders.
pub fn one_mailbox() {
    let mailbox = Mailbox { folders: 4, ..Mailbox::new(1, 0, 20_000) };
    contest(&["u0".to_owned()], &[mailbox], &Limits { near: 0.25, far: 0.04 }, &Limits { near: 1.0, far: 0.15 });
}

fn contest(users: &[String], mailboxes: &[Mailbox], with: &Limits, without: &Limits) {
    let source = Dovecot::start();
    for (user, mailbox) in users.iter().zip(mailboxes) {
        assert!(fill(&mut source.login(user), mailbox).is_empty());
    }
    println!(
        "{:>12} {:>6}   {:>9} {:>9} {:>7} {:>7} {:>9}",
        "MULTIAPPEND", "RTT", "mbsync", "ours", "share", "limit", "verify"
    );
    for (hidden, limits) in [(false, with), (true, without)] {
        for (round_trip, limit) in [(Duration::ZERO, limits.near), (FAR, limits.far)] {
            let without = if hidden { vec!["MULTIAPPEND"] } else { Vec::new() };
            let target = Dovecot::with(&Options { without, ..Options::default() });
            let arena = Arena::new(&source, &target, round_trip);
            let word = if hidden { "hidden" } else { "offered" };
            arena.race(users, &format!("{word:>12} {:>4}ms", round_trip.as_millis()), limit);
        }
    }
}

/// Two servers and the lines to them.
struct Arena<'a> {
    source: &'a Dovecot,
    target: &'a Dovecot,
    lines: Option<(Proxy, Proxy)>,
}

impl<'a> Arena<'a> {
    fn new(source: &'a Dovecot, target: &'a Dovecot, round_trip: Duration) -> Arena<'a> {
        let line = |server: SocketAddr| Line::delay(round_trip / 2).to(server);
        let lines = (!round_trip.is_zero()).then(|| (line(source.address()), line(target.address())));
        Arena { source, target, lines }
    }

    fn ways(&self) -> (SocketAddr, SocketAddr) {
        match &self.lines {
            Some((from, to)) => (from.address(), to.address()),
            None => (self.source.address(), self.target.address()),
        }
    }

    fn race(&self, users: &[String], title: &str, limit: f64) {
        let (mut theirs, mut ours, mut verify) = (Vec::new(), Vec::new(), Vec::new());
        for pass in 0..PASSES {
            theirs.push(self.fresh(users, &format!("m{pass}"), |targets| self.mbsync(users, targets)));
            self.fresh(users, &format!("h{pass}"), |targets| {
                let (wall, verified) = self.mailhaul(users, targets);
                ours.push(wall);
                verify.push(verified / wall);
            });
        }
        let (theirs, ours, verify) = (median(theirs), median(ours), median(verify));
        println!("{title}   {theirs:>8.2}s {ours:>8.2}s {:>7.3} {limit:>7.2} {:>8.0}%", ours / theirs, verify * 100.0);
    }

    /// Runs something with target mailboxes of its own and empties them afterwards: they lie in memory.
    fn fresh<T>(&self, users: &[String], prefix: &str, run: impl FnOnce(&[String]) -> T) -> T {
        let targets: Vec<String> = users.iter().map(|user| format!("{prefix}{user}")).collect();
        let result = run(&targets);
        for (user, target) in users.iter().zip(&targets) {
            let count = |server: &Dovecot, user: &str| messages(server, user);
            assert_eq!(count(self.source, user), count(self.target, target), "{target}");
            std::fs::remove_dir_all(self.target.maildir(target)).unwrap();
        }
        result
    }

    /// Seconds in all. As `xargs -P` would, a new mailbox starts when one has ended.
    fn mbsync(&self, users: &[String], targets: &[String]) -> f64 {
        let (from, to) = self.ways();
        let home = place::fresh("mbsync");
        let start = Instant::now();
        let queue = std::sync::Mutex::new(users.iter().zip(targets));
        std::thread::scope(|scope| {
            for _ in 0..AT_A_TIME {
                scope.spawn(|| {
                    while let Some((user, target)) = { queue.lock().unwrap().next() } {
                        finish(mbsync::start(&home.path().join(target), from, user, to, target));
                    }
                });
            }
        });
        start.elapsed().as_secs_f64()
    }

    /// Seconds in all, with the ledger and the default verification, and of these the seconds in verification.
    fn mailhaul(&self, users: &[String], targets: &[String]) -> (f64, f64) {
        let (from, to) = self.ways();
        let start = Instant::now();
        let ended = match (users, targets) {
            ([user], [target]) => Haul::new(from, user, to, target).copy(),
            _ => {
                let pairs: Vec<_> = users.iter().cloned().zip(targets.iter().cloned()).collect();
                Project::new(from, to, &pairs, AT_A_TIME).run(&["run"])
            }
        };
        let wall = start.elapsed().as_secs_f64();
        assert_eq!(ended.document["outcome"], "verified", "{ended:#?}");
        let mailboxes = ended.document["mailboxes"].as_array().unwrap();
        let verify: f64 = mailboxes.iter().filter_map(|m| m["verify_seconds"].as_f64()).sum();
        (wall, verify / mailboxes.len().min(AT_A_TIME) as f64)
    }
}

/// Messages in all folders of a mailbox.
pub fn messages(server: &Dovecot, user: &str) -> usize {
    let mut raw = server.login(user);
    let folders = raw.folders();
    let count = |wire: &str, raw: &mut crate::support::raw::Raw| {
        let lines = raw.command(&format!("STATUS {} (MESSAGES)", crate::support::raw::quote(wire)));
        let text = lines.iter().find_map(|line| line.text.split_once("(MESSAGES "))?.1.to_owned();
        text.trim_end_matches(')').parse::<usize>().ok()
    };
    folders.iter().filter(|f| f.selectable).filter_map(|f| count(&f.wire, &mut raw)).sum()
}
