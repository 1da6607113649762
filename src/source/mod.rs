//! The source port: what a mailbox that is read can do, whatever its protocol.
//!
//! No method changes mail at the source. An adapter lives in a file beside this one and is held to
//! the same conformance suite as every other.

pub mod graph;
pub mod imap;
pub mod items;
mod keyword;
pub mod pop3;
mod whole;
pub mod zimbra;

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::{
    body::Body,
    error::{Code, Error, Result},
    model::{ContentId, Fingerprint, Flags, FolderClass, FolderName, FolderPath, Reason, ReceivedAt, Role},
};

/// By which of its interfaces a mailbox is read. What came by one is not recognised by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadBy {
    /// The one that its kind is named after.
    Own,
    /// IMAP, where its own is closed.
    Imap,
}

/// Something that was seen of a message which arrived all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The ledger row.
    pub row: i64,
    /// What was seen, in words for people.
    pub words: String,
}

/// Opens sessions to one mailbox at one source.
#[async_trait]
pub trait SourceConnector: Send + Sync {
    /// Decides by which interface the mailbox is read from now on, where it has several; `begun`: by which it was so far. Where none opens
    /// it is its own for now, and [`SourceConnector::open`] tells why and tries no other.
    async fn choose(&self, _begun: Option<ReadBy>) -> ReadBy {
        ReadBy::Own
    }
    /// Connects and signs in: one session is one connection with one limiter.
    async fn open(&self) -> Result<Box<dyn SourceSession>>;
    /// Stable words for the mailbox (`user@host` without the password); part of the pair's identity unless overridden.
    fn describe(&self) -> String;
    /// What the source's protocol cannot carry at all, in words for people: said before a pass and in its report.
    fn losses(&self) -> &'static [&'static str] {
        &[]
    }
    /// What was seen of single messages since somebody asked last, for a report; at most [`crate::limits::ATTENTION_LINES`].
    fn take_remarks(&self) -> Vec<Remark> {
        Vec::new()
    }
}

/// What a source session is able to do, asked once.
#[derive(Clone, Debug, Default)]
pub struct SourceCapabilities {
    /// The profile that was recognised ("Dovecot", "Exchange Online", …).
    pub profile: &'static str,
    /// Two reads of one message give the same bytes.
    pub stable_bytes: bool,
    /// Most connections that serve one mailbox usefully.
    pub connections: usize,
    /// How long a round trip to it takes, about.
    pub round_trip: std::time::Duration,
    /// A folder's name on the wire stays when the folder is renamed or moved: it is an id.
    pub lasting_names: bool,
    /// A message's content may change under its id: its version tells ([`Listed::version`]), and the old content is superseded.
    pub versions: bool,
    /// A message may lie in several folders at once (Gmail's labels). Elsewhere one that is told in two was moved while they were listed.
    pub labels: bool,
}

/// One folder of the source as it is listed.
#[derive(Clone, Debug)]
pub struct SourceFolder {
    /// Its name on the wire: its identity.
    pub name: FolderName,
    /// Its path for people and for mapping.
    pub path: FolderPath,
    /// What it is for.
    pub role: Option<Role>,
    /// What its items are.
    pub class: FolderClass,
    /// Whether the user is subscribed to it.
    pub subscribed: bool,
    /// Why it is not read, if it is not (virtual, not selectable, not mail, foreign).
    pub skipped: Option<Reason>,
    /// Messages in it, where the listing tells.
    pub messages: Option<u64>,
}

/// One message as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The id within namespace and epoch ([`crate::model::MessageKey`]).
    pub id: Vec<u8>,
    /// The content version; empty where content never changes.
    pub version: Vec<u8>,
    /// The size by the server's account: for planning only (quirk 98). 0: it does not tell.
    pub size: u64,
    /// When it was received; `None` where the server does not say (quirk 99).
    pub received_at: Option<ReceivedAt>,
    /// Its flags.
    pub flags: Flags,
    /// Which message it is, where the source shows one message in several folders and tells so.
    pub content: Option<ContentId>,
    /// Its evidence, where the listing tells it: of items that nobody reads but their service (microsoft365.md part III 1).
    pub fingerprint: Option<Fingerprint>,
}

/// The flags of a message that is known already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagsSeen {
    /// The id.
    pub id: Vec<u8>,
    /// Its flags now.
    pub flags: Flags,
}

/// How a folder is listed in this pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListingKind {
    /// Nothing changed since the cursor: no message follows.
    Unchanged,
    /// Only what is new or changed follows; what does not follow is as it was.
    Delta,
    /// Every live message follows in ascending id order: what does not follow is gone. Without a cursor (or under a
    /// new epoch) every one comes as [`DiscoverEvent::Listed`]; with one, those below its frontier come as
    /// [`DiscoverEvent::Flags`] first and the newer ones as [`DiscoverEvent::Listed`] after them.
    Complete,
}

