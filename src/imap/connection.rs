//! A connection that is signed in: commands go out pipelined, replies come in as events.

use super::{Command, Event, Server, SignIn, Tag, Tagged};
use crate::{body::BodyStore, error::Result, model::FolderName};

/// A connection to one mailbox, signed in. Dropping it closes it.
#[derive(Debug)]
pub struct Connection {
    server: Server,
}

impl Connection {
    /// Connects, signs in and learns what the server is able to do; the set-up is pipelined.
    ///
    /// # Errors
    /// The server cannot be reached, is not trusted, refuses the user, or is not an IMAP server.
    pub async fn open(how: &SignIn, bodies: BodyStore) -> Result<Connection> {
        let _ = (how, bodies);
        todo!()
    }

    /// What is known of the server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Appends a command to the outbox; nothing is awaited. [`Connection::event`] and [`Connection::drive`] send it.
    pub fn queue(&mut self, command: Command) -> Tag {
        let _ = command;
        todo!()
    }

    /// The next reply. Writes and reads until there is one, so that no buffer that is full on both sides can stop it.
    ///
    /// Dropping the future loses nothing: it may stand in a `tokio::select!` beside other sources of work.
    ///
    /// # Errors
    /// The connection is lost, or nothing came or went within the deadline of the commands under way.
    pub async fn event(&mut self) -> Result<Event> {
        todo!()
    }

    /// A reply that has been read already, without waiting.
    ///
    /// # Errors
    /// As [`Connection::event`].
    pub fn try_event(&mut self) -> Result<Option<Event>> {
        todo!()
    }

    /// Sends until at most `most` bytes of the outbox are left, or a reply waits to be taken by [`Connection::event`].
    /// May be dropped at any time.
    ///
    /// # Errors
    /// As [`Connection::event`].
    pub async fn drive(&mut self, most: u64) -> Result<()> {
        let _ = most;
        todo!()
    }

    /// Bytes of the outbox that are not sent, literals counted.
    pub fn unsent(&self) -> u64 {
        todo!()
    }

    /// Commands without a tagged reply.
    pub fn in_flight(&self) -> usize {
        todo!()
    }

    /// Literals above this many bytes wait for the server's `+`, so that a refusal costs no upload. It is lowered
    /// from what the server offers (LITERAL+: any size, LITERAL-: 4,096), never raised above.
    pub fn synchronise_above(&mut self, bytes: u64) {
        let _ = bytes;
        todo!()
    }

    /// Sends one command and collects what is told until its completion. Nothing else may be in flight.
    ///
    /// # Errors
    /// As [`Connection::event`]; a NO or BAD is no error here, but in [`Completed::ok`].
    pub async fn run(&mut self, command: Command) -> Result<Completed> {
        let _ = command;
        todo!()
    }

    /// Opens a folder, read-only with `examine`.
    ///
    /// With `resync` (and [`Server::qresync`]) the server tells in [`Selected::vanished`] and [`Selected::changed`] what
    /// happened since.
    ///
    /// # Errors
    /// As [`Connection::event`]; [`crate::error::Code::FolderSelect`], scope folder, where the server refuses.
    pub async fn select(&mut self, folder: &FolderName, examine: bool, resync: Option<Resync>) -> Result<Selected> {
        let _ = (folder, examine, resync);
        todo!()
    }

    /// Says goodbye; errors do not matter any more.
    pub async fn logout(self) {
        todo!()
    }
}

/// A command's completion and what was told before it.
#[derive(Clone, Debug)]
pub struct Completed {
    /// The tagged reply.
    pub tagged: Tagged,
    /// The untagged ones, in order.
    pub untagged: Vec<Event>,
}

impl Completed {
    /// This, if the verdict is OK.
    ///
    /// # Errors
    /// The verdict is NO or BAD: an error by its response code and text.
    pub fn ok(self) -> Result<Completed> {
        todo!()
    }
}

/// What is known of a folder from before (RFC 7162 §3.2.5).
#[derive(Clone, Copy, Debug)]
pub struct Resync {
    /// UIDVALIDITY.
    pub validity: u32,
    /// HIGHESTMODSEQ.
    pub modseq: u64,
}

/// A folder that is open.
#[derive(Clone, Debug, Default)]
pub struct Selected {
    /// UIDVALIDITY; 0 where the server tells none.
    pub validity: u32,
    /// UIDNEXT; Courier tells none (quirk 83).
    pub next: Option<u32>,
    /// Messages.
    pub exists: u32,
    /// HIGHESTMODSEQ; `None` without CONDSTORE or with NOMODSEQ.
    pub modseq: Option<u64>,
    /// PERMANENTFLAGS; `\*` means any keyword. `None` where the server tells none: then all may be kept (RFC 3501 §7.1).
    pub permanent_flags: Option<Vec<String>>,
    /// It may not be changed.
    pub read_only: bool,
    /// UIDs that are gone since, as ranges.
    pub vanished: Vec<(u32, u32)>,
    /// Messages that are new or changed since.
    pub changed: Vec<super::Attributes>,
}
