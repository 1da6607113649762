//! The target port: what a mailbox that is written can do, whatever its protocol.
//!
//! No call of [`TargetSession`] removes. [`TargetEditor`] is a separate port for the few things that do.

pub mod categories;
pub mod imap;
pub mod items;

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use tokio::sync::mpsc;

use crate::{
    body::Body,
    clock,
    error::{Error, Result},
    model::{
        BodyHash, Fingerprint, FlagChange, Flags, FolderClass, FolderName, FolderPath, Mark, Reason, ReceivedAt, Role,
        TargetUid,
    },
};

/// Opens sessions to one mailbox at one target.
#[async_trait]
pub trait TargetConnector: Send + Sync {
    /// Connects and signs in: one session is one connection with one limiter.
    async fn open(&self) -> Result<Box<dyn TargetSession>>;
    /// Stable words for the mailbox (`user@host` without the password).
    fn describe(&self) -> String;
    /// Gives its messages categories, where it has such and may be asked for them.
    fn categories(&self) -> Option<Arc<dyn Categories>> {
        None
    }
    /// In what form messages go there. A pair that began in one form goes on in it: in the other it would recognise nothing.
    fn transport(&self) -> Transport {
        Transport::Mail
    }
}

/// The names that messages carry beside their folder (Outlook's categories): a port of its own, for few targets have it, and where they do
/// it speaks another protocol than the one that mail came by.
#[async_trait]
pub trait Categories: Send + Sync {
    /// What a name becomes as a category; `None`: it cannot be one.
    fn name(&self, of: &str) -> Option<String>;

    /// Finds messages that lie in a folder, in the order of `sought`. A message that may be another one is not found.
    ///
    /// # Errors
    /// The mailbox cannot be asked; [`crate::error::Code::refuses_login`] where it may not be.
    async fn find(&self, folder: &FolderPath, sought: &[Sought]) -> Result<Vec<Sighted>>;

    /// Sets all the categories of messages, by their ids; the outcomes are in their order.
    ///
    /// # Errors
    /// As [`Categories::find`]; what was set is not known then, and may be set again.
    async fn set(&self, categories: Vec<(String, Vec<String>)>) -> Result<Vec<Result<()>>>;
}

/// What is known of a message that is sought.
#[derive(Clone, Debug, Default)]
pub struct Sought {
    /// Its id, where it was found before.
    pub id: Option<String>,
    /// Its Message-ID.
    pub message_id: Option<String>,
    /// Its date.
    pub received_at: Option<ReceivedAt>,
    /// The fingerprint of its header.
    pub fingerprint: Option<Fingerprint>,
    /// The hash of the bytes that were sent.
    pub body_hash: Option<BodyHash>,
}

/// What became of the search for one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sighted {
    /// This one, with the categories that it has.
    There(String, Vec<String>),
    /// There is none, or none yet.
    Missing,
    /// It cannot be told from others.
    Unclear,
}

/// In what form messages go to a target; the words are those of configurations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// As RFC 5322 text.
    Mail,
    /// As whole items of any class.
    Items,
}

impl Transport {
    /// A stable word, as the ledger keeps it and configurations write it.
    pub fn word(self) -> &'static str {
        match self {
            Transport::Mail => "mail",
            Transport::Items => "items",
        }
    }

    /// What goes there, for people.
    pub fn of(self) -> &'static str {
        match self {
            Transport::Mail => "mail",
            Transport::Items => "whole items: mail, calendar, contacts, tasks, notes",
        }
    }
}

