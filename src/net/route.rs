//! The way to a server in steps: name, TCP, proxy, TLS. [`super::dial`] walks them, [`super::probe`] walks them and tells.

use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::ServerName;
use url::Host;

use super::{Dial, Stream, connect, fault, stream::Inner, tls};
use crate::{
    clock::{self, Instant},
    error::{Error, Result},
};

/// One attempt to reach the server of a [`Dial`], with one deadline for all its steps.
pub(super) struct Route<'a> {
    pub(super) dial: &'a Dial,
    /// The server's host as resolvers and certificates write it (IDNA).
    pub(super) host: String,
    until: Instant,
}

impl<'a> Route<'a> {
    /// # Errors
    /// The host is neither a name nor an address.
    pub(super) fn new(dial: &'a Dial) -> Result<Self> {
        let host = ascii(&dial.host)?;
        Ok(Route { dial, host, until: clock::instant() + dial.connect_deadline })
    }

    /// The addresses of the first hop: the proxy's, where there is one.
    pub(super) async fn lookup(&self) -> Result<Vec<SocketAddr>> {
        let (host, port) = match &self.dial.proxy {
            Some(proxy) => (ascii(&proxy.address().host)?, proxy.address().port),
            None => (self.host.clone(), self.dial.port),
        };
        let found = clock::deadline(self.until, connect::lookup(&host, port)).await;
        found
            .ok_or_else(|| fault::timeout(self.dial, "looking up its name"))?
            .map_err(|cause| fault::dns(self.dial, &host, cause))
    }

    /// TCP to the first hop.
    pub(super) async fn connect(&self, addresses: &[SocketAddr]) -> Result<Stream> {
        let connected = clock::deadline(self.until, connect::race(addresses)).await;
        let tcp = connected
            .ok_or_else(|| fault::timeout(self.dial, "TCP connection"))?
            .map_err(|cause| fault::connect(self.dial, cause))?;
        let peer = tcp.peer_addr().map_err(|cause| fault::connect(self.dial, cause))?;
        Ok(Stream { inner: Inner::Plain(tcp), peer })
    }

    /// Through the proxy, where there is one.
    pub(super) async fn tunnel(&self, stream: Stream) -> Result<Stream> {
        let Some(proxy) = &self.dial.proxy else { return Ok(stream) };
        let peer = stream.peer;
        let opened = clock::deadline(self.until, proxy.open(plain(stream)?, self)).await;
        let tcp = opened.ok_or_else(|| fault::timeout(self.dial, "proxy"))??;
        Ok(Stream { inner: Inner::Plain(tcp), peer })
    }

    /// Into TLS.
    pub(super) async fn secure(&self, stream: Stream) -> Result<Stream> {
        let host = self.host.trim_end_matches('.').to_owned();
        let name = ServerName::try_from(host).map_err(|_| bad_host(&self.host))?;
        let peer = stream.peer;
        let secured = clock::deadline(self.until, tls::handshake(plain(stream)?, name, self.dial)).await;
        let tls = secured.ok_or_else(|| fault::timeout(self.dial, "TLS handshake"))??;
        Ok(Stream { inner: Inner::Tls(Box::new(tls)), peer })
    }
}

fn plain(stream: Stream) -> Result<TcpStream> {
    match stream.inner {
        Inner::Plain(tcp) => Ok(tcp),
        Inner::Tls(_) => Err(Error::bug("a proxy or TLS inside TLS")),
    }
}

/// `host` as resolvers and certificates write it.
fn ascii(host: &str) -> Result<String> {
    if host.parse::<IpAddr>().is_ok() {
        return Ok(host.to_owned());
    }
    Host::parse(host).map(|host| host.to_string()).map_err(|_| bad_host(host))
}

fn bad_host(host: &str) -> Error {
    Error::config(format!("host: {host:?} is neither a name nor an address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_become_what_resolvers_and_certificates_know() {
        assert_eq!(ascii("IMAP.Example.org").unwrap(), "imap.example.org");
        assert_eq!(ascii("bücher.example").unwrap(), "xn--bcher-kva.example");
        assert_eq!(ascii("::1").unwrap(), "::1");
        assert_eq!(ascii("192.0.2.7").unwrap(), "192.0.2.7");
        for bad in ["", "a b", "a\r\nHost: b", "user@host", "host/path"] {
            assert!(ascii(bad).is_err(), "{bad:?}");
        }
    }
}
