//! Web services of stand-ins: an `axum` router behind TLS or plain, on loopback.

use std::{io, net::SocketAddr, time::Duration};

use axum::{Router, serve::Listener};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::mpsc,
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

use crate::{clock, limits};

/// A running service; dropping it stops it and cuts its connections.
#[derive(Debug)]
pub(super) struct Web {
    port: u16,
    tasks: [JoinHandle<()>; 2],
}

impl Web {
    /// Serves `router` on `port` of 127.0.0.1 (0: a free one), with TLS if `tls` is given.
    ///
    /// # Errors
    /// The port cannot be bound.
    pub(super) async fn start(port: u16, tls: Option<TlsAcceptor>, router: Router) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let (give, ready) = mpsc::channel(limits::LAB_HANDSHAKES);
        let accepting = tokio::spawn(accept(listener, tls, give));
        let serving = tokio::spawn(async move {
            let _ = axum::serve(Ready { ready, address }, router).await;
        });
        Ok(Web { port: address.port(), tasks: [accepting, serving] })
    }

    /// The port on 127.0.0.1.
    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// A connection, plain or TLS.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

type Accepted = (Box<dyn Stream>, SocketAddr);

/// Connections whose handshake is done: one that stalls there holds up no other.
struct Ready {
    ready: mpsc::Receiver<Accepted>,
    address: SocketAddr,
}

impl Listener for Ready {
    type Io = Box<dyn Stream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> Accepted {
        match self.ready.recv().await {
            Some(accepted) => accepted,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, give: mpsc::Sender<Accepted>) {
    let mut handshakes = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((socket, peer)) = accepted else { continue };
                if handshakes.len() >= limits::LAB_HANDSHAKES {
                    continue;
                }
                let _ = socket.set_nodelay(true);
                let (tls, give) = (tls.clone(), give.clone());
                handshakes.spawn(async move {
                    let stream: Box<dyn Stream> = match tls {
                        None => Box::new(socket),
                        Some(tls) => match clock::timeout(HANDSHAKE, tls.accept(socket)).await {
                            Some(Ok(stream)) => Box::new(stream),
                            _ => return,
                        },
                    };
                    let _ = give.send((stream, peer)).await;
                });
            }
            Some(_) = handshakes.join_next() => (),
        }
    }
}

const HANDSHAKE: Duration = Duration::from_secs(30);
