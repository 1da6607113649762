//! The engine between two stand-ins that the trial can look into.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use mailhaul::{
    error::Side,
    imap::{Login, SignIn},
    lab::{
        generate::{Language, Recipe, exchange_target},
        imap::{self, Accounts, Persona, Server},
        mailstore::Mailstore,
    },
    ledger::{Ledger, sqlite::SqliteLedger},
    limits,
    mailbox::{ImapSettings, Profile, named},
    net::{Dial, Encryption},
    pace::{Pacer, Rates},
    secret::Secret,
    source::imap::ImapSource,
    target::imap::ImapTarget,
    transfer::{self, Event, MailboxReport, Observer, Options, Pair, PassKind, Unobserved, VerifyLevel},
};
use tokio_util::sync::CancellationToken;

use super::letters::letter;
use crate::support::proxy::{Proxy, line::Line};

/// Passes that may be needed until everything has arrived.
const PASSES: usize = 6;

/// How far away the target of [`Stage::one_folder`] is.
const EACH_WAY: Duration = Duration::from_millis(5);

/// A source, a target, and a ledger between them.
pub struct Stage {
    pub source: Server,
    pub target: Server,
    pub from: Mailstore,
    pub to: Mailstore,
    /// How long a connection may take, and a command.
    pub patience: Duration,
    /// The line to the target, where it is not next door.
    line: Option<Proxy>,
    home: tempfile::TempDir,
    profile: &'static Profile,
}

impl Stage {
    /// Two mailboxes on two servers; the target is known by the profile of this name.
    pub async fn between(from: (Mailstore, Persona), to: (Mailstore, Persona), profile: &str) -> Stage {
        Stage {
            source: Server::start(from.0.clone(), from.1).await.unwrap(),
            target: Server::start(to.0.clone(), to.1).await.unwrap(),
            from: from.0,
            to: to.0,
            patience: limits::CONNECT_DEADLINE,
            line: None,
            home: tempfile::tempdir().unwrap(),
            profile: impatient(profile),
        }
    }

    /// A generated mailbox on a generic server, and an empty one on Exchange Online with further habits.
    pub async fn exchange(recipe: &Recipe, turn: impl FnOnce(&mut Persona)) -> Stage {
        let persona = Persona::exchange(imap::Profile::Move).with(turn);
        let from = (recipe.build(), Persona::generic());
        Stage::between(from, (exchange_target(Language::German), persona), "Exchange Online").await
    }

    /// An inbox and nothing else, to Exchange Online at such a distance that its window is full at any time.
    pub async fn one_folder(messages: u32, turn: impl FnOnce(&mut Persona)) -> Stage {
        let from = Mailstore::empty();
        from.write(|mailbox| {
            let inbox = mailbox.folder_mut(b"INBOX").unwrap();
            for n in 0..messages {
                inbox.append(letter(n), None);
            }
        });
        let target = (Mailstore::empty(), Persona::exchange(imap::Profile::Move).with(turn));
        let stage = Stage::between((from, Persona::generic()), target, "Exchange Online").await;
        let line = Line::delay(EACH_WAY).to(([127, 0, 0, 1], stage.target.port()).into());
        Stage { line: Some(line), ..stage }
    }

    /// With a settle time as long as the target's profile has it.
    pub fn in_earnest(self) -> Stage {
        Stage { profile: named(self.profile.name).unwrap(), ..self }
    }

    /// The bytes of every message at the source.
    pub fn bodies(&self) -> Vec<bytes::Bytes> {
        self.from.read(|mailbox| {
            mailbox.folders().flat_map(|(_, folder)| folder.messages()).map(|m| m.content.bytes()).collect()
        })
    }

    fn settings(&self, port: u16, side: Side, profile: Option<&'static Profile>) -> ImapSettings {
        let dial = Dial {
            host: "127.0.0.1".to_owned(),
            port,
            encryption: Encryption::None,
            ca: Vec::new(),
            insecure: false,
            proxy: None,
            connect_deadline: self.patience,
            side,
        };
        let password = Secret::new(Accounts::PASSWORD.to_owned());
        let sign_in = SignIn {
            dial,
            login: Login::Password { user: Accounts::USER.to_owned(), password },
            rates: Rates::default(),
            deadline: self.patience,
            compress: false,
            resync: side == Side::Source,
            utf8: false,
        };
        ImapSettings {
            sign_in,
            describe: format!("{side:?}"),
            bodies: mailhaul::body::BodyStore::new(),
            pacer: Pacer::new(limits::INTENT_BATCH),
            caps: None,
            profile,
        }
    }

    /// One pass, first or delta.
    pub async fn pass(&self) -> MailboxReport {
        self.pass_of(PassKind::Auto).await
    }

    /// One pass of this kind.
    pub async fn pass_of(&self, pass: PassKind) -> MailboxReport {
        self.pass_with(Options { pass, ..Options::default() }).await
    }

