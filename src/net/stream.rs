//! One connection, plain or inside TLS.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::{Dial, route::Route, tls};
use crate::error::Result;

/// A connection to a server: bytes in, bytes out.
#[derive(Debug)]
pub struct Stream {
    pub(super) inner: Inner,
    pub(super) peer: SocketAddr,
}

#[derive(Debug)]
pub(super) enum Inner {
    Plain(TcpStream),
    Tls(Box<tls::Secured>),
}

impl Stream {
    /// Goes on inside TLS, after the server agreed to STARTTLS.
    ///
    /// The caller must have read nothing past that agreement, or drop what it read: bytes that came in the clear
    /// must not count as if they were protected (RFC 9051 §6.2.1).
    ///
    /// # Errors
    /// As [`super::dial`] for TLS; a stream that is secure already is an error of the caller.
    pub async fn start_tls(self, dial: &Dial) -> Result<Stream> {
        Route::new(dial)?.secure(self).await
    }

    /// Whether it is inside TLS.
    pub fn is_secure(&self) -> bool {
        matches!(self.inner, Inner::Tls(_))
    }

    /// What a person wants to know of the connection's TLS: version, cipher, and each certificate with its issuer and its
    /// last day, the server's own first. Empty on a plain stream.
    pub fn tls_facts(&self) -> Vec<String> {
        match &self.inner {
            Inner::Plain(_) => Vec::new(),
            Inner::Tls(tls) => tls::facts(tls),
        }
    }

    /// The address at the other end: the server's, or the proxy's where one is used.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.inner {
            Inner::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Inner::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.inner {
            Inner::Plain(tcp) => Pin::new(tcp).poll_write(cx, buf),
            Inner::Tls(tls) => Pin::new(tls).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.inner {
            Inner::Plain(tcp) => Pin::new(tcp).poll_write_vectored(cx, bufs),
            Inner::Tls(tls) => Pin::new(tls).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.inner {
            Inner::Plain(tcp) => tcp.is_write_vectored(),
            Inner::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.inner {
            Inner::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Inner::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.inner {
            Inner::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Inner::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
