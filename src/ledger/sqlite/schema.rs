//! The schema as data: numbered migrations, applied in order, counted in `user_version`.
//!
//! A migration that has shipped is never edited; a change is a new file. A ledger with a higher number than this list
//! was written by a newer version and is refused, because that version may rely on what this one would not keep.

use rusqlite::{Connection, TransactionBehavior};

use super::fault::Fault;
use crate::error::{Code, Disposition, Error, Scope, Side};

/// Marks the file as a ledger of ours (`mhl1`), so that another program's database is not taken for one.
const APPLICATION_ID: i64 = 0x6d68_6c31;

const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
    include_str!("migrations/0009.sql"),
];

/// Newest first is no default, and each message on its way would pay for this index: the first pass that asks for the order makes it.
const BY_DATE: &str =
    "CREATE INDEX IF NOT EXISTS placement_newest ON placement (folder, received_at) WHERE state = 0 AND in_scope = 1";

/// Makes the index that newest first walks by.
pub(super) fn index_by_date(connection: &Connection) -> Result<(), Fault> {
    Ok(connection.prepare_cached(BY_DATE)?.execute([]).map(drop)?)
}

/// The version that this program writes.
pub(super) fn current() -> i64 {
    MIGRATIONS.len().try_into().unwrap_or(i64::MAX)
}

/// Brings the ledger to the current version in one transaction.
///
/// # Errors
/// [`Code::LedgerNewer`], or a database of another program ([`Code::Config`]).
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Fault> {
    let found = version(connection)?;
    if found == current() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for sql in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(sql)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", current())?;
    Ok(transaction.commit()?)
}

/// Refuses what a reader cannot understand; it must not migrate.
pub(super) fn check(connection: &Connection) -> Result<(), Fault> {
    if version(connection)? == current() {
        return Ok(());
    }
    Err(Error::config("the ledger was written by an older version: run a pass once with this one").into())
}

/// The version found: 0 for an empty file.
fn version(connection: &Connection) -> Result<i64, Fault> {
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (application, version, tables) {
        (0, 0, 0) => Ok(0),
        (APPLICATION_ID, version, _) if version > current() => Err(newer(version)),
        (APPLICATION_ID, version, _) => Ok(version),
        _ => Err(Error::config("a database of another program").into()),
    }
}

fn newer(version: i64) -> Fault {
    let subject = format!("its version is {version}, this program knows {}", current());
    Error::new(Code::LedgerNewer, Side::System, Scope::Run, Disposition::NeedsPerson, subject).into()
}
