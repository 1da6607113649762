//! One connection of an adapter: its server's profile, its pace, the folder that is open.
//!
//! Every command of the two adapters passes here or through [`Link::connection`] after [`Link::admission`], so that a hold of the
//! mailbox, a person's rates and an endpoint's caps are obeyed in one place. What a reply means for messages is the adapters' to say.

mod commands;
mod folders;
mod selection;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use futures_util::future::BoxFuture;

pub use self::commands::Told;
use self::selection::Open;
use super::{ImapSettings, Names, Profile, recognise};
use crate::{
    body::BodyStore,
    clock,
    error::{Code, Disposition, Error, Result, Side},
    imap::{Connection, Server, StatusReply},
    model::FolderName,
    pace::{self, ConnectionPermit, Limiter},
};

/// A connection that is signed in, with what is known about it.
pub struct Link {
    settings: Arc<ImapSettings>,
    connection: Connection,
    profile: &'static Profile,
    names: Names,
    limiter: Arc<Limiter>,
    open: Option<Open>,
    /// A folder may be open that `open` does not name.
    unknown: bool,
    errors: u32,
    /// Counters that came with the last list of folders and were not used yet.
    listed: HashMap<FolderName, StatusReply>,
    /// Folders whose UIDVALIDITY is permanent for certain.
    settled: HashSet<FolderName>,
    /// Messages are on their way: whoever gives up now leaves commands half sent.
    appending: bool,
    /// Counted until the link is dropped.
    _permit: Option<ConnectionPermit>,
}

impl Link {
    /// Connects, signs in and recognises the server.
    ///
    /// # Errors
    /// As [`Connection::open`].
    pub async fn open(settings: Arc<ImapSettings>) -> Result<Self> {
        settings.pacer.unheld().await;
        let permit = match &settings.caps {
            Some(caps) => Some(caps.connection().await),
            None => None,
        };
        let (connection, profile) = connect(&settings).await?;
        let names = Names::new(connection.server().namespace.as_ref(), connection.server().utf8);
        let limiter = Arc::new(Limiter::new(settings.sign_in.rates));
        Ok(Link {
            settings,
            connection,
            profile,
            names,
            limiter,
            open: None,
            unknown: false,
            errors: 0,
            _permit: permit,
            listed: HashMap::new(),
            settled: HashSet::new(),
            appending: false,
        })
    }

    /// What its server is known for.
    pub fn profile(&self) -> &'static Profile {
        self.profile
    }
    /// What its server announced.
    pub fn server(&self) -> &Server {
        self.connection.server()
    }
    /// How its server spells folder names.
    pub fn names(&self) -> &Names {
        &self.names
    }
    /// Which side it is on.
    pub fn side(&self) -> Side {
        self.settings.sign_in.dial.side
    }
    /// The mailbox, for the subject of an error.
    pub fn describe(&self) -> &str {
        &self.settings.describe
    }
    /// Where its bodies are kept.
    pub fn bodies(&self) -> &BodyStore {
        &self.settings.bodies
    }
    /// The pace of the mailbox.
    pub fn pacer(&self) -> &pace::Pacer {
        &self.settings.pacer
    }
    /// The connection itself, for what is pipelined by hand.
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Waits until a command that carries `messages` and `bytes` may be sent. It stands by itself, so that replies are read
    /// meanwhile; keep it until it is ready, for a part of what it waits for may be taken already.
    pub fn admission(&self, messages: usize, bytes: u64) -> BoxFuture<'static, ()> {
        let messages = u32::try_from(messages).unwrap_or(u32::MAX);
        let (settings, limiter) = (Arc::clone(&self.settings), Arc::clone(&self.limiter));
        Box::pin(async move {
            limiter.take(messages, bytes).await;
            if let Some(caps) = &settings.caps {
                caps.bytes(bytes).await;
            }
            // Last, for a hold may have begun while the others were waited for.
            settings.pacer.permit_for(messages).await;
        })
    }

    /// Messages that one command may carry without making a person's rate wait for seconds.
    pub fn burst(&self) -> usize {
        let rate = self.settings.sign_in.rates.messages_per_second;
        rate.and_then(|rate| usize::try_from(rate.get()).ok()).unwrap_or(usize::MAX)
    }

    /// Says whether messages are on their way. What is left of them when their caller gives up must never be sent later, when
    /// the ledger may have concluded that they did not arrive: the next call begins with a fresh connection.
    pub fn set_appending(&mut self, appending: bool) {
        self.appending = appending;
    }

    /// Replaces a connection that was given up in the middle of messages, or that is about to end with no folder open on it.
    ///
    /// # Errors
    /// As [`Link::open`].
    pub async fn fresh(&mut self) -> Result<()> {
        let bare = self.open.is_none() && !self.unknown && self.connection.in_flight() == 0;
        if self.appending || bare && self.connection.is_due() { self.renew().await } else { Ok(()) }
    }

    /// As [`Link::fresh`], where no folder is needed that is open already: also a connection that is about to end is replaced.
    async fn ready(&mut self) -> Result<()> {
        if self.connection.is_due() { self.renew().await } else { self.fresh().await }
    }

    /// Whether the session has seen as many errors as its server bears (quirks 5, 64), or its token is about to end (quirk 15):
    /// time for [`Link::renew`].
    pub fn is_worn(&self) -> bool {
        self.profile.errors_per_session.is_some_and(|most| self.errors >= most) || self.connection.is_due()
    }

    /// Waits until its token is about to end: for whoever is idle, so that no server has to end an idle session.
    pub fn due(&self) -> impl Future<Output = ()> + Send + use<> {
        let due = self.connection.due();
        async move {
            match due {
                Some(due) => clock::sleep_until(due).await,
                None => std::future::pending().await,
            }
        }
    }

    /// Replaces the connection by a fresh one; the old one is closed at once, so that there are never two.
    ///
    /// # Errors
    /// As [`Link::open`].
    pub async fn renew(&mut self) -> Result<()> {
        self.connection.hang_up();
        self.settings.pacer.unheld().await;
        (self.connection, self.profile) = connect(&self.settings).await?;
        (self.open, self.unknown, self.errors, self.appending) = (None, false, 0, false);
        Ok(())
    }

    /// Ends the session politely.
    pub async fn close(self) {
        self.connection.logout().await;
    }
}

async fn connect(settings: &ImapSettings) -> Result<(Connection, &'static Profile)> {
    let connection = Connection::open(&settings.sign_in, settings.bodies.clone()).await;
    let mut connection = connection.map_err(|error| heed(settings, error))?;
    let profile = settings.profile.unwrap_or_else(|| recognise(connection.server()));
    connection.synchronise_above(profile.eager_literal);
    Ok((connection, profile))
}

/// An error that asks to go slower is obeyed by the whole mailbox.
fn heed(settings: &ImapSettings, error: Error) -> Error {
    let words = error.reply().unwrap_or_default();
    match pace::throttle(words, None).filter(|_| error.code() == Code::Throttled) {
        Some(throttle) => {
            let wait = settings.pacer.obey(throttle, words).saturating_duration_since(clock::instant());
            error.disposed(Disposition::RetryAfter(Some(wait)))
        }
        None => error,
    }
}
