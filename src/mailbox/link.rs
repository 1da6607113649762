//! One connection of an adapter: its server's profile, its pace, the folder that is open.
//!
//! Every command of the two adapters passes here or through [`Link::connection`] after [`Link::admission`], so that a hold of the
//! mailbox, a person's rates and an endpoint's caps are obeyed in one place.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use futures_util::future::BoxFuture;

use super::{ImapSettings, Names, Profile, counters::counted, recognise};
use crate::{
    body::BodyStore,
    clock,
    error::{Code, Disposition, Error, Result, Scope, Side},
    imap::{Command, Connection, Event, Selected, Server, StatusReply, Tag, Tagged, Verdict, list},
    limits,
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

/// A completion and what was told before it.
#[derive(Clone, Debug)]
pub struct Told {
    /// The tagged reply.
    pub tagged: Tagged,
    /// The untagged ones, in order.
    pub untagged: Vec<Event>,
}

impl Told {
    /// Whether the verdict is OK.
    pub fn is_ok(&self) -> bool {
        self.tagged.verdict == Verdict::Ok
    }
}

/// The folder that is open.
struct Open {
    folder: FolderName,
    examine: bool,
    selected: Selected,
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

    /// The next reply. Words of a throttle outside a completion are obeyed too: they come bare, or with the BYE (quirk 2,
    /// microsoft365.md §1.8).
    ///
    /// # Errors
    /// As [`Connection::event`].
    pub async fn event(&mut self) -> Result<Event> {
        let event = self.connection.event().await?;
        self.obey(&event);
        Ok(event)
    }

    /// The next reply as [`Link::event`] tells it; with `most`, `None` as soon as at most that many bytes wait to be sent.
    ///
    /// # Errors
    /// As [`Connection::event`].
    pub async fn event_or_room(&mut self, most: Option<u64>) -> Result<Option<Event>> {
        let Some(most) = most else { return self.event().await.map(Some) };
        self.connection.drive(most).await?;
        self.try_event()
    }

    /// A reply that has been read already, as [`Link::event`] tells it.
    ///
    /// # Errors
    /// As [`Connection::event`].
    pub fn try_event(&mut self) -> Result<Option<Event>> {
        let event = self.connection.try_event()?;
        event.iter().for_each(|event| self.obey(event));
        Ok(event)
    }

    fn obey(&self, event: &Event) {
        if let Event::Condition(Verdict::No | Verdict::Bad, _, text) | Event::Bye(text) | Event::Other(text) = event
            && let Some(throttle) = pace::throttle(text, None)
        {
            self.settings.pacer.obey(throttle, text);
        }
    }

    /// Messages that one command may carry without making a person's rate wait for seconds.
    pub fn burst(&self) -> usize {
        let rate = self.settings.sign_in.rates.messages_per_second;
        rate.and_then(|rate| usize::try_from(rate.get()).ok()).unwrap_or(usize::MAX)
    }

    /// Asks for the hierarchy delimiter where NAMESPACE did not tell it.
    ///
    /// # Errors
    /// As [`Link::run`].
    pub async fn learn_delimiter(&mut self) -> Result<()> {
        if self.names.delimiter().is_none() {
            let told = self.run(Command::new("LIST").string(b"").string(b"")).await?;
            self.names.listed_with(told.untagged.iter().find_map(|event| match event {
                Event::List(entry) => entry.delimiter,
                _ => None,
            }));
        }
        Ok(())
    }

    /// The folders of the mailbox.
    ///
    /// # Errors
    /// As [`list::folders`]; a mailbox without a folder is refused, for every mailbox has its inbox (quirk 67).
    pub async fn folders(&mut self) -> Result<Vec<list::Folder>> {
        self.ready().await?;
        self.settings.pacer.unheld().await;
        let folders = list::folders(&mut self.connection).await.map_err(|error| heed(&self.settings, error))?;
        if folders.is_empty() {
            let later = Disposition::RetryAfter(None);
            return Err(Error::new(Code::FolderList, self.side(), Scope::Mailbox, later, self.describe()));
        }
        self.names.listed_with(folders.iter().find_map(|folder| folder.delimiter));
        self.listed.clear();
        if self.open.is_none() && !self.unknown {
            let told = folders.iter().filter_map(|folder| Some((folder.name.clone(), counted(folder.status.clone()?))));
            self.listed.extend(told);
        }
        Ok(folders)
    }

    /// The counters of all these folders as the last list told them (LIST-STATUS, RFC 5819): once, for they grow old. `None`
    /// where it told none, or a folder was open, whose counters may be old already.
    pub fn take_listed(&mut self, folders: &[FolderName]) -> Option<Vec<Option<StatusReply>>> {
        let mut listed = std::mem::take(&mut self.listed);
        let told: Vec<Option<StatusReply>> = folders.iter().map(|folder| listed.remove(folder)).collect();
        told.iter().all(Option::is_some).then_some(told)
    }

    /// Takes note of counters that were told in passing, as if the last list had told them.
    pub fn note_counters(&mut self, folder: &FolderName, status: StatusReply) {
        self.listed.insert(folder.clone(), status);
    }

    /// Opens a folder, unless it is open that way already; `examine` opens it read-only.
    ///
    /// # Errors
    /// As [`Connection::select`].
    pub async fn select(&mut self, folder: &FolderName, examine: bool) -> Result<&Selected> {
        self.ready().await?;
        match self.open.take().filter(|open| open.folder == *folder && open.examine == examine) {
            Some(open) => Ok(&self.open.insert(open).selected),
            None => self.reopen(folder, examine).await,
        }
    }

    /// Opens a folder though it may be open already: then the server looks for what is new in it.
    ///
    /// # Errors
    /// As [`Connection::select`].
    pub async fn reopen(&mut self, folder: &FolderName, examine: bool) -> Result<&Selected> {
        self.ready().await?;
        self.settings.pacer.unheld().await;
        self.forget_selection();
        let selected =
            self.connection.select(folder, examine, None).await.map_err(|error| heed(&self.settings, error))?;
        self.unknown = false;
        Ok(&self.open.insert(Open { folder: folder.clone(), examine, selected }).selected)
    }

    /// Whether this folder was opened by SELECT before.
    pub fn is_settled(&self, folder: &FolderName) -> bool {
        self.settled.contains(folder)
    }

    /// Says that these were.
    pub fn set_settled<'a>(&mut self, folders: impl IntoIterator<Item = &'a FolderName>) {
        self.settled.extend(folders.into_iter().cloned());
    }

    /// Opens a folder as [`Link::reopen`] does, with `next` sent behind it in the same round trip; the replies to it follow.
    ///
    /// # Errors
    /// As [`Connection::select_then`].
    pub async fn reopen_then(&mut self, folder: &FolderName, examine: bool, next: Command) -> Result<(&Selected, Tag)> {
        self.ready().await?;
        self.settings.pacer.unheld().await;
        self.forget_selection();
        let opened = self.connection.select_then(folder, examine, next).await;
        let (selected, tag) = opened.map_err(|error| heed(&self.settings, error))?;
        self.unknown = false;
        Ok((&self.open.insert(Open { folder: folder.clone(), examine, selected }).selected, tag))
    }

    /// What was told of this folder when it was opened, if it is open now.
    pub fn selected(&self, folder: &FolderName) -> Option<&Selected> {
        self.open.as_ref().filter(|open| open.folder == *folder).map(|open| &open.selected)
    }

    /// Says that an EXAMINE queued by hand opened a folder.
    pub fn opened(&mut self, folder: &FolderName, selected: Selected) {
        self.open = Some(Open { folder: folder.clone(), examine: true, selected });
        self.unknown = false;
    }

    /// What was told of this folder when it was opened read-only, if it is open that way now.
    pub fn examined(&self, folder: &FolderName) -> Option<&Selected> {
        let open = self.open.as_ref().filter(|open| open.examine && open.folder == *folder)?;
        Some(&open.selected)
    }

    /// Whether this folder is open now, in whatever way.
    pub fn is_open(&self, folder: &FolderName) -> bool {
        self.open.as_ref().is_some_and(|open| open.folder == *folder)
    }

    /// Whether a folder may be open that [`Link::is_open`] does not know of.
    pub fn is_open_otherwise(&self) -> bool {
        self.unknown
    }

    /// Says that another folder is about to be open, or none.
    pub fn forget_selection(&mut self) {
        (self.open, self.unknown) = (None, true);
    }

    /// Leaves the folder that is open, if any. Never by CLOSE: that expunges (RFC 3501 §6.4.2).
    ///
    /// # Errors
    /// As [`Link::run`].
    pub async fn leave(&mut self) -> Result<()> {
        if self.open.is_none() && !self.unknown {
            return Ok(());
        }
        let unselect = self.server().has("UNSELECT");
        let command = if unselect { Command::new("UNSELECT") } else { Command::new("EXAMINE").string(b"INBOX") };
        (self.open, self.unknown) = (None, !unselect);
        self.run(command).await.map(drop)
    }

    /// Sends one command and collects what is told until its completion, whose verdict is the caller's to judge.
    ///
    /// # Errors
    /// As [`Connection::event`], and a throttle.
    pub async fn run(&mut self, command: Command) -> Result<Told> {
        let mut all = self.run_all(vec![command]).await?;
        all.pop().ok_or_else(|| Error::bug("a command without a completion"))
    }

    /// Sends commands that do not depend on each other, pipelined. The completions come in the order of the commands, though
    /// a server may tell them in another (Dovecot: NOOP after the STATUS behind it).
    ///
    /// # Errors
    /// As [`Link::run`]. On a throttle the commands that were not sent by then are not sent.
    pub async fn run_all(&mut self, commands: Vec<Command>) -> Result<Vec<Told>> {
        self.fresh().await?;
        let mut commands = commands.into_iter();
        let mut waiting: VecDeque<Tag> = VecDeque::new();
        let mut done: Vec<Told> = Vec::new();
        let mut untagged = Vec::new();
        let mut refused = None;
        loop {
            while refused.is_none() && waiting.len() < limits::COMMANDS_IN_FLIGHT {
                let Some(command) = commands.next() else { break };
                self.settings.pacer.unheld().await;
                waiting.push_back(self.connection.queue(command));
            }
            if waiting.is_empty() {
                done.sort_by_key(|told| told.tagged.tag);
                return refused.map_or(Ok(done), Err);
            }
            match self.event().await? {
                Event::Tagged(tagged) if waiting.contains(&tagged.tag) => {
                    waiting.retain(|tag| *tag != tagged.tag);
                    refused = refused.or(self.check(&tagged).err());
                    done.push(Told { tagged, untagged: std::mem::take(&mut untagged) });
                }
                // Of a command whose caller gave up: what came before it was its own.
                Event::Tagged(_) => untagged.clear(),
                event if untagged.len() < limits::REPLIES_KEPT => untagged.push(event),
                _ => return Err(self.protocol("too many replies")),
            }
        }
    }

    fn protocol(&self, reply: &str) -> Error {
        let (code, give_up) = (Code::Protocol, Disposition::GiveUp);
        Error::new(code, self.side(), Scope::Mailbox, give_up, self.describe()).with_reply(reply)
    }

    /// Takes note of a completion: counts errors, and obeys a throttle for the whole mailbox, which it returns as an error.
    pub fn throttled(&mut self, tagged: &Tagged) -> Option<Error> {
        if tagged.verdict == Verdict::Ok {
            return None;
        }
        self.errors += 1;
        let throttle = pace::throttle(&tagged.text, tagged.code.word())?;
        let until = self.settings.pacer.obey(throttle, &tagged.text);
        let wait = until.saturating_duration_since(clock::instant());
        Some(self.connection.refusal(tagged).disposed(Disposition::RetryAfter(Some(wait))))
    }

    /// Takes note of a completion, and fails where it says that nothing on this session or mailbox can go on.
    ///
    /// # Errors
    /// Throttled; the mailbox is not reachable; the session lost its state (quirks 13, 15, 17).
    pub fn check(&mut self, tagged: &Tagged) -> Result<()> {
        if let Some(throttled) = self.throttled(tagged) {
            return Err(throttled);
        }
        if tagged.verdict != Verdict::Ok {
            let refusal = self.connection.refusal(tagged);
            if matches!(refusal.code(), Code::AuthAccess | Code::Lost) {
                return Err(refusal);
            }
        }
        Ok(())
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
