//! The listener: accepts on loopback and gives each connection its task.

use std::{io, sync::Arc};

use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

use super::{Journal, Manner, host::Host, session::Session, wire::Stream};
use crate::{lab::imap::Accounts, limits};

/// Where TLS begins.
#[derive(Clone)]
enum Secured {
    /// Nowhere, or at STLS where there is a certificate.
    Later,
    /// With the first byte.
    AtOnce(TlsAcceptor),
}

/// A running host; dropping it stops it and cuts its connections.
pub struct Server {
    host: Arc<Host>,
    port: u16,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts a host on a free port of 127.0.0.1, without TLS.
    ///
    /// # Errors
    /// Nothing can be bound.
    pub async fn start(accounts: impl Into<Accounts>, manner: Manner) -> io::Result<Server> {
        Server::bind(0, accounts.into(), manner, None, Secured::Later).await
    }

    /// The same, with STLS.
    ///
    /// # Errors
    /// Nothing can be bound.
    pub async fn start_stls(accounts: impl Into<Accounts>, manner: Manner, tls: TlsAcceptor) -> io::Result<Server> {
        Server::bind(0, accounts.into(), manner, Some(tls), Secured::Later).await
    }

    /// Starts a host with TLS from the first byte on `port` of 127.0.0.1 (0: a free one).
    ///
    /// # Errors
    /// The port cannot be bound.
    pub async fn start_tls(port: u16, accounts: Accounts, manner: Manner, tls: TlsAcceptor) -> io::Result<Server> {
        Server::bind(port, accounts, manner, None, Secured::AtOnce(tls)).await
    }

    async fn bind(
        port: u16,
        accounts: Accounts,
        manner: Manner,
        stls: Option<TlsAcceptor>,
        secured: Secured,
    ) -> io::Result<Server> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let port = listener.local_addr()?.port();
        let host = Arc::new(Host::new(accounts, manner, stls));
        let task = tokio::spawn(accept(listener, Arc::clone(&host), secured));
        Ok(Server { host, port, task })
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }
    /// What it was asked.
    pub fn journal(&self) -> &Journal {
        &self.host.journal
    }
    /// Who may sign in.
    pub fn accounts(&self) -> &Accounts {
        &self.host.accounts
    }
    /// Another character, from the next command on.
    pub fn set_manner(&self, manner: Manner) {
        self.host.set_manner(manner);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, host: Arc<Host>, secured: Secured) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((socket, _)) = accepted else { continue };
                if connections.len() < limits::LAB_CONNECTIONS {
                    connections.spawn(connect(socket, Arc::clone(&host), secured.clone()));
                }
            }
            Some(_) = connections.join_next() => (),
        }
    }
}

async fn connect(socket: TcpStream, host: Arc<Host>, secured: Secured) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let stream: Box<dyn Stream> = match secured {
        Secured::Later => Box::new(socket),
        Secured::AtOnce(tls) => Box::new(tls.accept(socket).await?),
    };
    Session::new(stream, host).run().await
}
