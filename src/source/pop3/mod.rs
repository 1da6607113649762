//! POP3 as a source: one folder, no flags, and no date but in the messages (server-quirks B.10).
//!
//! Nothing here changes mail: there is no DELE in [`crate::pop3`]. What a server does by itself when a message is read (some mark it as seen,
//! quirk 114; some delete it at the end of a session, which then gets none) no client can prevent.
//!
//! Message numbers last for one session, and one session at a time is let in. So an id is the message's unique id (UIDL), or its content
//! where there is none ([`ids`]); a cursor is the set of ids that the ledger knows ([`cursor`]); and when most of them are gone at once the
//! maildrop begins another epoch, under which the engine recognises every message by its bytes before it copies any.
//!
//! Rejected: identity by Message-ID or header where UIDL is missing, which costs no reading: equal headers are not equal messages (quirk 96).

mod cursor;
mod discover;
mod fetch;
mod habits;
mod ids;
mod link;
mod maildrop;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::{DiscoverEvent, FetchItem, Fetched, SourceCapabilities, SourceConnector, SourceFolder, SourceSession};
use crate::{
    body::BodyStore,
    error::{Code, Disposition, Result, Scope},
    mime,
    model::{Fingerprint, FolderClass, FolderName, FolderPath, Role},
    pace::{Caps, Pacer, Rates},
    pop3::{Connection, SignIn},
};
use fetch::Fetcher;
use habits::Habits;
use link::Link;

/// What POP3 does not carry, for people.
const LOSSES: &[&str] = &[
    "POP3 shows the inbox alone: other folders stay behind",
    "POP3 has no flags: every message arrives unread, without its answered and flagged marks",
    "POP3 tells no received date: it is taken from the topmost Received field of each message, else from its Date",
];

/// How a maildrop is reached and read.
#[derive(Clone)]
pub struct Pop3Settings {
    /// Where the server is, and who signs in.
    pub sign_in: SignIn,
    /// Stable words for the mailbox (`user@host`), without a secret.
    pub describe: String,
    /// Where bodies that arrive are kept.
    pub bodies: BodyStore,
    /// The pace of the mailbox.
    pub pacer: Pacer,
    /// What all mailboxes of the endpoint share, if anything.
    pub caps: Option<Caps>,
    /// What a person allows of the line.
    pub rates: Rates,
    /// Dates are wanted while the maildrop is listed, for somebody chooses by them: the header of each new message is read for it.
    pub dated: bool,
}

/// One maildrop on a POP3 server, to be read.
#[derive(Clone)]
pub struct Pop3Source {
    settings: Arc<Pop3Settings>,
    habits: Habits,
}

impl Pop3Source {
    /// The maildrop that `settings` reach.
    pub fn new(settings: Pop3Settings) -> Self {
        Pop3Source { settings: Arc::new(settings), habits: Habits::default() }
    }
}

#[async_trait]
impl SourceConnector for Pop3Source {
    async fn open(&self) -> Result<Box<dyn SourceSession>> {
        let link = Link::open(Arc::clone(&self.settings), self.habits.clone()).await?;
        let (profile, stable_bytes) = profile(link.connection());
        let capabilities = SourceCapabilities {
            profile,
            stable_bytes,
            connections: 1,
            round_trip: link.connection().round_trip(),
            lasting_names: true,
            versions: false,
            labels: false,
        };
        Ok(Box::new(Pop3Session { link, capabilities, dated: self.settings.dated }))
    }

    fn describe(&self) -> String {
        self.settings.describe.clone()
    }

    fn losses(&self) -> &'static [&'static str] {
        LOSSES
    }
}

