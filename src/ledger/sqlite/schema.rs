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
    include_str!("migrations/0010.sql"),
    include_str!("migrations/0011.sql"),
    include_str!("migrations/0012.sql"),
    include_str!("migrations/0013.sql"),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A ledger as it was when the first `count` migrations were all.
    fn of_then(count: usize) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        for sql in &MIGRATIONS[..count] {
            connection.execute_batch(sql).unwrap();
        }
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        connection.pragma_update(None, "user_version", i64::try_from(count).unwrap()).unwrap();
        connection
            .execute_batch(
                "INSERT INTO mailbox (id, identity) VALUES (1, 'ann@target');
                 INSERT INTO pair (id, source, mailbox, lease) VALUES (1, 'ann@source', 1, 1);
                 INSERT INTO folder (id, pair, name, path, subscribed, present) VALUES (1, 1, x'41', '[\"A\"]', 1, 1);
                 INSERT INTO namespace (id, pair, name, epoch) VALUES (1, 1, x'41', 7);
                 INSERT INTO placement (pair, folder, namespace, source_id, version, state, in_scope, size, received_at, flags)
                     VALUES (1, 1, 1, x'00000001', x'', 2, 1, 10, 0, '');",
            )
            .unwrap();
        connection
    }

    /// Everything that SQLite knows of the schema, without the words it was made by.
    fn shape(connection: &Connection) -> Vec<String> {
        let sql = "SELECT s.type || ' ' || s.name || ' ' || ifnull(c.name, '') || ' ' || ifnull(c.type, '')
                   FROM sqlite_schema s LEFT JOIN pragma_table_xinfo(s.name) c ORDER BY s.name, c.cid";
        let mut select = connection.prepare(sql).unwrap();
        select.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
    }

    #[test]
    fn an_older_ledger_becomes_what_a_new_one_is_and_keeps_its_rows() {
        let mut new = Connection::open_in_memory().unwrap();
        migrate(&mut new).unwrap();
        for count in 1..MIGRATIONS.len() {
            let mut old = of_then(count);
            migrate(&mut old).unwrap();
            assert_eq!(shape(&old), shape(&new), "from version {count}");
            let sound: String = old.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            let kept: i64 =
                old.query_row("SELECT count(*) FROM placement WHERE state = 2", [], |row| row.get(0)).unwrap();
            assert_eq!((sound.as_str(), kept), ("ok", 1), "from version {count}");
        }
    }

    /// What a verified pass copied, and is missing since, is its user's doing; what a pass copied that was cut off may be a loss.
    #[test]
    fn what_an_older_ledger_misses_is_judged_by_its_passes() {
        for (outcome, judged) in [("verified", 2), ("finished", 1)] {
            let mut old = of_then(10);
            let rows = format!(
                "INSERT INTO pass (id, pair, kind, started, outcome) VALUES
                     (3, 1, 'first', 0, '{outcome}'), (4, 1, 'delta', 0, NULL), (5, 1, 'delta', 0, 'verified');
                 UPDATE placement SET missing = 1, copied_pass = 3;
                 INSERT INTO placement (pair, folder, namespace, source_id, version, state, in_scope, size, received_at, flags, missing,
                     copied_pass) VALUES (1, 1, 1, x'00000002', x'', 2, 1, 10, 0, '', 1, 4);"
            );
            old.execute_batch(&rows).unwrap();
            migrate(&mut old).unwrap();
            let missing = |pass: i64| {
                let sql = "SELECT missing FROM placement WHERE copied_pass = ?1";
                old.query_row(sql, [pass], |row| row.get::<_, i64>(0)).unwrap()
            };
            assert_eq!((missing(3), missing(4)), (judged, 1), "{outcome}");
        }
    }

    /// A temporary tree for each row that is written costs more than the row.
    #[test]
    fn no_index_makes_a_write_build_a_temporary_tree() {
        let mut new = Connection::open_in_memory().unwrap();
        migrate(&mut new).unwrap();
        for write in [
            "INSERT INTO placement (pair, folder, namespace, source_id, version, state, in_scope, size, received_at, flags)
                 VALUES (1, 1, 1, x'00000001', x'', 0, 1, 10, 0, '')",
            "UPDATE placement SET state = ?2, target_folder = ?3, target_validity = ?4, target_uid = ?5, flags = ?6, applied = ?7
                 WHERE id = ?1",
            "UPDATE placement SET gone = ?2, in_scope = ?3, doubled = ?4, content = ?5, elsewhere = ?6 WHERE id = ?1",
        ] {
            let mut explain = new.prepare(&format!("EXPLAIN {write}")).unwrap();
            let steps: Vec<String> = explain.raw_query().mapped(|row| row.get("opcode")).map(Result::unwrap).collect();
            assert!(steps.iter().any(|step| step == "IdxInsert"), "{write}: {steps:?}");
            assert!(!steps.iter().any(|step| step == "OpenEphemeral"), "{write}");
        }
    }
}
