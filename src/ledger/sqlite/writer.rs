//! The one thread that writes, and the group commit.
//!
//! Calls wait in a bounded queue. The thread takes all that wait, runs each in a savepoint of ONE transaction and commits
//! once, with a full sync if any of them asked for it: while one sync is under way the next group gathers, so the number of syncs
//! does not grow with the number of mailboxes. A call is answered only after the commit.
//!
//! Dropping a waiting call's future is safe: the call is made all the same, its answer is let go.
//!
//! Rejected: a mutex around the connection (a blocked executor thread for each mailbox, one sync for each).

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{
    fault::{Fault, sql_error},
    lock::WriterLock,
};
use crate::{
    error::{Code, Disposition, Error, Result, Scope, Side},
    limits,
};

/// Called on the writer's thread right after each full sync, before any call of that group is answered.
pub type AfterSync = Arc<dyn Fn() + Send + Sync>;

/// What a commit must survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Durability {
    /// The end of the process: what is lost in a power cut is found again at the servers.
    Process,
    /// A power cut: the commit is synced.
    PowerCut,
}

/// A waiting call. Without a connection it does not run: its group has failed already.
struct Job {
    durability: Durability,
    run: Run,
}

type Run = Box<dyn FnOnce(Option<&Connection>) -> Answer + Send>;

/// Answers the call once its group is committed, or with the error that the group failed with.
type Answer = Box<dyn FnOnce(Option<Error>) + Send>;

