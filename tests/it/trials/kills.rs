//! SIGKILL at random moments: nothing lost, nothing doubled, nothing altered, whatever the server still had in its hands.

use super::{Pair, seed, size};
use crate::support::corpus::Mailbox;
use crate::support::image::assert_equal;
use crate::support::proxy::Proxy;
use crate::support::proxy::hide::hide;
use crate::support::proxy::line::Line;
use std::net::SocketAddr;
use std::time::Duration;

/// How the trial reaches a server.
type Way = fn(SocketAddr) -> Vec<Proxy>;

/// Kills, restarts within 10 ms, and at last lets a pass come to its end.
fn killed(messages: usize, kills: usize, longest: Duration, from: Way, to: Way) {
    let seed = seed();
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut done = 0;
    let mut round = 0;
    while done < kills {
        round += 1;
        let mut pair = Pair::filled(&Mailbox::new(seed, round, messages));
        let (ways_from, ways_to) = (from(pair.source.address()), to(pair.target.address()));
        let end = |ways: &[Proxy], server: SocketAddr| ways.last().map_or(server, Proxy::address);
        pair.haul.redirect(end(&ways_from, pair.source.address()), end(&ways_to, pair.target.address()));
        let mut moments = Vec::new();
        for _ in 0..rng.usize(1..=4) {
            let moment = longest.mul_f64(rng.f64());
            let running = pair.haul.start();
            std::thread::sleep(moment);
            if !running.kill() {
                break;
            }
            moments.push(moment);
        }
        done += moments.len();
        println!("round {round}: killed after {moments:?}, {done} of {kills}");
        pair.haul.copy_verified();
        assert_equal(&pair.wanted, &pair.at_target());
        assert!(round < 10 * kills as u64, "the passes end before they are killed");
    }
}

fn straight(_: SocketAddr) -> Vec<Proxy> {
    Vec::new()
}

fn far(server: SocketAddr) -> Vec<Proxy> {
    vec![Line::delay(Duration::from_millis(20)).to(server)]
}

fn poor(server: SocketAddr) -> Vec<Proxy> {
    vec![hide(server, &["UIDPLUS"])]
}

fn poor_and_far(server: SocketAddr) -> Vec<Proxy> {
    let poor = hide(server, &["UIDPLUS", "MULTIAPPEND"]);
    let far = Line::delay(Duration::from_millis(20)).to(poor.address());
    vec![poor, far]
}

#[test]
fn killed_on_loopback() {
    killed(size(200, 600), size(8, 100), Duration::from_millis(700), straight, straight);
}

/// Bytes that are under way arrive after the death, and the server executes them while the next pass looks at it.
#[test]
fn killed_over_a_long_line() {
    killed(size(200, 600), size(8, 100), Duration::from_millis(2000), far, far);
}

#[test]
fn killed_without_uidplus() {
    killed(size(200, 600), size(6, 50), Duration::from_millis(700), straight, poor);
}

#[test]
fn killed_without_uidplus_over_a_long_line() {
    killed(size(200, 600), size(6, 50), Duration::from_millis(2000), far, poor_and_far);
}
