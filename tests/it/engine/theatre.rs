//! A stage: two stand-ins with one mailbox each, a ledger, and passes between them.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
    time::Duration,
};

use mailhaul::{
    error::Side,
    imap::Login,
    lab::{
        imap::{Accounts, Persona, Server},
        mailstore::{Mailbox, Mailstore, Snapshot},
    },
    ledger::{Ledger, SqliteLedger},
    mailbox::{ImapSettings, Profile, named},
    secret::Secret,
    source::imap::ImapSource,
    target::imap::ImapTarget,
    transfer::{self, MailboxReport, Options, Pair, Unobserved},
};
use tokio_util::sync::CancellationToken;

use crate::support::place;

/// Two servers, each with one mailbox, and the place of a ledger.
pub struct Stage {
    pub source: Server,
    pub target: Server,
    pub pair: Pair,
    home: tempfile::TempDir,
}

/// What either side is like.
#[derive(Clone)]
pub struct Cast {
    pub source: Persona,
    pub target: Persona,
    /// The profiles under which the engine sees them.
    pub source_profile: &'static Profile,
    pub target_profile: &'static Profile,
}

impl Cast {
    /// Two careful servers that keep what they are given.
    pub fn careful() -> Self {
        Cast {
            source: Persona::generic(),
            target: Persona::generic(),
            source_profile: &KEEPING,
            target_profile: &KEEPING,
        }
    }

    /// The same with another target.
    pub fn to(self, target: Persona, target_profile: &'static Profile) -> Self {
        Cast { target, target_profile, ..self }
    }
}

/// A server that keeps bytes. It settles fast, for a stand-in in this process has nothing on the way, and a scene is played a
/// thousand times.
pub static KEEPING: LazyLock<Profile> = LazyLock::new(|| prompt("Dovecot"));
/// Gmail, where it is read.
pub static GMAIL: LazyLock<Profile> = LazyLock::new(|| prompt("Gmail"));
/// Exchange Online, settling as fast.
pub static EXCHANGE: LazyLock<Profile> = LazyLock::new(|| prompt("Exchange Online"));

fn prompt(name: &str) -> Profile {
    Profile { settle: Duration::from_millis(60), ..*named(name).unwrap() }
}

impl Stage {
    /// Raises the curtain over copies of these mailboxes.
    pub async fn raise(cast: &Cast, source: &Mailbox, target: &Mailbox) -> Stage {
        let source = serve(source, &cast.source).await;
        let target = serve(target, &cast.target).await;
        let pair = pair(cast, &source, &target, "ann");
        Stage { source, target, pair, home: place::fresh("stage") }
    }

    /// Where the ledger is.
    pub fn ledger_path(&self) -> PathBuf {
        self.home.path().join("ledger.db")
    }

    /// The ledger, opened for writing.
    pub fn ledger(&self) -> Arc<SqliteLedger> {
        SqliteLedger::open(self.ledger_path()).unwrap()
    }

    /// The stage as it stands now, to be raised again: both mailboxes and the closed ledger's file.
    pub fn freeze(&self) -> Frozen {
        let ledger = std::fs::read(self.ledger_path()).unwrap();
        Frozen { source: mailbox(&self.source), target: mailbox(&self.target), ledger }
    }

    /// One pass with the ledger on the stage.
    pub async fn pass(&self, options: &Options) -> MailboxReport {
        run(&self.pair, self.ledger(), options).await
    }

    /// What the target holds.
    pub fn at_target(&self) -> Snapshot {
        store(&self.target).snapshot().sorted()
    }

    /// What the source holds.
    pub fn at_source(&self) -> Snapshot {
        store(&self.source).snapshot().sorted()
    }

    /// Changes the source's mailbox behind everybody's back.
    pub fn change_source<R>(&self, change: impl FnOnce(&mut Mailbox) -> R) -> R {
        store(&self.source).write(change)
    }

    /// Changes the target's mailbox behind everybody's back.
    pub fn change_target<R>(&self, change: impl FnOnce(&mut Mailbox) -> R) -> R {
        store(&self.target).write(change)
    }
}

/// A stage between two acts.
pub struct Frozen {
    pub source: Mailbox,
    pub target: Mailbox,
    pub ledger: Vec<u8>,
}

impl Frozen {
    /// Raises the stage as it stood.
    pub async fn raise(&self, cast: &Cast) -> Stage {
        let stage = Stage::raise(cast, &self.source, &self.target).await;
        std::fs::write(stage.ledger_path(), &self.ledger).unwrap();
        stage
    }
}

/// One pass over `pair`.
pub async fn run(pair: &Pair, ledger: Arc<dyn Ledger>, options: &Options) -> MailboxReport {
    transfer::run_pass(pair, ledger, options, Arc::new(Unobserved), CancellationToken::new()).await
}

/// A pair between two servers; `who` names it in the ledger.
pub fn pair(cast: &Cast, source: &Server, target: &Server, who: &str) -> Pair {
    Pair {
        source_identity: format!("{who}@source"),
        target_identity: "mailbox@target".to_owned(),
        source: Arc::new(ImapSource::new(settings(source, Side::Source, cast.source_profile))),
        target: Arc::new(ImapTarget::new(settings(target, Side::Target, cast.target_profile))),
    }
}

/// How the engine reaches a server.
pub fn settings(server: &Server, side: Side, profile: &'static Profile) -> ImapSettings {
    let mut settings = super::settings(place::loopback(server.port()), Accounts::USER, side);
    let password = Secret::new(Accounts::PASSWORD.to_owned());
    settings.sign_in.login = Login::Password { user: Accounts::USER.to_owned(), password };
    settings.profile = Some(profile);
    settings
}

async fn serve(mailbox: &Mailbox, persona: &Persona) -> Server {
    Server::start(Mailstore::new(mailbox.clone()), persona.clone()).await.unwrap()
}

/// The one mailbox of a server.
pub fn store(server: &Server) -> Mailstore {
    server.accounts().store(Accounts::USER).unwrap()
}

fn mailbox(server: &Server) -> Mailbox {
    store(server).read(Clone::clone)
}

/// Copies a ledger with its write-ahead log as they are.
pub fn copy_ledger(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    for suffix in ["", "-wal"] {
        let name = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        if name(from).exists() {
            std::fs::copy(name(from), name(to)).unwrap();
        }
    }
}