/// The server's name, and whether it keeps bytes: Exchange renders a message for each reading.
fn profile(connection: &Connection) -> (&'static str, bool) {
    let says = |word: &str| {
        let told = [connection.capabilities().implementation().unwrap_or_default(), connection.greeting()];
        told.iter().any(|text| text.to_ascii_lowercase().contains(word))
    };
    let known = [
        ("microsoft exchange", ("Exchange (POP3)", false)),
        ("dovecot", ("Dovecot (POP3)", true)),
        ("courier", ("Courier (POP3)", true)),
        ("cyrus", ("Cyrus (POP3)", true)),
        ("gpop", ("Gmail (POP3)", true)),
        ("zimbra", ("Zimbra (POP3)", true)),
    ];
    known.into_iter().find(|(word, _)| says(word)).map_or(("POP3", true), |(_, profile)| profile)
}

struct Pop3Session {
    link: Link,
    capabilities: SourceCapabilities,
    dated: bool,
}

impl Pop3Session {
    /// The maildrop is not the one that was listed: its ids would name other messages, or none.
    async fn refuse_other(&mut self, folder: &FolderName, epoch: u64) -> Result<()> {
        if *folder != FolderName::inbox() {
            return Err(self.link.error(Code::FolderSelect, Disposition::GiveUp).scoped(Scope::Folder));
        }
        self.link.maildrop().await?;
        match self.link.habits().cursor().is_none_or(|listed| listed.epoch == epoch) {
            true => Ok(()),
            false => Err(self.link.other_maildrop()),
        }
    }
}

#[async_trait]
impl SourceSession for Pop3Session {
    fn capabilities(&self) -> &SourceCapabilities {
        &self.capabilities
    }

    async fn folders(&mut self) -> Result<Vec<SourceFolder>> {
        Ok(vec![SourceFolder {
            name: FolderName::inbox(),
            path: FolderPath::inbox(),
            role: Some(Role::Inbox),
            class: FolderClass::default(),
            subscribed: false,
            skipped: None,
            messages: None,
        }])
    }

    async fn epochs(&mut self, folders: &[FolderName]) -> Result<Vec<Option<u64>>> {
        let epoch = self.link.habits().cursor().map(|cursor| cursor.epoch);
        Ok(folders.iter().map(|folder| epoch.filter(|_| *folder == FolderName::inbox())).collect())
    }

    async fn discover(
        &mut self,
        folders: Vec<(FolderName, Option<Vec<u8>>)>,
        events: mpsc::Sender<DiscoverEvent>,
    ) -> Result<()> {
        discover::discover(&mut self.link, self.dated, folders, events).await
    }

    async fn fetch(
        &mut self,
        folder: &FolderName,
        epoch: u64,
        items: mpsc::Receiver<Vec<FetchItem>>,
        bodies: mpsc::Sender<Fetched>,
    ) -> Result<()> {
        self.refuse_other(folder, epoch).await?;
        Fetcher::new(&mut self.link, bodies).run(items).await
    }

    async fn fingerprints(
        &mut self,
        folder: &FolderName,
        epoch: u64,
        items: Vec<FetchItem>,
    ) -> Result<Vec<(i64, Fingerprint)>> {
        self.refuse_other(folder, epoch).await?;
        let maildrop = self.link.maildrop().await?;
        let rows = fetch::numbered(&items, |id| maildrop.get(id).map(|message| message.number));
        let mut prints = Vec::with_capacity(rows.len());
        fetch::headers(&mut self.link, rows.keys().copied().collect(), |number, header| {
            let print = mime::fingerprint_body(header).map_err(link::spool)?;
            prints.extend(rows.get(&number).map(|row| (*row, print)));
            Ok(())
        })
        .await?;
        Ok(prints)
    }

    async fn close(self: Box<Self>) {
        self.link.close().await;
    }
}

impl Link {
    /// Exchange's placeholder for what it cannot render (quirk 37): never copied as if it were the mail.
    fn is_stub(&self, body: &crate::body::Body) -> bool {
        const NOTICE: &[u8] = b"Retrieval using the POP3 protocol failed for the following message";
        let start = || body.chunk(0, 4096).unwrap_or_default();
        !profile(self.connection()).1 && memchr::memmem::find(&start(), NOTICE).is_some()
    }
}