/// What a target is able to do and what it keeps, by its profile and by what it announces in the session. Quota, APPENDLIMIT and the
/// characters in names are asked once a mailbox.
#[derive(Clone, Debug)]
pub struct TargetCapabilities {
    /// The profile that was recognised ("Dovecot", "Exchange Online", …).
    pub profile: &'static str,
    /// A message read back has the bytes that were appended.
    pub keeps_bytes: bool,
    /// Keywords are kept.
    pub keeps_keywords: bool,
    /// APPEND tells the new UID (RFC 4315).
    pub append_uid: bool,
    /// How long a folder must stand still before "not arrived" may be concluded.
    pub settle: std::time::Duration,
    /// The largest message it takes (bytes), if known.
    pub max_size: Option<u64>,
    /// The longest line it takes (bytes), if known.
    pub max_line: Option<usize>,
    /// One writer per folder in source order; otherwise several connections may share a folder.
    pub ordered: bool,
    /// Messages in one intent batch that it takes well.
    pub batch: usize,
    /// Most connections that serve one mailbox usefully.
    pub connections: usize,
    /// How long a round trip to it takes, about.
    pub round_trip: std::time::Duration,
    /// Free bytes by QUOTA, if it tells.
    pub quota_free: Option<u64>,
    /// Names that differ only in case are one folder.
    pub case_insensitive: bool,
    /// Folder names that are reserved (compared without case).
    pub reserved_names: &'static [&'static str],
    /// Characters that no folder name may hold, besides the delimiter.
    pub illegal_characters: &'static str,
    /// The hierarchy delimiter, which no segment may hold.
    pub delimiter: Option<char>,
    /// HIGHESTMODSEQ is told, so that "nothing changed" costs one STATUS.
    pub condstore: bool,
}

/// One folder of the target as it is listed.
#[derive(Clone, Debug)]
pub struct TargetFolder {
    /// Its name on the wire.
    pub name: FolderName,
    /// Its path.
    pub path: FolderPath,
    /// What it is for.
    pub role: Option<Role>,
    /// What its items are.
    pub class: FolderClass,
    /// Whether mail may be put there.
    pub selectable: bool,
    /// Whether the user is subscribed to it.
    pub subscribed: bool,
}

/// A folder that must exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFolder {
    /// Its path.
    pub path: FolderPath,
    /// Whether the user is to be subscribed to it.
    pub subscribed: bool,
    /// What its items are, where the target tells folders apart by that.
    pub class: FolderClass,
}

impl From<(FolderPath, bool)> for NewFolder {
    /// A folder for mail.
    fn from((path, subscribed): (FolderPath, bool)) -> Self {
        NewFolder { path, subscribed, class: FolderClass::default() }
    }
}

/// A message to append: exactly these bytes, flags and date.
#[derive(Clone, Debug)]
pub struct AppendItem {
    /// The ledger row, returned with the outcome.
    pub row: i64,
    /// The bytes.
    pub body: Body,
    /// What it will be recognised by, besides its bytes.
    pub fingerprint: Fingerprint,
    /// The flags, already reduced to what the target keeps.
    pub flags: Flags,
    /// INTERNALDATE; `None` lets the target choose.
    pub received_at: Option<ReceivedAt>,
    /// It was refused before. Nothing else is in flight beside it, for the next refusal may end the session.
    pub suspect: bool,
}

/// What became of one append.
#[derive(Clone, Debug)]
pub struct Appended {
    /// The ledger row.
    pub row: i64,
    /// The target's answer.
    pub what: AppendResult,
}

/// The target's answer to one append.
#[derive(Clone, Debug)]
pub enum AppendResult {
    /// Stored, with its place where the target tells (APPENDUID).
    Stored(Option<TargetUid>),
    /// Refused with certainty; the message is not there.
    Refused(Refusal),
    /// Certainly not stored and not the message's fault (throttled, never sent, or sunk with its MULTIAPPEND): send it again.
    NotSent,
    /// In doubt: it was sent, and the server ended the session with a goodbye (BYE, RFC 3501 §7.1.5), read at this instant,
    /// instead of an answer. What a server says goodbye to, it does not go on reading. A session that ends otherwise tells nothing.
    Unanswered(clock::Instant),
}

/// What became of an item that was to be renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// It is what the new content says, at this place.
    Done(TargetUid),
    /// Its user changed it here: it stays as it is.
    Changed,
    /// It is not here any more.
    Gone,
    /// The target does not take the new content.
    Refused(Reason),
    /// Nothing is renewed here.
    Unable,
}

/// A refusal and what the target's words say about its cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The fault that the words name, if they do.
    pub fault: Fault,
    /// The code and the server's own words.
    pub reason: Reason,
}

/// What is wrong with a refused message, as far as the reply names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The reply is vague.
    Unknown,
    /// A line is too long.
    LongLine,
    /// NUL octets.
    Nul,
    /// Bare newlines.
    BareNewline,
    /// A malformed header, or an mbox "From " line.
    Header,
    /// Too large: no repair helps.
    TooBig,
    /// Refused as malware: no repair is tried.
    Virus,
}

