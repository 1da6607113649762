//! Proxies on the way to a server: SOCKS5 (RFC 1928) and HTTP CONNECT (RFC 9110 §9.3.6).

use std::{fmt, str::FromStr};

use crate::{
    error::{Error, Result},
    secret::Secret,
};

/// A proxy, written `socks5://user:password@host:port` or `http://user:password@host:port`.
#[derive(Clone)]
pub enum Proxy {
    /// SOCKS5; the proxy resolves the name.
    Socks5(ProxyAddress),
    /// HTTP CONNECT.
    HttpConnect(ProxyAddress),
}

/// Where a proxy listens and who may use it.
#[derive(Clone)]
pub struct ProxyAddress {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User and password, where it asks for them.
    pub login: Option<(String, Secret)>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, at) = match self {
            Proxy::Socks5(at) => ("socks5", at),
            Proxy::HttpConnect(at) => ("http", at),
        };
        write!(f, "{scheme}://{}:{}", at.host, at.port)
    }
}

impl FromStr for Proxy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let _ = text;
        unimplemented!("under construction")
    }
}
