//! From a configured mailbox to the connector that the engine opens sessions with.
//!
//! What mailboxes share is made here once for a run: one store of bodies for the process, one set of caps per endpoint.

use std::{
    collections::HashMap,
    num::{NonZeroU32, NonZeroU64},
    sync::Arc,
};

use crate::{
    body::BodyStore,
    error::Side,
    imap::{Login, SignIn},
    limits,
    mailbox::ImapSettings,
    net::{Dial, is_loopback},
    pace::{Caps, CapsConfig, Pacer, Rates},
    project::{
        endpoint::{Auth, Endpoint},
        pairs::{Mailbox, MailboxPair},
        supervisor::Job,
    },
    secret::Secret,
    source::imap::ImapSource,
    target::imap::ImapTarget,
    transfer,
};

/// Makes connectors that share what a run shares.
#[derive(Default)]
pub struct Connectors {
    bodies: BodyStore,
    caps: HashMap<String, Caps>,
}

impl Connectors {
    /// Every pair, ready to run.
    pub fn jobs(&mut self, pairs: Vec<MailboxPair>) -> Vec<Job> {
        pairs.into_iter().map(|pair| self.job(pair)).collect()
    }

    fn job(&mut self, mut pair: MailboxPair) -> Job {
        let per_mailbox = [&pair.source, &pair.target].map(|side| side.endpoint.caps.connections_per_mailbox);
        let limits = per_mailbox.into_iter().chain([pair.options.connections]);
        pair.options.connections = limits.flatten().min();
        let engine = transfer::Pair {
            source_identity: pair.source.identity(),
            target_identity: pair.target.identity(),
            source: Arc::new(ImapSource::new(self.settings(&pair.source, Side::Source))),
            target: Arc::new(ImapTarget::new(self.settings(&pair.target, Side::Target))),
        };
        Job { pair, engine }
    }

    fn settings(&mut self, mailbox: &Mailbox, side: Side) -> ImapSettings {
        ImapSettings {
            sign_in: sign_in(mailbox, side),
            describe: describe(mailbox),
            bodies: self.bodies.clone(),
            pacer: Pacer::new(limits::FETCH_WINDOW_MESSAGES),
            caps: self.caps(&mailbox.endpoint),
            profile: None,
        }
    }

    /// The caps that all mailboxes of an endpoint share; made with the first of them.
    fn caps(&mut self, endpoint: &Endpoint) -> Option<Caps> {
        let connections = endpoint.caps.connections?;
        let new = || Caps::new(CapsConfig { connections, mailboxes: connections, bytes_per_second: None });
        Some(self.caps.entry(endpoint.name.clone()).or_insert_with(new).clone())
    }
}

/// How to reach the server of an endpoint.
pub fn dial(endpoint: &Endpoint, side: Side) -> Dial {
    Dial {
        host: endpoint.host.clone(),
        port: endpoint.port,
        encryption: endpoint.encryption,
        ca: endpoint.ca.iter().cloned().collect(),
        insecure: endpoint.insecure,
        proxy: endpoint.proxy.clone(),
        connect_deadline: endpoint.timeout.unwrap_or(limits::CONNECT_DEADLINE),
        side,
    }
}

fn sign_in(mailbox: &Mailbox, side: Side) -> SignIn {
    let Mailbox { endpoint, login } = mailbox;
    let user = login.user.clone();
    let login = match &endpoint.auth {
        Auth::Password => {
            // `pairs` and `copy` see to it that there is one; an empty one is refused by the server.
            let password = login.password.clone().unwrap_or_else(|| Secret::new(String::new()));
            Login::Password { user, password }
        }
        Auth::Admin(admin) => {
            Login::Admin { user, admin: admin.user.clone(), password: admin.password.clone(), form: admin.form.clone() }
        }
    };
    SignIn {
        dial: dial(endpoint, side),
        login,
        rates: rates(endpoint),
        deadline: endpoint.timeout.unwrap_or(limits::COMMAND_DEADLINE),
        // A loopback is faster than any deflate.
        compress: !is_loopback(&endpoint.host),
        resync: side == Side::Source,
        utf8: false,
    }
}

fn rates(endpoint: &Endpoint) -> Rates {
    Rates {
        messages_per_second: endpoint.caps.messages_per_second.and_then(NonZeroU32::new),
        bytes_per_second: endpoint.caps.bytes_per_second.and_then(NonZeroU64::new),
    }
}

/// The address, made unambiguous for people where it names no host.
fn describe(mailbox: &Mailbox) -> String {
    let address = &mailbox.login.address;
    match address.contains('@') {
        true => address.clone(),
        false => format!("{address}@{}", mailbox.endpoint.host),
    }
}
