//! The suites that every adapter of a port is held to, run against real servers.

mod hazards;
mod office365;
pub mod source;
mod target;

use crate::{
    side,
    support::{
        courier::Courier,
        cyrus::Cyrus,
        dovecot::{Dovecot, Options, PASSWORD},
        place,
        raw::Raw,
    },
};
use mailhaul::{
    error::Side,
    lab::{
        imap::{Accounts, Persona, Server},
        mailstore::Mailstore,
    },
    mailbox::ImapSettings,
};
use std::{future::Future, net::SocketAddr};
use tokio::runtime::Runtime;

/// A server that speaks IMAP, whatever its name.
pub enum Host {
    Dovecot(Dovecot),
    Cyrus(Cyrus),
    Courier(Courier),
    /// A stand-in, on the runtime that serves it.
    Lab {
        server: Server,
        _serves: Runtime,
    },
}

impl Host {
    fn dovecot(without: &[&'static str]) -> Host {
        Host::Dovecot(Dovecot::with(&Options { without: without.to_vec(), ..Options::default() }))
    }

    /// A stand-in with an empty mailbox of `ann`.
    fn lab(turn: impl FnOnce(&mut Persona)) -> Host {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let persona = Persona::generic().with(|persona| {
            persona.append.refuse_nul = false;
            turn(persona);
        });
        let accounts = Accounts::default().with("ann", PASSWORD, Mailstore::empty());
        let server = runtime.block_on(Server::start(accounts, persona)).unwrap();
        Host::Lab { server, _serves: runtime }
    }

    fn address(&self) -> SocketAddr {
        match self {
            Host::Lab { server, .. } => place::loopback(server.port()),
            Host::Dovecot(server) => server.address(),
            Host::Cyrus(server) => server.address(),
            Host::Courier(server) => server.address(),
        }
    }

    /// The trial's own reader and writer.
    fn raw(&self, user: &str) -> Raw {
        Raw::login(self.address(), user, PASSWORD)
    }

    /// How the product reaches it.
    fn settings(&self, user: &str, side: Side) -> ImapSettings {
        side::settings(self.address(), user, PASSWORD, side)
    }

    /// Whether it takes every message of the corpus; Cyrus refuses malformed headers (quirk 81).
    fn takes_all(&self) -> bool {
        !matches!(self, Host::Cyrus(_))
    }
}

/// Runs `work` to its end.
pub fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}
