//! A TCP connection to a name: lookup, then happy eyeballs (RFC 8305).
//!
//! Hosts with half-configured IPv6 are common (quirk 105): addresses of both families are tried in turn, each 250 ms after the
//! one before or at once when that one fails, and the first to connect wins. Racing all at once was rejected: it doubles the
//! connections that a server counts.

use std::{io, net::SocketAddr, time::Duration};

use futures_util::stream::{FuturesUnordered, StreamExt};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

use crate::{clock, limits};

/// RFC 8305 §5, "Connection Attempt Delay": the recommended value.
const STAGGER: Duration = Duration::from_millis(250);

/// The addresses of `host`, families interleaved (RFC 8305 §4), the resolver's preference first.
pub(super) async fn lookup(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let found: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
    let mut addresses = interleave(found);
    addresses.truncate(limits::ADDRESSES_TRIED);
    Ok(addresses)
}

fn interleave(found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = found.first().copied() else { return found };
    let (preferred, other): (Vec<_>, Vec<_>) = found.into_iter().partition(|a| a.is_ipv4() == first.is_ipv4());
    let (mut preferred, mut other) = (preferred.into_iter(), other.into_iter());
    let pairs = std::iter::from_fn(|| {
        let pair = (preferred.next(), other.next());
        (pair != (None, None)).then_some(pair)
    });
    pairs.flat_map(|(one, two)| one.into_iter().chain(two)).collect()
}

/// Connects to the first of `addresses` that answers.
///
/// # Errors
/// What each address answered, in one error of the last one's kind.
pub(super) async fn race(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut waiting = addresses.iter().copied();
    let mut running = FuturesUnordered::new();
    let mut refusals: Vec<(SocketAddr, io::Error)> = Vec::new();
    loop {
        running.extend(waiting.next().map(attempt));
        let outcome = if waiting.len() == 0 {
            running.next().await
        } else {
            match clock::timeout(STAGGER, running.next()).await {
                Some(outcome) => outcome,
                None => continue,
            }
        };
        match outcome {
            Some((_, Ok(stream))) => return prepare(stream),
            Some((address, Err(error))) => refusals.push((address, error)),
            None if waiting.len() == 0 => return Err(summary(&refusals)),
            None => {}
        }
    }
}

async fn attempt(address: SocketAddr) -> (SocketAddr, io::Result<TcpStream>) {
    (address, TcpStream::connect(address).await)
}

/// Commands are small and answers are waited for: no Nagle. Firewalls drop what is silent (quirk 105): keepalive.
fn prepare(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(limits::KEEPALIVE_IDLE).with_interval(limits::KEEPALIVE_INTERVAL);
    SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    Ok(stream)
}

fn summary(refusals: &[(SocketAddr, io::Error)]) -> io::Error {
    let kind = refusals.last().map_or(io::ErrorKind::NotFound, |(_, error)| error.kind());
    let words: Vec<String> = refusals.iter().map(|(address, error)| format!("{address}: {error}")).collect();
    io::Error::new(kind, words.join("; "))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    fn addresses(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|text| text.parse().unwrap()).collect()
    }

    async fn dead() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
    }

    #[test]
    fn families_take_turns_in_the_resolvers_order() {
        let found = addresses(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"]);
        let expected = addresses(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"]);
        assert_eq!(interleave(found), expected);
        assert_eq!(interleave(Vec::new()), Vec::new());
    }

    #[tokio::test]
    async fn a_dead_address_is_passed_over_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let alive = listener.local_addr().unwrap();
        let before = clock::instant();
        let stream = race(&[dead().await, alive]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), alive);
        assert!(stream.nodelay().unwrap());
        assert!(SockRef::from(&stream).keepalive().unwrap());
        assert!(before.elapsed() < STAGGER);
    }

    #[tokio::test]
    async fn when_all_refuse_each_is_named() {
        let (one, two) = (dead().await, dead().await);
        let error = race(&[one, two]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let words = error.to_string();
        assert!(words.contains(&one.to_string()) && words.contains(&two.to_string()), "{words}");
        assert!(race(&[]).await.is_err());
    }

    /// An address of TEST-NET-1 (RFC 5737) never answers where packets to it are dropped; where the network refuses it
    /// at once, the next address is due at once too.
    #[tokio::test]
    async fn a_silent_address_delays_the_next_by_the_stagger_only() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let alive = listener.local_addr().unwrap();
        let before = clock::instant();
        let stream = race(&[addresses(&["192.0.2.1:9"])[0], alive]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), alive);
        assert!(before.elapsed() < STAGGER * 4);
    }
}