/// The handle of the writing thread; dropping it waits until what was asked is written, and lets the lock go.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread on its own connection.
    pub(super) fn start(
        connection: Connection,
        lock: WriterLock,
        path: PathBuf,
        after_sync: Option<AfterSync>,
    ) -> Result<Writer> {
        let (queue, jobs) = mpsc::channel(limits::LEDGER_QUEUE);
        let mut desk = Desk { connection, path, after_sync, full_sync: false };
        let thread = std::thread::Builder::new()
            .name("ledger".into())
            .spawn(move || {
                desk.serve(jobs);
                // The connection's last checkpoint belongs to the lock's time.
                drop(desk);
                drop(lock);
            })
            .map_err(|error| Error::bug("the ledger's thread cannot start").with_source(error))?;
        Ok(Writer { queue: Some(queue), thread: Some(thread) })
    }

    /// Runs `work` in the next group; all or nothing of it is kept.
    pub(super) async fn call<T, W>(&self, durability: Durability, path: &Path, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let path = path.to_owned();
        let run: Run = Box::new(move |connection| {
            let result = connection.map_or_else(
                || Err(ended()),
                |connection| in_savepoint(connection, work).map_err(|fault| fault.at(&path)),
            );
            Box::new(move |failure| {
                let _ = reply.send(failure.map_or(result, Err));
            })
        });
        let queue = self.queue.as_ref().ok_or_else(ended)?;
        queue.send(Job { durability, run }).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn ended() -> Error {
    Error::bug("the ledger's writer has ended")
}

fn in_savepoint<T>(connection: &Connection, work: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
    connection.prepare_cached("SAVEPOINT job")?.execute([])?;
    let result = work(connection);
    // SQLite itself ends the transaction on a full disk; then there is no savepoint left to end.
    if !connection.is_autocommit() {
        if result.is_err() {
            connection.prepare_cached("ROLLBACK TO job")?.execute([])?;
        }
        connection.prepare_cached("RELEASE job")?.execute([])?;
    }
    result
}

/// Why a whole group failed.
enum Failure {
    /// The transaction did not begin or did not commit.
    Sql(rusqlite::Error),
    /// SQLite ended the transaction under a call, which has the cause (a full or failing disk).
    GivenUp,
}

impl Failure {
    fn at(&self, path: &Path) -> Error {
        match self {
            Failure::Sql(error) => sql_error(error, path),
            Failure::GivenUp => {
                let subject = format!("{}: the transaction was given up (full or failing disk)", path.display());
                Error::new(Code::Disk, Side::System, Scope::Run, Disposition::NeedsPerson, subject)
            }
        }
    }
}

/// The writing side of the thread.
struct Desk {
    connection: Connection,
    path: PathBuf,
    after_sync: Option<AfterSync>,
    full_sync: bool,
}

impl Desk {
    fn serve(&mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(first) = jobs.blocking_recv() {
            let mut group = vec![first];
            while group.len() < limits::LEDGER_QUEUE {
                let Ok(job) = jobs.try_recv() else { break };
                group.push(job);
            }
            self.commit(group);
        }
    }

    fn commit(&mut self, group: Vec<Job>) {
        let durable = group.iter().any(|job| job.durability == Durability::PowerCut);
        let mut answers = Vec::with_capacity(group.len());
        let outcome = self.transaction(durable, group, &mut answers);
        if let (Ok(()), true, Some(hook)) = (&outcome, durable, &self.after_sync) {
            hook();
        }
        for answer in answers {
            answer(outcome.as_ref().err().map(|failure| failure.at(&self.path)));
        }
    }

    /// Runs the group in one transaction; a failure undoes all of it, and every call of the group is told.
    fn transaction(&mut self, durable: bool, group: Vec<Job>, answers: &mut Vec<Answer>) -> Result<(), Failure> {
        let mut state = self.begin(durable);
        for job in group {
            answers.push((job.run)(state.is_ok().then_some(&self.connection)));
            if state.is_ok() && self.connection.is_autocommit() {
                state = Err(Failure::GivenUp);
            }
        }
        state?;
        let committed = self.connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        if committed.is_err() && !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK").map_err(Failure::Sql)?;
        }
        committed.map(drop).map_err(Failure::Sql)
    }

    fn begin(&mut self, durable: bool) -> Result<(), Failure> {
        self.set_sync(durable).map_err(Failure::Sql)?;
        self.connection
            .prepare_cached("BEGIN IMMEDIATE")
            .and_then(|mut begin| begin.execute([]))
            .map_err(Failure::Sql)?;
        Ok(())
    }

    /// Chooses what the next commit survives: `FULL` syncs the WAL at each commit, `NORMAL` at checkpoints only.
    fn set_sync(&mut self, full: bool) -> rusqlite::Result<()> {
        if self.full_sync != full {
            self.connection.pragma_update(None, "synchronous", if full { "FULL" } else { "NORMAL" })?;
            self.full_sync = full;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer(directory: &Path) -> (Writer, PathBuf) {
        let path = directory.join("ledger.db");
        let lock = WriterLock::take(&path).unwrap();
        let connection = super::super::open::writer(&path, None).unwrap();
        (Writer::start(connection, lock, path.clone(), None).unwrap(), path)
    }

    /// 1 syncs the WAL at checkpoints only, 2 at each commit (sqlite.org/pragma.html#pragma_synchronous).
    #[tokio::test]
    async fn only_a_durable_call_asks_for_a_full_sync() {
        let directory = tempfile::tempdir().unwrap();
        let (writer, path) = writer(directory.path());
        let level = |c: &Connection| Ok(c.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0))?);
        for (durability, expected) in
            [(Durability::Process, 1), (Durability::PowerCut, 2), (Durability::PowerCut, 2), (Durability::Process, 1)]
        {
            assert_eq!(writer.call(durability, &path, level).await.unwrap(), expected, "{durability:?}");
        }
    }

    /// SQLite ends a transaction by itself on a full disk; here a call does it.
    #[tokio::test]
    async fn a_given_up_transaction_fails_its_whole_group() {
        let directory = tempfile::tempdir().unwrap();
        let (writer, path) = writer(directory.path());
        let insert = |c: &Connection| Ok(c.execute("INSERT INTO mailbox (identity) VALUES ('x')", [])?);
        let give_up = |c: &Connection| Ok(c.execute_batch("ROLLBACK")?);
        // The first call holds the thread until the others wait, so that they share a group.
        let (started, begun) = oneshot::channel();
        let (go, gate) = std::sync::mpsc::channel::<()>();
        let hold =
            writer.call(Durability::Process, &path, move |_| Ok(started.send(()).is_ok() && gate.recv().is_ok()));
        let group = async {
            begun.await.unwrap();
            let release = async { go.send(()).unwrap() };
            tokio::join!(
                writer.call(Durability::Process, &path, insert),
                writer.call(Durability::Process, &path, give_up),
                writer.call(Durability::Process, &path, insert),
                release
            )
        };
        let (held, (before, broken, after, ())) = tokio::join!(hold, group);
        assert!(held.unwrap());
        assert!(broken.is_err());
        for neighbour in [before, after] {
            assert_eq!(neighbour.unwrap_err().code(), Code::Disk);
        }
        let left = |c: &Connection| Ok(c.query_row("SELECT count(*) FROM mailbox", [], |row| row.get::<_, i64>(0))?);
        assert_eq!(writer.call(Durability::Process, &path, left).await.unwrap(), 0);
    }
}
