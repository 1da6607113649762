//! Pairs and their leases.

use rusqlite::{Connection, OptionalExtension, params};

use super::{fault::Fault, passes};
use crate::{
    error::{Code, Disposition, Error, Scope, Side},
    ledger::{Lease, PairRecord},
};

/// A pair under a lease that holds.
pub(super) struct Held {
    /// The pair.
    pub(super) pair: i64,
    /// Its target mailbox, which other pairs may share.
    pub(super) mailbox: i64,
    /// The pass that runs, if one does.
    pub(super) pass: Option<i64>,
}

/// Makes the pair where it is new and grants the next lease. A pass that an earlier lease left open stays unfinished.
pub(super) fn open(connection: &Connection, source: &str, target: &str) -> Result<Lease, Fault> {
    make_mailbox(connection, target)?;
    let lease = connection
        .prepare_cached(
            "INSERT INTO pair (source, mailbox, lease) SELECT ?1, id, 1 FROM mailbox WHERE identity = ?2
             ON CONFLICT (source, mailbox) DO UPDATE SET lease = lease + 1, pass = NULL
             RETURNING id, lease",
        )?
        .query_row([source, target], |row| Ok(Lease { pair: row.get(0)?, number: row.get(1)? }))?;
    Ok(lease)
}

/// Makes a target mailbox where it is new.
pub(super) fn make_mailbox(connection: &Connection, identity: &str) -> Result<(), Fault> {
    connection
        .prepare_cached("INSERT INTO mailbox (identity) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([identity])?;
    Ok(())
}

/// Pins the form in which the pair's messages go, unless one went in another form; the form that is. What was only listed in another
/// form is forgotten: its evidence would be another one's.
pub(super) fn pin_transport(connection: &Connection, held: &Held, word: &str) -> Result<String, Fault> {
    if let Some(pinned) = transport(connection, held.pair)?.filter(|pinned| pinned != word) {
        if has_begun(connection, held.pair)? {
            return Ok(pinned);
        }
        forget_rows(connection, held.pair)?;
    }
    connection.prepare_cached("UPDATE pair SET transport = ?2 WHERE id = ?1")?.execute(params![held.pair, word])?;
    Ok(word.to_owned())
}

/// The form in which the pair's messages go, if one went.
pub(super) fn begun_transport(connection: &Connection, pair: i64) -> Result<Option<String>, Fault> {
    Ok(if has_begun(connection, pair)? { transport(connection, pair)? } else { None })
}

fn transport(connection: &Connection, pair: i64) -> Result<Option<String>, Fault> {
    let mut pinned = connection.prepare_cached("SELECT transport FROM pair WHERE id = ?1")?;
    Ok(pinned.query_row([pair], |row| row.get(0))?)
}

/// Whether a message of the pair was sent, or found at the target (states 1, 2 and 3).
fn has_begun(connection: &Connection, pair: i64) -> Result<bool, Fault> {
    let mut find = connection.prepare_cached(
        "SELECT 1 FROM folder f CROSS JOIN placement r INDEXED BY placement_folder ON r.folder = f.id
         WHERE f.pair = ?1 AND r.state IN (1, 2, 3)",
    )?;
    Ok(find.exists([pair])?)
}

/// Removes everything that was listed for a pair.
fn forget_rows(connection: &Connection, pair: i64) -> Result<(), Fault> {
    connection.execute("DELETE FROM placement WHERE folder IN (SELECT id FROM folder WHERE pair = ?1)", [pair])?;
    for table in ["frontier", "namespace", "folder"] {
        connection.execute(&format!("DELETE FROM {table} WHERE pair = ?1"), [pair])?;
    }
    Ok(())
}

/// The pair of a lease, if the lease is still the latest.
pub(super) fn held(connection: &Connection, lease: Lease) -> Result<Held, Fault> {
    let found = connection
        .prepare_cached("SELECT lease, mailbox, pass FROM pair WHERE id = ?1")?
        .query_row([lease.pair], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    match found {
        Some((number, mailbox, pass)) if number == lease.number => Ok(Held { pair: lease.pair, mailbox, pass }),
        Some((number, ..)) => {
            let subject = format!("the mailbox pair was opened again (lease {} is now {number})", lease.number);
            Err(Error::new(Code::LedgerLocked, Side::System, Scope::Mailbox, Disposition::GiveUp, subject).into())
        }
        None => Err(Error::bug(format!("pair {} is not in the ledger", lease.pair)).into()),
    }
}

/// Every pair with its latest pass.
pub(super) fn list(connection: &Connection) -> Result<Vec<PairRecord>, Fault> {
    let mut pairs = connection
        .prepare_cached(
            "SELECT p.id, p.source, m.identity FROM pair p JOIN mailbox m ON m.id = p.mailbox ORDER BY p.id",
        )?
        .query_map([], |row| {
            Ok(PairRecord { id: row.get(0)?, source: row.get(1)?, target: row.get(2)?, latest: None })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for pair in &mut pairs {
        pair.latest = passes::list(connection, pair.id, 1)?.pop();
    }
    Ok(pairs)
}

/// Removes a pair with all that hangs on it, and the mailbox's folders once no pair uses them.
pub(super) fn forget(connection: &Connection, pair: i64) -> Result<(), Fault> {
    forget_rows(connection, pair)?;
    connection.execute("DELETE FROM pass WHERE pair = ?1", [pair])?;
    connection.execute("DELETE FROM pair WHERE id = ?1", [pair])?;
    connection.execute("DELETE FROM target_folder WHERE mailbox NOT IN (SELECT mailbox FROM pair)", params![])?;
    connection.execute(
        "DELETE FROM numbered_item WHERE folder IN
             (SELECT id FROM numbered_folder WHERE mailbox NOT IN (SELECT mailbox FROM pair))",
        [],
    )?;
    connection.execute("DELETE FROM numbered_folder WHERE mailbox NOT IN (SELECT mailbox FROM pair)", [])?;
    connection.execute("DELETE FROM mailbox WHERE id NOT IN (SELECT mailbox FROM pair)", [])?;
    Ok(())
}
