//! The vault in a SQLite file of its own: small, for its owner only, shared by processes.
//!
//! A rollback journal and not WAL: what was wiped would stay in the log until a checkpoint. `secure_delete` overwrites what is removed
//! or replaced with zeros. A call is one statement or transaction on a blocking thread; connections are kept.

use std::{
    fs::OpenOptions,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};

use super::{Held, Record, Records, Reseal, SecretName, refused};
use crate::{
    clock,
    error::{Error, Result},
    limits,
};

/// Marks the file as a vault of ours (`mhv1`).
const APPLICATION_ID: i64 = 0x6d68_7631;
/// The version that this program reads and writes.
const VERSION: i64 = 1;
const SCHEMA: &str = "
    CREATE TABLE recipient (one INTEGER PRIMARY KEY CHECK (one = 1), age TEXT NOT NULL) STRICT;
    CREATE TABLE secret (name TEXT PRIMARY KEY, sealed BLOB NOT NULL, stored INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";

/// A vault's file.
#[derive(Clone)]
pub struct SecretsFile {
    path: Arc<Path>,
    connection: Arc<Mutex<Connection>>,
}

impl SecretsFile {
    /// Makes a new vault at `path`, encrypted to `recipient`.
    ///
    /// # Errors
    /// It is there already, or cannot be written.
    pub fn create(path: &Path, recipient: &str) -> Result<SecretsFile> {
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        made.map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => refused(format!("{} is there already", path.display())),
            _ => refused(format!("{} cannot be made: {error}", path.display())),
        })?;
        let file = SecretsFile::connect(path)?;
        file.transaction(|transaction| {
            transaction.execute_batch(SCHEMA)?;
            transaction.execute("INSERT INTO recipient (one, age) VALUES (1, ?1)", [recipient])?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
            Ok(())
        })?;
        Ok(file)
    }

    /// Opens the vault at `path`; `None` if there is none.
    ///
    /// # Errors
    /// It cannot be read, or was written by a newer version or another program.
    pub fn open(path: &Path) -> Result<Option<SecretsFile>> {
        if !path.exists() {
            return Ok(None);
        }
        let file = SecretsFile::connect(path)?;
        let marks = file.transaction(|transaction| {
            let application: i64 = transaction.pragma_query_value(None, "application_id", |row| row.get(0))?;
            let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
            Ok((application, version))
        })?;
        match marks {
            (APPLICATION_ID, VERSION) => Ok(Some(file)),
            (APPLICATION_ID, version) => {
                Err(refused(format!("{} was written by another version ({version})", path.display())))
            }
            // A crash while it was made left a file without a vault: nothing was ever in it.
            (0, 0) => {
                Err(refused(format!("{} is no whole vault; remove it and run `mailhaul secrets init`", path.display())))
            }
            _ => Err(refused(format!("{} belongs to another program", path.display()))),
        }
    }

    fn connect(path: &Path) -> Result<SecretsFile> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || -> rusqlite::Result<Connection> {
            let connection = Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(limits::LEDGER_BUSY)?;
            connection.pragma_update(None, "secure_delete", true)?;
            connection.pragma_update(None, "journal_mode", "delete")?;
            connection.pragma_update(None, "synchronous", "EXTRA")?;
            Ok(connection)
        };
        let connection = open().map_err(|error| failed(path, &error))?;
        Ok(SecretsFile { path: path.into(), connection: Arc::new(Mutex::new(connection)) })
    }

    /// A transaction that nobody else's write comes between.
    fn transaction<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let all = || -> Result<T, Fault> {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        };
        all().map_err(|fault| match fault {
            Fault::Sql(error) => failed(&self.path, &error),
            Fault::Refused(error) => error,
        })
    }

    async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let file = self.clone();
        let done = tokio::task::spawn_blocking(move || file.transaction(work)).await;
        done.map_err(|error| Error::bug("a call of the vault broke off").with_source(error))?
    }
}

#[async_trait]
impl Records for SecretsFile {
    async fn recipient(&self) -> Result<String> {
        self.call(|connection| Ok(recipient(connection)?)).await
    }

    async fn put(&self, to: &str, records: Vec<Record>) -> Result<bool> {
        let (to, now) = (to.to_owned(), clock::unix_now());
        self.call(move |connection| {
            if recipient(connection)? != to {
                return Ok(false);
            }
            let mut put = connection
                .prepare_cached("INSERT OR REPLACE INTO secret (name, sealed, stored) VALUES (?1, ?2, ?3)")?;
            for Record { name, sealed } in records {
                put.execute(params![name.to_string(), sealed, now])?;
            }
            Ok(true)
        })
        .await
    }

    async fn get(&self, name: &SecretName) -> Result<Option<Record>> {
        let name = name.clone();
        self.call(move |connection| {
            let mut get = connection.prepare_cached("SELECT sealed FROM secret WHERE name = ?1")?;
            let sealed = get.query_row([name.to_string()], |row| row.get(0)).optional()?;
            Ok(sealed.map(|sealed| Record { name, sealed }))
        })
        .await
    }

    async fn list(&self) -> Result<Vec<Held>> {
        self.call(|connection| {
            let mut list = connection.prepare_cached("SELECT name, stored FROM secret ORDER BY name")?;
            let rows = list.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
            rows.map(|row| row.map_err(Fault::Sql).and_then(|(name, stored)| Ok(Held { name: named(&name)?, stored })))
                .collect()
        })
        .await
    }

    async fn rekey(&self, from: &str, to: &str, mut reseal: Reseal) -> Result<usize> {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.call(move |connection| {
            if recipient(connection)? != from {
                return Err(refused("the vault's key was changed meanwhile; nothing was done, rotate again").into());
            }
            let names: Vec<String> = connection
                .prepare("SELECT name FROM secret")?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            for name in &names {
                let sealed =
                    connection.query_row("SELECT sealed FROM secret WHERE name = ?1", [name], |row| row.get(0))?;
                let sealed = reseal(&Record { name: named(name)?, sealed })?;
                connection.execute("UPDATE secret SET sealed = ?2 WHERE name = ?1", params![name, sealed])?;
            }
            connection.execute("UPDATE recipient SET age = ?1", [to])?;
            Ok(names.len())
        })
        .await
    }

    async fn wipe(&self, names: Vec<SecretName>) -> Result<usize> {
        self.call(move |connection| {
            let mut wipe = connection.prepare_cached("DELETE FROM secret WHERE name = ?1")?;
            let wiped = names.iter().map(|name| wipe.execute([name.to_string()]));
            Ok(wiped.sum::<rusqlite::Result<usize>>()?)
        })
        .await
    }
}

fn recipient(connection: &Connection) -> rusqlite::Result<String> {
    connection.query_row("SELECT age FROM recipient", [], |row| row.get(0))
}

fn named(name: &str) -> Result<SecretName, Fault> {
    name.parse().map_err(|what| Fault::Refused(refused(format!("the vault was changed by hand: {what}"))))
}

/// A failure inside a call: SQLite's, or a refusal of ours.
enum Fault {
    Sql(rusqlite::Error),
    Refused(Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Sql(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault::Refused(error)
    }
}

/// SQLite's words name tables and system calls, never values.
fn failed(path: &Path, error: &rusqlite::Error) -> Error {
    refused(format!("{}: {error}", path.display()))
}