/// What discovery tells, in order. A cursor belongs to a folder.
#[derive(Clone, Debug)]
pub enum DiscoverEvent {
    /// The folders; sent once, first, and complete.
    Folders(Vec<SourceFolder>),
    /// A folder's listing begins; if it had begun before without an end, this one counts in its place.
    Begin {
        /// Which folder.
        folder: FolderName,
        /// Its epoch now (UIDVALIDITY).
        epoch: u64,
        /// What follows.
        kind: ListingKind,
    },
    /// Messages not known to the cursor, ascending by id.
    Listed(Vec<Listed>),
    /// Flags of messages, ascending by id.
    Flags(Vec<FlagsSeen>),
    /// Messages that are gone for certain (VANISHED, tombstone).
    Gone(Vec<Vec<u8>>),
    /// The folder's listing is complete. The cursor and all since `Begin` become durable together.
    End {
        /// The cursor to store, read before the listing began.
        cursor: Vec<u8>,
        /// Live messages by the server's own count, where it tells.
        count: Option<u64>,
    },
    /// The folder cannot be read in this pass; nothing is concluded about it.
    Unreadable(FolderName, Reason),
}

/// A message to fetch.
#[derive(Clone, Debug)]
pub struct FetchItem {
    /// The ledger row, returned with the body.
    pub row: i64,
    /// The source id.
    pub id: Vec<u8>,
    /// The size it was listed with, for windows and deadlines.
    pub size: u64,
}

/// What became of one fetch. Bodies arrive in any order.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The ledger row.
    pub row: i64,
    /// The body or why there is none.
    pub what: FetchResult,
}

/// A fetch's result; only a lost session is an error.
#[derive(Clone, Debug)]
pub enum FetchResult {
    /// The whole message.
    Body(Body),
    /// A whole item of any class in the form that its service exports: nobody looks into it (microsoft365.md §5.1).
    Sealed(Body),
    /// An item as RFC 5322 text, with the flags that the text does not carry ([`SourceSession::fetch_as_mail`]).
    AsMail(Body, Flags),
    /// It is gone.
    Vanished,
    /// The server cannot deliver it.
    Unreadable(Reason),
}

/// One connection to a source, signed in.
#[async_trait]
pub trait SourceSession: Send {
    /// What it is able to do.
    fn capabilities(&self) -> &SourceCapabilities;

    /// The folders of the mailbox.
    async fn folders(&mut self) -> Result<Vec<SourceFolder>>;

    /// The epochs (UIDVALIDITY) of these folders, in few round trips; `None` for one that does not answer.
    async fn epochs(&mut self, folders: &[FolderName]) -> Result<Vec<Option<u64>>>;

    /// Tells what changed in `folders` since their cursors (`None`: everything). Folders are told one after the other.
    ///
    /// # Errors
    /// The session is lost, or the receiver went away. A folder that cannot be read is an event, not an error.
    async fn discover(
        &mut self,
        folders: Vec<(FolderName, Option<Vec<u8>>)>,
        events: mpsc::Sender<DiscoverEvent>,
    ) -> Result<()>;

    /// Fetches whole bodies of one folder under `epoch`, pipelined, until `items` closes.
    ///
    /// # Errors
    /// The session is lost or the epoch is another one ([`crate::error::Code::Identity`]); what did not arrive was not read.
    async fn fetch(
        &mut self,
        folder: &FolderName,
        epoch: u64,
        items: mpsc::Receiver<Vec<FetchItem>>,
        bodies: mpsc::Sender<Fetched>,
    ) -> Result<()>;

    /// Fetches what is mail among whole items as RFC 5322 text: as [`SourceSession::fetch`]. What is no mail is unreadable.
    ///
    /// # Errors
    /// As [`SourceSession::fetch`].
    async fn fetch_as_mail(
        &mut self,
        _folder: &FolderName,
        _epoch: u64,
        mut items: mpsc::Receiver<Vec<FetchItem>>,
        bodies: mpsc::Sender<Fetched>,
    ) -> Result<()> {
        let reason = Reason { code: Code::ItemFetch, words: "the source has no other form of it".to_owned() };
        while let Some(chunk) = items.recv().await {
            for FetchItem { row, .. } in chunk {
                let what = FetchResult::Unreadable(reason.clone());
                bodies.send(Fetched { row, what }).await.map_err(|_| Error::canceled())?;
            }
        }
        Ok(())
    }

    /// Tells the header fingerprints of `items`, in any order; messages that are gone or unreadable are left out.
    /// The evidence for adopting what a target holds and for re-identifying a folder under a new epoch.
    ///
    /// # Errors
    /// As [`SourceSession::fetch`].
    async fn fingerprints(
        &mut self,
        folder: &FolderName,
        epoch: u64,
        items: Vec<FetchItem>,
    ) -> Result<Vec<(i64, Fingerprint)>>;

    /// Tells by what `items` are recognised where they came as mail ([`mail_evidence`](crate::mailbox::items::mail_evidence)); what is no mail,
    /// and all where the source has mail alone, is left out.
    ///
    /// # Errors
    /// As [`SourceSession::fetch`].
    async fn evidence_as_mail(
        &mut self,
        _folder: &FolderName,
        _items: Vec<FetchItem>,
    ) -> Result<Vec<(i64, Fingerprint)>> {
        Ok(Vec::new())
    }

    /// Ends the session politely; errors do not matter any more.
    async fn close(self: Box<Self>);
}
