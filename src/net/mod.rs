//! Dials servers: TCP with happy eyeballs, proxies, TLS.
//!
//! What comes out is a [`Stream`], whatever lies between; no protocol above knows how it was reached. It assumes a tokio
//! runtime, never sends a byte of a protocol, never retries, and never connects past a certificate that is not believed
//! unless a person said so for that endpoint. Whether a plain connection is allowed is decided above ([`is_loopback`]).
//! The platform's TLS was rejected: its errors do not say what is wrong with a certificate, and each platform's differ.

mod connect;
mod fault;
pub mod http;
mod probe;
mod proxy;
mod route;
mod stream;
mod tls;
mod trust;

use std::{path::PathBuf, time::Duration};

use route::Route;

use crate::error::{Error, Result, Side};

pub use probe::{ProbeStep, probe};
pub use proxy::{Proxy, ProxyAddress};
pub use stream::Stream;

/// Whether the machine is there and nothing listens at the port.
pub fn is_refused(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::ConnectionRefused)
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encryption {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// Plain first; the protocol above asks for TLS and calls [`Stream::start_tls`].
    StartTls,
    /// Never TLS; whether that is allowed is decided above (see [`is_loopback`]).
    None,
}

/// Everything that is needed to reach a server.
#[derive(Clone, Debug)]
pub struct Dial {
    /// Host name or address, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How the connection is protected.
    pub encryption: Encryption,
    /// PEM files with authorities that are trusted besides the machine's own.
    pub ca: Vec<PathBuf>,
    /// Any certificate will do: only because a person said so for this endpoint.
    pub insecure: bool,
    /// The way out, if it is not direct.
    pub proxy: Option<Proxy>,
    /// How long all of it (DNS, TCP, proxy, TLS) may take.
    pub connect_deadline: Duration,
    /// Whose errors these are.
    pub side: Side,
}

impl Dial {
    /// `host:port` as people and CONNECT write it.
    fn place(&self) -> String {
        place(&self.host, self.port)
    }
}

fn place(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Connects. [`Encryption::Tls`]: TLS is done; otherwise the stream is plain. TCP_NODELAY and keepalive are set.
///
/// # Errors
/// Each way to fail has its own code: `Dns`, `Connect`, `Timeout`, `TlsCert` with the certificate's problem in words, `TlsProto`.
pub async fn dial(dial: &Dial) -> Result<Stream> {
    let route = Route::new(dial)?;
    let addresses = route.lookup().await?;
    let stream = route.connect(&addresses).await?;
    let stream = route.tunnel(stream).await?;
    match dial.encryption {
        Encryption::Tls => route.secure(stream).await,
        Encryption::StartTls | Encryption::None => Ok(stream),
    }
}

/// Whether `host` is this machine by its name or address alone (no lookup): `localhost`, `127.0.0.0/8`, `::1`.
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.10", "::1", "[::1]", "::ffff:127.0.0.1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example", "10.0.0.1", "::", "0.0.0.0", "127.0.0.1.example", ""] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
