//! The engine without its command line, for what cannot be done to it from outside.

use super::USER;
use crate::support::dovecot::PASSWORD;
use mailhaul::body::BodyStore;
use mailhaul::error::Side;
use mailhaul::imap::{Login, SignIn};
use mailhaul::ledger::sqlite::{Hooks, SqliteLedger};
use mailhaul::limits;
use mailhaul::mailbox::ImapSettings;
use mailhaul::net::{Dial, Encryption};
use mailhaul::pace::{Pacer, Rates};
use mailhaul::secret::Secret;
use mailhaul::source::imap::ImapSource;
use mailhaul::target::imap::ImapTarget;
use mailhaul::transfer::{self, MailboxReport, Options, Unobserved};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// One pass of [`USER`]'s mailbox with the ledger at `path`.
pub async fn pass(from: SocketAddr, to: SocketAddr, path: &Path, hooks: Hooks) -> MailboxReport {
    let pair = transfer::Pair {
        source_identity: "source".to_owned(),
        target_identity: "target".to_owned(),
        source: Arc::new(ImapSource::new(settings(from, Side::Source))),
        target: Arc::new(ImapTarget::new(settings(to, Side::Target))),
    };
    let ledger = SqliteLedger::open_with(path, hooks).unwrap();
    transfer::run_pass(&pair, ledger, &Options::default(), Arc::new(Unobserved), CancellationToken::new()).await
}

fn settings(address: SocketAddr, side: Side) -> ImapSettings {
    let dial = Dial {
        host: address.ip().to_string(),
        port: address.port(),
        encryption: Encryption::None,
        ca: Vec::new(),
        insecure: false,
        proxy: None,
        connect_deadline: limits::CONNECT_DEADLINE,
        side,
    };
    let login = Login::Password { user: USER.to_owned(), password: Secret::new(PASSWORD.to_owned()) };
    let rates = Rates::default();
    let deadline = limits::COMMAND_DEADLINE;
    ImapSettings {
        sign_in: SignIn { dial, login, rates, deadline, compress: false, resync: true, utf8: false },
        describe: format!("{USER}@{address}"),
        bodies: BodyStore::new(),
        pacer: Pacer::new(64),
        caps: None,
        profile: None,
    }
}
