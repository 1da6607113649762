//! The one place that builds an HTTP client, and what its errors mean.
//!
//! A client believes the certificates that [`super::dial`] believes and leaves by the same proxies; its errors carry the same codes and words.
//! Redirects are not followed: what is sent here holds secrets, and no interface we speak redirects. The environment's proxy variables
//! are ignored, as they are for mail. An own connector for the client was rejected: the library's pool already does what ours would.

use std::{error::Error as StdError, path::PathBuf, time::Duration};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, header::HeaderMap, redirect::Policy};
use tokio_rustls::rustls::Error as TlsError;

use super::{Proxy, fault, place, tls};
use crate::{
    clock,
    error::{Code, Disposition, Error, Result, Scope, Side},
    limits,
};

/// How HTTP servers are reached: a [`super::Dial`] without the server.
#[derive(Clone, Debug)]
pub struct Way {
    /// PEM files with authorities that are trusted besides the machine's own.
    pub ca: Vec<PathBuf>,
    /// Any certificate will do: only because a person said so.
    pub insecure: bool,
    /// The way out, if it is not direct.
    pub proxy: Option<Proxy>,
    /// How long a connection (DNS, TCP, proxy, TLS) may take.
    pub connect_deadline: Duration,
}

impl Default for Way {
    /// Straight, with the machine's own authorities.
    fn default() -> Self {
        Way { ca: Vec::new(), insecure: false, proxy: None, connect_deadline: limits::CONNECT_DEADLINE }
    }
}

/// A client that goes this way; its clones share connections. Whoever sends sets the deadlines: the library's own for silence runs while a
/// body is still being sent, so a large one on a slow line would never arrive.
///
/// # Errors
/// A file of `ca` cannot be read, or the proxy is none.
pub async fn client(way: &Way) -> Result<Client> {
    let trust = tls::config(&way.ca, way.insecure).await?;
    let mut builder = Client::builder()
        .tls_backend_preconfigured((*trust).clone())
        .connect_timeout(way.connect_deadline)
        .redirect(Policy::none())
        .no_proxy()
        .user_agent(concat!("mailhaul/", env!("CARGO_PKG_VERSION")));
    if let Some(proxy) = &way.proxy {
        builder = builder.proxy(proxy_for(proxy)?);
    }
    builder.build().map_err(|cause| Error::bug("the HTTP client cannot be built").with_source(cause))
}

fn proxy_for(proxy: &Proxy) -> Result<reqwest::Proxy> {
    let scheme = match proxy {
        // `h`: the proxy resolves the server's name, as it does for mail.
        Proxy::Socks5(_) => "socks5h",
        Proxy::HttpConnect(_) => "http",
    };
    let address = proxy.address();
    let made = reqwest::Proxy::all(format!("{scheme}://{}", place(&address.host, address.port)));
    let made = made.map_err(|_| Error::config(format!("proxy: {address:?} is no proxy's address")))?;
    Ok(match &address.login {
        // The library decodes both once more.
        Some((user, password)) => made.basic_auth(&encoded(user), &encoded(password.expose())),
        None => made,
    })
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Why a request got no answer. The cause is not kept: its text holds the URL, and a URL may hold a secret.
pub fn fault(cause: &reqwest::Error, side: Side) -> Error {
    let place = cause.url().map_or_else(|| "?".to_owned(), server);
    let error = |code, disposition, words: String| {
        Error::new(code, side, Scope::Endpoint, disposition, format!("{place}: {words}"))
    };
    let retry = Disposition::RetryAfter(None);
    if let Some(tls) = causes(cause).find_map(|inner| inner.downcast_ref::<TlsError>()) {
        let (code, words) = fault::tls_words(tls);
        return error(code, Disposition::NeedsPerson, words);
    }
    let told = causes(cause).map(ToString::to_string).collect::<Vec<_>>();
    let deepest = told.last().cloned().unwrap_or_default();
    // hyper-util's connector has no other sign of it.
    if told.iter().any(|words| words.starts_with("dns error")) {
        return error(Code::Dns, retry, format!("its name has no address ({deepest})"));
    }
    if told.iter().any(|words| PROXY_REFUSES.iter().any(|refusal| words.contains(refusal))) {
        return error(Code::Connect, Disposition::NeedsPerson, format!("the proxy did not connect: {deepest}"));
    }
    match (cause.is_timeout(), cause.is_connect()) {
        (true, _) => error(Code::Timeout, retry, "no answer in time".to_owned()),
        (_, true) => error(Code::Connect, retry, deepest),
        _ => error(Code::Lost, retry, format!("the connection ended ({deepest})")),
    }
}

/// Whether the machine is there and nothing listens at the port.
pub fn is_refused(cause: &reqwest::Error) -> bool {
    let refused = |inner: &std::io::Error| inner.kind() == std::io::ErrorKind::ConnectionRefused;
    causes(cause).any(|inner| inner.downcast_ref::<std::io::Error>().is_some_and(refused))
}

/// hyper-util's words where a proxy wants another log-in; the error types are private.
const PROXY_REFUSES: [&str; 3] =
    ["proxy authorization required", "credentials not accepted", "does not support user/pass authentication"];

/// `host:port` of a URL.
pub fn server(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or("?").trim_start_matches('[').trim_end_matches(']');
    place(host, url.port_or_known_default().unwrap_or(0))
}

/// The errors below `top`. An [`std::io::Error`] hides the error it wraps from `source`, so it is opened.
fn causes(top: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(top.source(), |&error| below(error))
}

fn below<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// The wait that a server asks for in `Retry-After` (RFC 9110 §10.2.3: seconds or a date), up to [`limits::HOLD_FOREVER`]: a clock that is asked
/// for more panics.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(reqwest::header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds).min(limits::HOLD_FOREVER));
    }
    let date = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    let wait = std::time::SystemTime::from(date).duration_since(clock::now()).unwrap_or_default();
    Some(wait.min(limits::HOLD_FOREVER))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert("Retry-After", value.parse().unwrap());
        retry_after(&headers)
    }

    #[test]
    fn a_wait_is_in_seconds_or_until_a_date() {
        assert_eq!(wait("120"), Some(Duration::from_secs(120)));
        assert_eq!(wait("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        let ahead = wait("Fri, 31 Dec 2100 23:59:59 GMT").unwrap();
        assert!(ahead > Duration::from_secs(86_400));
        assert_eq!(wait("soon"), None);
        assert!(clock::now().checked_add(wait("18446744073709551615").unwrap()).is_some());
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    #[tokio::test]
    async fn each_way_to_fail_has_its_code() {
        let client = client(&Way::default()).await.unwrap();
        let code = async |url: &str| {
            let error = fault(&client.get(url).send().await.unwrap_err(), Side::Source);
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
            error.code()
        };
        assert_eq!(code("http://mail.invalid/?key=hunter2").await, Code::Dns);
        assert_eq!(code("http://127.0.0.1:1/?key=hunter2").await, Code::Connect);
        let plain = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = plain.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = plain.accept().await {
                let _ = tokio::io::AsyncWriteExt::write_all(&mut socket, b"* OK no TLS here\r\n").await;
            }
        });
        assert_eq!(code(&format!("https://127.0.0.1:{port}/?key=hunter2")).await, Code::TlsProto);
    }
}
