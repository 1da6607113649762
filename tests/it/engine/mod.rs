//! The engine in this process, between real servers: what the command line cannot stage.

mod deaths;
mod exchange;
mod goodbyes;
mod late;
mod letters;
mod life;
mod oddities;
mod poison;
mod power;
mod refusing;
mod renumbered;
mod rounds;
mod scenes;
mod smoke;
mod stage;
mod storm;
mod theatre;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use mailhaul::{
    body::BodyStore,
    error::Side,
    imap::{Login, SignIn},
    ledger::{Ledger, sqlite::SqliteLedger},
    limits,
    mailbox::ImapSettings,
    net::{Dial, Encryption},
    pace::{Pacer, Rates},
    secret::Secret,
    source::imap::ImapSource,
    target::imap::ImapTarget,
    transfer::{self, MailboxReport, Options, Pair, Unobserved},
};
use tokio_util::sync::CancellationToken;

use crate::support::dovecot::PASSWORD;

/// How `user` reaches the server at `address`.
pub fn settings(address: SocketAddr, user: &str, side: Side) -> ImapSettings {
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
    let login = Login::Password { user: user.to_owned(), password: Secret::new(PASSWORD.to_owned()) };
    let sign_in = SignIn {
        dial,
        login,
        rates: Rates::default(),
        deadline: limits::COMMAND_DEADLINE,
        compress: false,
        resync: side == Side::Source,
        utf8: false,
    };
    ImapSettings {
        sign_in,
        describe: format!("{user}@{address}"),
        bodies: BodyStore::new(),
        pacer: Pacer::new(limits::INTENT_BATCH),
        caps: None,
        profile: None,
    }
}

/// The pair of `user`'s mailboxes on two servers.
pub fn pair(from: SocketAddr, to: SocketAddr, user: &str) -> Pair {
    Pair {
        source_identity: format!("{user}@source"),
        target_identity: format!("{user}@target"),
        source: Arc::new(ImapSource::new(settings(from, user, Side::Source))),
        target: Arc::new(ImapTarget::new(settings(to, user, Side::Target))),
    }
}

/// One pass over `pair` with the ledger at `path`.
pub fn pass(pair: &Pair, path: &Path, options: &Options) -> MailboxReport {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let ledger: Arc<dyn Ledger> = SqliteLedger::open(path).unwrap();
        transfer::run_pass(pair, ledger, options, Arc::new(Unobserved), CancellationToken::new()).await
    })
}

/// A place for a ledger.
pub fn ledger(home: &tempfile::TempDir) -> PathBuf {
    home.path().join("ledger.db")
}