/// A target folder's counters (STATUS, RFC 3501 §6.3.10; HIGHESTMODSEQ by RFC 7162).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FolderStatus {
    /// UIDVALIDITY.
    pub validity: u32,
    /// UIDNEXT; where the server does not tell, the highest UID + 1.
    pub next: u32,
    /// Messages in it.
    pub messages: u64,
    /// HIGHESTMODSEQ.
    pub modseq: Option<u64>,
}

impl FolderStatus {
    /// The mark of this status: UIDVALIDITY and UIDNEXT, big-endian.
    pub fn mark(&self) -> Mark {
        Mark([self.validity.to_be_bytes(), self.next.to_be_bytes()].concat())
    }
    /// UIDVALIDITY and UIDNEXT of a mark made by [`FolderStatus::mark`].
    pub fn read_mark(mark: &Mark) -> Option<(u32, u32)> {
        let (validity, next) = (mark.0.get(..4)?, mark.0.get(4..8)?);
        Some((u32::from_be_bytes(validity.try_into().ok()?), u32::from_be_bytes(next.try_into().ok()?)))
    }
}

/// Which messages of a folder to find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Find {
    /// Every message.
    All,
    /// Every message whose UID is at least this.
    From(u32),
    /// These UIDs, ascending.
    Uids(Vec<u32>),
    /// Messages with one of these Message-IDs; may be incomplete where SEARCH is unreliable (quirk 87).
    MessageIds(Vec<String>),
}

/// How much to tell of each message found. Each level holds the ones before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// UID, flags, date and size.
    Attributes,
    /// And the fingerprint of its header.
    Header,
    /// And the hash of its bytes.
    Body,
}

/// A message found at the target.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its place.
    pub at: TargetUid,
    /// Its flags now.
    pub flags: Flags,
    /// Its date.
    pub received_at: Option<ReceivedAt>,
    /// Its size by the server's account.
    pub size: u64,
    /// The fingerprint, from [`Evidence::Header`] on.
    pub fingerprint: Option<Fingerprint>,
    /// Its Message-ID, from [`Evidence::Header`] on and where it has one.
    pub message_id: Option<String>,
    /// The body's hash, for [`Evidence::Body`].
    pub body_hash: Option<BodyHash>,
}

/// What [`TargetSession::find_each`] tells of the folder at this place among those asked for.
#[derive(Debug)]
pub struct Sighting {
    /// The place, from 0.
    pub at: usize,
    /// What it holds.
    pub what: Sight,
}

/// A part of what is told of one folder.
#[derive(Debug)]
pub enum Sight {
    /// Messages; over all pages in ascending UID order.
    Found(Vec<Found>),
    /// All were told. The folder's counters from before.
    Complete(FolderStatus),
    /// The folder cannot be read now, and nothing is concluded about it.
    Unreadable(Error),
}

/// One connection to a target, signed in.
#[async_trait]
pub trait TargetSession: Send {
    /// What it is able to do.
    fn capabilities(&self) -> &TargetCapabilities;

    /// The folders of the mailbox.
    async fn folders(&mut self) -> Result<Vec<TargetFolder>>;

    /// The folders of these paths, created (and subscribed) where they are missing; idempotent. Returns the name on the wire
    /// of each, or why that one cannot be ([`crate::error::Code::FolderName`], scope folder). One batch of round trips.
    ///
    /// # Errors
    /// The session is lost.
    async fn ensure_folders(&mut self, folders: &[NewFolder]) -> Result<Vec<Result<FolderName>>>;

    /// The folder's counters now. Asking makes the server look, so that arrivals from elsewhere show.
    async fn status(&mut self, folder: &FolderName) -> Result<FolderStatus>;

    /// The counters of many folders in few round trips; a folder that does not answer is `None`.
    async fn statuses(&mut self, folders: &[FolderName]) -> Result<Vec<Option<FolderStatus>>>;

    /// The state of the folder before an append: any lower bound will do.
    async fn mark(&mut self, folder: &FolderName) -> Result<Mark> {
        Ok(self.status(folder).await?.mark())
    }

