//! The listener: accepts on loopback and gives each connection its task.

use std::{io, sync::Arc};

use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

use super::{Accounts, Faults, Journal, Persona, host::Host, session::Session, wire::Stream};
use crate::limits;

/// A running server; dropping it stops it and cuts its connections.
#[derive(Debug)]
pub struct Server {
    host: Arc<Host>,
    port: u16,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts a server on a free port of 127.0.0.1, without TLS.
    ///
    /// # Errors
    /// Nothing can be bound.
    pub async fn start(accounts: impl Into<Accounts>, persona: Persona) -> io::Result<Server> {
        Server::bind(0, accounts.into(), persona, None).await
    }

    /// The same with TLS from the first byte.
    ///
    /// # Errors
    /// Nothing can be bound.
    pub async fn start_tls(accounts: impl Into<Accounts>, persona: Persona, tls: TlsAcceptor) -> io::Result<Server> {
        Server::bind(0, accounts.into(), persona, Some(tls)).await
    }

    /// Starts a server on `port` of 127.0.0.1 (0: a free one).
    ///
    /// # Errors
    /// The port cannot be bound.
    pub async fn bind(port: u16, accounts: Accounts, persona: Persona, tls: Option<TlsAcceptor>) -> io::Result<Server> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let port = listener.local_addr()?.port();
        let host = Arc::new(Host::new(accounts, persona));
        let task = tokio::spawn(accept(listener, host.clone(), tls));
        Ok(Server { host, port, task })
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }
    /// What it saw.
    pub fn journal(&self) -> &Journal {
        &self.host.journal
    }
    /// What goes wrong.
    pub fn faults(&self) -> &Faults {
        &self.host.faults
    }
    /// Who may sign in.
    pub fn accounts(&self) -> &Accounts {
        &self.host.accounts
    }
    /// Its character now.
    pub fn persona(&self) -> Persona {
        Persona::clone(&self.host.persona())
    }
    /// Another character from the next command on.
    pub fn set_persona(&self, persona: Persona) {
        self.host.set_persona(persona);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, host: Arc<Host>, tls: Option<TlsAcceptor>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((socket, _)) = accepted else { continue };
                if connections.len() >= limits::LAB_CONNECTIONS {
                    continue;
                }
                connections.spawn(connect(socket, host.clone(), tls.clone()));
            }
            Some(_) = connections.join_next() => (),
        }
    }
}

async fn connect(socket: TcpStream, host: Arc<Host>, tls: Option<TlsAcceptor>) {
    let _ = socket.set_nodelay(true);
    let stream: Box<dyn Stream> = match tls {
        None => Box::new(socket),
        Some(tls) => match tls.accept(socket).await {
            Ok(stream) => Box::new(stream),
            Err(_) => return,
        },
    };
    Session::new(stream, host).run().await;
}
