//! What a server saw and said: the evidence that tests judge a client by.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{Cause, Verb};
use crate::{clock::Instant, limits};

/// One command.
#[derive(Clone)]
pub struct Entry {
    /// The connection, counted from 1.
    pub connection: u64,
    /// Whose mailbox; empty before log-in.
    pub user: String,
    /// Which command.
    pub verb: Verb,
    /// When its first line was read.
    pub at: Instant,
    /// It was sent before the reply to the command before it was seen.
    pub pipelined: bool,
    /// Bytes of its literals.
    pub literal_bytes: u64,
    /// The tagged reply without its tag; empty if it was not answered.
    pub reply: String,
}

impl fmt::Debug for Entry {
    /// One line, as a failing test shows hundreds of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Entry { connection, user, verb, literal_bytes, reply, .. } = self;
        write!(f, "{connection} {user} {} ({literal_bytes} bytes) {reply}", verb.word())
    }
}

/// A session that the server ended with `* BYE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The connection.
    pub connection: u64,
    /// Why.
    pub cause: Cause,
    /// The words behind `* BYE`.
    pub words: String,
}

/// A back-off that a mailbox was told.
#[derive(Clone, Debug)]
struct BackOff {
    user: String,
    told: Instant,
    until: Instant,
}

/// The record of one server. It keeps the last [`limits::LAB_JOURNAL`] of everything.
#[derive(Debug, Default)]
pub struct Journal(Mutex<Record>);

#[derive(Debug, Default)]
struct Record {
    entries: VecDeque<Entry>,
    back_offs: VecDeque<BackOff>,
    connections: u64,
    /// Whole messages that were told.
    told: u64,
    closed: VecDeque<Closed>,
}

impl Journal {
    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn connected(&self) -> u64 {
        let mut record = self.record();
        record.connections += 1;
        record.connections
    }

    pub(super) fn told(&self) {
        self.record().told += 1;
    }

    pub(super) fn add(&self, entry: Entry) {
        remember(&mut self.record().entries, entry);
    }

    pub(super) fn back_off(&self, user: &str, told: Instant, until: Instant) {
        remember(&mut self.record().back_offs, BackOff { user: user.to_owned(), told, until });
    }

    pub(super) fn closed(&self, connection: u64, cause: Cause, words: &str) {
        remember(&mut self.record().closed, Closed { connection, cause, words: words.to_owned() });
    }

    /// The commands, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.record().entries.iter().cloned().collect()
    }

    /// How many commands of this kind came.
    pub fn count(&self, verb: Verb) -> usize {
        self.record().entries.iter().filter(|entry| entry.verb == verb).count()
    }

    /// How often a whole message was told.
    pub fn messages_told(&self) -> u64 {
        self.record().told
    }

    /// Connections so far.
    pub fn connections(&self) -> u64 {
        self.record().connections
    }

    /// Connections that the server closed with `* BYE` on its own account.
    pub fn closed_by_server(&self) -> Vec<Closed> {
        self.record().closed.iter().cloned().collect()
    }

    /// How many of them for this cause.
    pub fn closed_for(&self, cause: Cause) -> usize {
        self.record().closed.iter().filter(|closed| closed.cause == cause).count()
    }

    /// How many back-offs were told.
    pub fn back_offs(&self) -> usize {
        self.record().back_offs.len()
    }

    /// Commands of a mailbox that came while it had been told to wait. What was sent before it was heard does not count:
    /// what was pipelined, and what was read within `grace` of the telling; neither does LOGOUT.
    pub fn commands_during_back_off(&self, grace: Duration) -> Vec<Entry> {
        let record = self.record();
        let early = |entry: &&Entry| {
            entry.verb != Verb::Logout
                && !entry.pipelined
                && record
                    .back_offs
                    .iter()
                    .any(|b| b.user == entry.user && entry.at > b.told + grace && entry.at < b.until)
        };
        record.entries.iter().filter(early).cloned().collect()
    }
}

fn remember<T>(record: &mut VecDeque<T>, one: T) {
    if record.len() == limits::LAB_JOURNAL {
        record.pop_front();
    }
    record.push_back(one);
}
