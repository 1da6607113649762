//! Proxies on the way to a server: SOCKS5 (RFC 1928) and HTTP CONNECT (RFC 9110 §9.3.6).
//!
//! The proxy resolves the server's name, since behind one there may be no DNS. The reply to CONNECT is read byte by byte:
//! what follows it belongs to the server, which speaks first.

use std::{fmt, io, str::FromStr};

use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_socks::{Error as SocksError, tcp::Socks5Stream};
use url::Url;

use super::{fault, place, route::Route};
use crate::{
    error::{Disposition, Error, Result},
    limits,
    secret::Secret,
};

/// A proxy, written `socks5://user:password@host:port` or `http://user:password@host:port`.
#[derive(Clone)]
pub enum Proxy {
    /// SOCKS5; the proxy resolves the server's name.
    Socks5(ProxyAddress),
    /// HTTP CONNECT.
    HttpConnect(ProxyAddress),
}

/// Where a proxy listens and who may use it.
#[derive(Clone)]
pub struct ProxyAddress {
    /// Its host, without brackets.
    pub host: String,
    /// Its port; 1080 and 80 where the URL names none.
    pub port: u16,
    /// User and password, where it asks for them.
    pub login: Option<(String, Secret)>,
}

impl Proxy {
    pub(super) fn address(&self) -> &ProxyAddress {
        match self {
            Proxy::Socks5(address) | Proxy::HttpConnect(address) => address,
        }
    }

    /// Asks the proxy at the end of `tcp` for a way to the server of `route`.
    pub(super) async fn open(&self, tcp: TcpStream, route: &Route<'_>) -> Result<TcpStream> {
        match self {
            Proxy::Socks5(address) => socks5(address, tcp, route).await,
            Proxy::HttpConnect(address) => http_connect(address, tcp, route).await,
        }
    }
}

async fn socks5(address: &ProxyAddress, tcp: TcpStream, route: &Route<'_>) -> Result<TcpStream> {
    let server = (route.host.as_str(), route.dial.port);
    let opened = match &address.login {
        Some((user, password)) => {
            Socks5Stream::connect_with_password_and_socket(tcp, server, user, password.expose()).await
        }
        None => Socks5Stream::connect_with_socket(tcp, server).await,
    };
    opened.map(Socks5Stream::into_inner).map_err(|error| {
        let disposition = match error {
            SocksError::PasswordAuthFailure(_)
            | SocksError::NoAcceptableAuthMethods
            | SocksError::AuthorizationRequired
            | SocksError::ConnectionNotAllowedByRuleset
            | SocksError::InvalidAuthValues(_)
            | SocksError::InvalidTargetAddress(_) => Disposition::NeedsPerson,
            _ => Disposition::RetryAfter(None),
        };
        fault::proxy(route.dial, disposition, error.to_string()).with_source(error)
    })
}

async fn http_connect(address: &ProxyAddress, mut tcp: TcpStream, route: &Route<'_>) -> Result<TcpStream> {
    let dial = route.dial;
    tcp.write_all(connect_request(address, route).as_bytes()).await.map_err(|e| fault::ended(dial, "proxy", e))?;
    let head = read_head(&mut tcp).await.map_err(|e| fault::ended(dial, "proxy", e))?;
    let status_line = head.lines().next().unwrap_or_default().trim_end();
    match status(status_line) {
        Some(200..=299) => Ok(tcp),
        Some(401 | 403 | 407) => Err(fault::proxy(dial, Disposition::NeedsPerson, status_line)),
        Some(_) => Err(fault::proxy(dial, Disposition::RetryAfter(None), status_line)),
        None => Err(fault::proxy(dial, Disposition::NeedsPerson, "it does not answer as an HTTP proxy does")),
    }
}

fn connect_request(address: &ProxyAddress, route: &Route<'_>) -> String {
    let server = place(&route.host, route.dial.port);
    let login = address.login.as_ref().map_or_else(String::new, |(user, password)| {
        let basic = STANDARD.encode(format!("{user}:{}", password.expose()));
        format!("Proxy-Authorization: Basic {basic}\r\n")
    });
    format!("CONNECT {server} HTTP/1.1\r\nHost: {server}\r\n{login}\r\n")
}

/// Reads up to the empty line and not one byte further.
async fn read_head(tcp: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= limits::PROXY_REPLY {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the reply has no end"));
        }
        head.push(tcp.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// The code of `HTTP/1.1 200 Connection established`.
fn status(line: &str) -> Option<u16> {
    let rest = line.strip_prefix("HTTP/1.")?;
    let code = rest.get(2..5)?;
    (rest.as_bytes().get(1) == Some(&b' ')).then(|| code.parse().ok())?
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self {
            Proxy::Socks5(_) => "socks5",
            Proxy::HttpConnect(_) => "http",
        };
        write!(f, "{scheme}://{:?}", self.address())
    }
}

impl fmt::Debug for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&place(&self.host, self.port))
    }
}

impl FromStr for Proxy {
    type Err = Error;

    /// # Errors
    /// Not a proxy's URL. The text is not repeated: it may hold a password.
    fn from_str(text: &str) -> Result<Self> {
        let wrong =
            || Error::config("proxy: expected socks5://host:port or http://host:port, with user:password@ if needed");
        let url = Url::parse(text).map_err(|_| wrong())?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong());
        }
        let (make, default): (fn(ProxyAddress) -> Proxy, u16) = match url.scheme() {
            "socks5" | "socks5h" => (Proxy::Socks5, 1080),
            "http" => (Proxy::HttpConnect, 80),
            _ => return Err(wrong()),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let login = login(&url).ok_or_else(wrong)?;
        Ok(make(ProxyAddress { host, port: url.port().unwrap_or(default), login }))
    }
}

/// The outer `None`: user or password is not text.
fn login(url: &Url) -> Option<Option<(String, Secret)>> {
    let text = |encoded: &str| percent_decode_str(encoded).decode_utf8().ok().map(String::from);
    if url.username().is_empty() {
        return Some(None);
    }
    Some(Some((text(url.username())?, Secret::new(text(url.password().unwrap_or_default())?))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_url_is_taken_apart() {
        let Proxy::Socks5(address) = "socks5://u%40x:p%3Aw@proxy.example:9050".parse().unwrap() else { panic!() };
        assert_eq!((address.host.as_str(), address.port), ("proxy.example", 9050));
        let (user, password) = address.login.unwrap();
        assert_eq!((user.as_str(), password.expose()), ("u@x", "p:w"));

        let Proxy::HttpConnect(address) = "http://[::1]".parse().unwrap() else { panic!() };
        assert_eq!((address.host.as_str(), address.port), ("::1", 80));
        assert!(address.login.is_none());
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_its_password() {
        for text in ["proxy:1080", "https://p:1", "socks5://u:hunter2@", "http://u:hunter2@p/path", "ftp://u:hunter2@p"]
        {
            let error = text.parse::<Proxy>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
        let proxy: Proxy = "http://u:hunter2@p:3128".parse().unwrap();
        assert_eq!(format!("{proxy:?}"), "http://p:3128");
    }

    #[test]
    fn only_an_http_status_counts() {
        assert_eq!(status("HTTP/1.1 200 Connection established"), Some(200));
        assert_eq!(status("HTTP/1.0 407 Proxy Authentication Required"), Some(407));
        for line in ["HTTP/2 200", "HTTP/1.1200 OK", "* OK IMAP4rev1", "", "HTTP/1.1 2é"] {
            assert_eq!(status(line), None, "{line}");
        }
    }
}
