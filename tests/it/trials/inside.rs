//! The engine without its command line, for what cannot be done to it from outside.

use super::USER;
use crate::support::dovecot::PASSWORD;
use mailhaul::error::Side;
use mailhaul::ledger::sqlite::{Hooks, SqliteLedger};
use mailhaul::limits;
use mailhaul::mailbox::ImapSettings;
use mailhaul::pace::Pacer;
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
    let mut settings = crate::side::settings(address, USER, PASSWORD, side);
    settings.sign_in.utf8 = false;
    ImapSettings { pacer: Pacer::new(limits::INTENT_BATCH), ..settings }
}
