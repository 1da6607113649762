//! How connections to the ledger are opened and set up.

use std::{
    fs::{File, OpenOptions},
    path::Path,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{
    fault::Fault,
    lock::{private, unwritable},
    schema,
    values::signed,
};
use crate::{
    error::{Code, Disposition, Error, Result, Scope, Side},
    limits,
};

/// Opens the ledger for its one writer: made where it is missing, checked, brought to the current version.
pub(super) fn writer(path: &Path, most_pages: Option<u64>) -> Result<Connection> {
    create(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> Result<Connection, Fault> {
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(limits::LEDGER_BUSY)?;
        quick_check(&connection)?;
        set_up(&connection)?;
        schema::migrate(&mut connection)?;
        if let Some(most) = most_pages {
            connection.pragma_update(None, "max_page_count", signed(most))?;
        }
        Ok(connection)
    };
    open().map_err(|fault| fault.at(path))
}

/// Opens a connection that cannot write.
pub(super) fn reader(path: &Path) -> Result<Connection> {
    if !path.exists() {
        return Err(Error::config(format!("{}: there is no ledger yet; run a pass first", path.display())));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> Result<Connection, Fault> {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(limits::LEDGER_BUSY)?;
        connection.pragma_update(None, "query_only", true)?;
        keep_plans(&connection)?;
        schema::check(&connection)?;
        Ok(connection)
    };
    open().map_err(|fault| fault.at(path))
}

/// What both kinds of connection have: statements that stay prepared. Without the stability guarantee SQLite plans some of them anew for
/// each value that is bound, 7 % of a pass's CPU time; the indexes are named in the statements anyway.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(limits::LEDGER_STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Makes an empty file that only its owner can read (SQLite gives its WAL the same mode), and makes its name durable.
fn create(path: &Path) -> Result<()> {
    match private(OpenOptions::new().write(true).create_new(true)).open(path) {
        Ok(file) => file.sync_all().and_then(|()| sync_directory(path)).map_err(|error| unwritable(path, &error)),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(unwritable(path, &error)),
    }
}

fn sync_directory(path: &Path) -> std::io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

fn quick_check(connection: &Connection) -> Result<(), Fault> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" {
        return Ok(());
    }
    Err(Error::new(Code::LedgerDamaged, Side::System, Scope::Run, Disposition::NeedsPerson, found).into())
}

fn set_up(connection: &Connection) -> Result<(), Fault> {
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // macOS alone: there a plain fsync leaves the data in the drive's cache.
    connection.pragma_update(None, "fullfsync", true)?;
    // With enforcement every insert keeps a copy of each page it touches, a third of all CPU time here. Rows are removed in
    // one place only (`pairs::forget`), and the tests run `foreign_key_check`.
    connection.pragma_update(None, "foreign_keys", false)?;
    // Savepoints keep the pages they may have to restore; in a temporary file that costs thirty writes a row.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "journal_size_limit", limits::LEDGER_WAL_KEPT)?;
    // A negative size is in KiB.
    connection.pragma_update(None, "cache_size", -limits::LEDGER_CACHE_KIB)?;
    keep_plans(connection)?;
    Ok(())
}