    /// The comparison alone, of every body.
    pub async fn verify_content(&self) -> MailboxReport {
        let options = Options { pass: PassKind::Verify, verify: VerifyLevel::Content, ..Options::default() };
        self.pass_with(options).await
    }

    /// One pass with these options.
    pub async fn pass_with(&self, options: Options) -> MailboxReport {
        self.pass_watched(options, Arc::new(Unobserved), CancellationToken::new()).await
    }

    /// One pass with these options, which a person stops as soon as it has to wait.
    pub async fn pass_until_throttled(&self, options: Options) -> MailboxReport {
        let stop = CancellationToken::new();
        self.pass_watched(options, Arc::new(StopsWhenThrottled(stop.clone())), stop).await
    }

    /// The next pass begins without one.
    pub fn lose_the_ledger(&self) {
        for file in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
            let _ = std::fs::remove_file(self.home.path().join(file));
        }
    }

    /// Messages that the ledger counts as read, and the bytes of those that were read in the last 24 hours.
    pub fn read_of_a_day(&self) -> (u64, u64) {
        let ledger = rusqlite::Connection::open(self.home.path().join("ledger.db")).unwrap();
        let sql = "SELECT count(read_at), ifnull(sum(size) FILTER (WHERE read_at > unixepoch() - 24 * 3600), 0) FROM placement";
        let (messages, bytes): (i64, i64) = ledger.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        (messages.unsigned_abs(), bytes.unsigned_abs())
    }

    /// Lets a day pass for the ledger.
    pub fn a_day_later(&self) {
        let ledger = rusqlite::Connection::open(self.home.path().join("ledger.db")).unwrap();
        ledger.execute("UPDATE placement SET read_at = read_at - 25 * 3600", []).unwrap();
    }

    async fn pass_watched(
        &self,
        options: Options,
        observer: Arc<dyn Observer>,
        stop: CancellationToken,
    ) -> MailboxReport {
        let at = self.line.as_ref().map_or(self.target.port(), |line| line.address().port());
        let pair = Pair {
            source_identity: "source".to_owned(),
            target_identity: "target".to_owned(),
            source: Arc::new(ImapSource::new(self.settings(self.source.port(), Side::Source, None))),
            target: Arc::new(ImapTarget::new(self.settings(at, Side::Target, Some(self.profile)))),
        };
        let ledger: Arc<dyn Ledger> = SqliteLedger::open(Path::new(&self.home.path().join("ledger.db"))).unwrap();
        transfer::run_pass(&pair, ledger, &options, observer, stop).await
    }

    /// Passes until everything is verified; the last report and the time of them all.
    pub async fn until_verified(&self) -> (MailboxReport, Duration) {
        let begun = Instant::now();
        let mut last = self.pass().await;
        for _ in 1..PASSES {
            if last.state == transfer::Outcome::Verified {
                break;
            }
            last = self.pass().await;
        }
        assert_eq!(
            last.state,
            transfer::Outcome::Verified,
            "{last:#?}\n{:#?}",
            self.target.journal().closed_by_server()
        );
        (last, begun.elapsed())
    }

    /// Fails unless the target holds what the source holds, no more and no less.
    #[track_caller]
    pub fn assert_all_there_once(&self) {
        let (wanted, found) = (counted(&self.from), counted(&self.to));
        let off = |(message, count): (&Kept, &usize)| {
            let have = found.get(message).copied().unwrap_or(0);
            (have != *count).then(|| format!("{have} of {count}: {}", message.0))
        };
        let mut lines: Vec<String> = wanted.iter().filter_map(off).collect();
        let unknown = found.keys().filter(|message| !wanted.contains_key(*message));
        lines.extend(unknown.map(|message| format!("never sent: {}", message.0)));
        lines.truncate(20);
        assert!(lines.is_empty(), "{lines:#?}");
    }
}

/// A person who does not wait.
struct StopsWhenThrottled(CancellationToken);

impl Observer for StopsWhenThrottled {
    fn on(&self, event: &Event) {
        if matches!(event, Event::Throttled { .. }) {
            self.0.cancel();
        }
    }
}

/// A message as Exchange keeps it: its bytes (as text, for people), date and system flags.
type Kept = (String, i64, u8);

fn counted(store: &Mailstore) -> BTreeMap<Kept, usize> {
    let mut counts = BTreeMap::new();
    store.read(|mailbox| {
        for message in mailbox.folders().flat_map(|(_, folder)| folder.messages()) {
            let text = String::from_utf8_lossy(&message.content.bytes()).into_owned();
            let kept = (text, message.received_at.unix, message.flags.system.bits());
            *counts.entry(kept).or_default() += 1;
        }
    });
    counts
}

/// The profile of this name, which waits seconds instead of a minute for late arrivals: so do the stand-ins.
fn impatient(name: &str) -> &'static Profile {
    let profile = named(name).unwrap();
    Box::leak(Box::new(Profile { settle: Duration::from_secs(3), ..*profile }))
}
