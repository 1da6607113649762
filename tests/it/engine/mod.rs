//! The engine in this process, between real servers: what the command line cannot stage.

mod all_mail;
mod categories;
mod deaths;
mod exchange;
mod goodbyes;
mod labels;
mod late;
mod letters;
mod life;
mod meddler;
mod oddities;
mod office365;
mod poison;
mod power;
mod refusing;
mod renumbered;
mod rescue;
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
    error::Side,
    ledger::{Ledger, sqlite::SqliteLedger},
    limits,
    mailbox::ImapSettings,
    pace::Pacer,
    source::imap::ImapSource,
    target::imap::ImapTarget,
    transfer::{self, MailboxReport, Options, Pair, Unobserved},
};
use tokio_util::sync::CancellationToken;

use crate::support::dovecot::PASSWORD;

/// How `user` reaches the server at `address`, with a window of one batch.
pub fn settings(address: SocketAddr, user: &str, side: Side) -> ImapSettings {
    let mut settings = crate::side::settings(address, user, PASSWORD, side);
    (settings.sign_in.resync, settings.sign_in.utf8) = (side == Side::Source, false);
    ImapSettings { pacer: Pacer::new(limits::INTENT_BATCH), ..settings }
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