    /// Appends groups as they come, pipelined, until `groups` closes; tells every outcome it knows.
    ///
    /// A group's intents are durable before it is sent here. It may go as one MULTIAPPEND.
    ///
    /// # Errors
    /// The session is lost; [`crate::error::Disposition::RetryAfter`] with a time when throttled, whether or not the session was lost
    /// by it. What is certainly not stored is told before as [`AppendResult::NotSent`]; rows without an outcome are in doubt, and so are
    /// those that are [`AppendResult::Unanswered`].
    async fn append(
        &mut self,
        folder: &FolderName,
        groups: mpsc::Receiver<Vec<AppendItem>>,
        outcomes: mpsc::Sender<Appended>,
    ) -> Result<()>;

    /// Applies differences of flags, pipelined, to UIDs under `validity`. Messages that are gone are passed over; returns the UIDs that were
    /// there.
    ///
    /// # Errors
    /// [`crate::error::Code::Identity`] where the folder has another UIDVALIDITY by now: the UIDs would be strangers'.
    async fn set_flags(
        &mut self,
        folder: &FolderName,
        validity: u32,
        changes: Vec<(u32, FlagChange)>,
    ) -> Result<Vec<u32>>;

    /// Copies messages to another folder at the target itself, with their dates and their flags but `\Deleted` (COPY, RFC 3501 §6.4.7);
    /// at most [`crate::limits::FETCH_CHUNK`], all or none. Returns those that were there, with their new places where the target tells (COPYUID).
    ///
    /// # Errors
    /// Scope folder: refused, none was copied ([`crate::error::Code::Identity`] where `from` has another UIDVALIDITY by now). Any other: in
    /// doubt.
    async fn duplicate(
        &mut self,
        from: &FolderName,
        validity: u32,
        uids: Vec<u32>,
        to: &FolderName,
    ) -> Result<Vec<(u32, Option<TargetUid>)>>;

    /// Finds messages, in ascending UID order, a page at a time. Returns the folder's counters from before.
    async fn find(
        &mut self,
        folder: &FolderName,
        which: Find,
        evidence: Evidence,
        pages: mpsc::Sender<Vec<Found>>,
    ) -> Result<FolderStatus>;

    /// Finds messages in several folders as [`TargetSession::find`] does in one, in few round trips where the server allows. Each
    /// place is told to its end or to be unreadable; one that needs a second look comes after the others.
    ///
    /// # Errors
    /// The session is lost; places that were not told to the end were not read.
    async fn find_each(
        &mut self,
        wanted: Vec<(FolderName, Find)>,
        evidence: Evidence,
        told: mpsc::Sender<Sighting>,
    ) -> Result<()>;

    /// Makes items under `validity` what their new contents say, where they are as they were left here; the outcomes are in their order.
    ///
    /// # Errors
    /// The session is lost; what was renewed is renewed again then, to the same.
    async fn renew(&mut self, _folder: &FolderName, _validity: u32, items: Vec<(u32, Body)>) -> Result<Vec<Renewed>> {
        Ok(items.iter().map(|_| Renewed::Unable).collect())
    }

    /// The editor of this session; it refuses what the server cannot do safely.
    fn editor(&mut self) -> &mut dyn TargetEditor;

    /// Ends the session politely; errors do not matter any more.
    async fn close(self: Box<Self>);
}

/// Moves, renames and removes. Only UIDs that this ledger appended and finds unchanged are ever given to it.
#[async_trait]
pub trait TargetEditor: Send {
    /// Moves messages; returns old and new UIDs where the target tells (COPYUID).
    async fn move_messages(
        &mut self,
        from: &FolderName,
        uids: Vec<u32>,
        to: &FolderName,
    ) -> Result<Vec<(u32, Option<TargetUid>)>>;

    /// Renames a folder.
    async fn rename_folder(&mut self, from: &FolderName, to: &FolderPath) -> Result<FolderName>;

    /// Which of these it would remove: those that are as they were left, of a kind that the target removes.
    async fn removable(&mut self, _folder: &FolderName, uids: Vec<u32>) -> Result<Vec<u32>> {
        Ok(uids)
    }

    /// Removes messages by UID EXPUNGE. Without UIDPLUS it marks them `\Deleted` and returns `false`.
    async fn remove(&mut self, folder: &FolderName, uids: Vec<u32>) -> Result<bool>;
}
