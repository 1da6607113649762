//! Numbers for items that have none: see [`crate::ledger::Numbering`].
//!
//! Nothing here is synced by itself. What a power cut takes is the end of the log, placements with numbers and intents that came after them
//! included; those items are seen again.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    SqliteLedger,
    fault::Fault,
    pairs,
    values::{get, signed},
    writer::Durability,
};
use crate::{
    clock,
    error::{Error, Result},
    ledger::{FolderNumbers, NumberedItem, Numbering, Seen, Which, Whole},
    limits,
    model::FolderName,
};

#[async_trait]
impl Numbering for SqliteLedger {
    async fn numbers(&self, mailbox: &str, folder: &FolderName) -> Result<FolderNumbers> {
        let (mailbox, folder, now) = (mailbox.to_owned(), folder.clone(), clock::unix_now());
        self.call(Durability::Process, move |c| read(c, intern(c, &mailbox, &folder, now)?)).await
    }

    async fn see(&self, mailbox: &str, folder: &FolderName, seen: Seen) -> Result<FolderNumbers> {
        let (mailbox, folder, now) = (mailbox.to_owned(), folder.clone(), clock::unix_now());
        self.call(Durability::Process, move |c| see(c, intern(c, &mailbox, &folder, now)?, &seen)).await
    }

    async fn place(&self, mailbox: &str, folder: &FolderName, items: Vec<(String, String)>) -> Result<Vec<u32>> {
        let (mailbox, folder, now) = (mailbox.to_owned(), folder.clone(), clock::unix_now());
        self.call(Durability::Process, move |c| place(c, intern(c, &mailbox, &folder, now)?, &items)).await
    }

    async fn items(&self, mailbox: &str, folder: &FolderName, which: Which) -> Result<Vec<NumberedItem>> {
        let (mailbox, folder) = (mailbox.to_owned(), folder.clone());
        self.readers.read(move |c| items(c, find(c, &mailbox, &folder)?, &which)).await
    }
}

fn find(connection: &Connection, mailbox: &str, folder: &FolderName) -> Result<Option<i64>, Fault> {
    let found = connection
        .prepare_cached(
            "SELECT f.id FROM mailbox m JOIN numbered_folder f ON f.mailbox = m.id AND f.name = ?2 WHERE m.identity = ?1",
        )?
        .query_row(params![mailbox, folder.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(found)
}

/// The number of a folder's numbering, which begins now where there is none.
fn intern(connection: &Connection, mailbox: &str, folder: &FolderName, now: i64) -> Result<i64, Fault> {
    if let Some(found) = find(connection, mailbox, folder)? {
        return Ok(found);
    }
    pairs::make_mailbox(connection, mailbox)?;
    // Seconds fit until 2106. No two folders of a mailbox share one: where a folder is made again, its rows follow it under another id, and must
    // not be taken for what is numbered there anew.
    let last: Option<u32> = connection
        .prepare_cached(
            "SELECT max(validity) FROM numbered_folder WHERE mailbox = (SELECT id FROM mailbox WHERE identity = ?1)",
        )?
        .query_row([mailbox], |row| row.get(0))?;
    let validity = u32::try_from(now).unwrap_or(u32::MAX).max(last.map_or(1, |last| last.saturating_add(1)));
    connection
        .prepare_cached(
            "INSERT INTO numbered_folder (mailbox, name, validity) SELECT id, ?2, ?3 FROM mailbox WHERE identity = ?1",
        )?
        .execute(params![mailbox, folder.as_bytes(), validity])?;
    Ok(connection.last_insert_rowid())
}

fn read(connection: &Connection, folder: i64) -> Result<FolderNumbers, Fault> {
    let numbers = connection
        .prepare_cached("SELECT validity, next, live, changes, link, round FROM numbered_folder WHERE id = ?1")?
        .query_row([folder], |row| {
            Ok(FolderNumbers {
                validity: row.get("validity")?,
                next: row.get("next")?,
                live: get(row, "live")?,
                changes: get(row, "changes")?,
                link: row.get("link")?,
                round: get(row, "round")?,
            })
        })?;
    Ok(numbers)
}

fn see(connection: &Connection, folder: i64, seen: &Seen) -> Result<FolderNumbers, Fault> {
    if seen.whole == Some(Whole::Begins) {
        connection.prepare_cached("UPDATE numbered_folder SET round = round + 1 WHERE id = ?1")?.execute([folder])?;
    }
    let latest = read(connection, folder)?.round;
    let round = match seen.whole {
        Some(Whole::Continues(round)) => round,
        _ => latest,
    };
    for (item, revision) in &seen.here {
        if !is_there(connection, folder, item, round)? {
            add(connection, folder, item, revision)?;
        }
    }
    let mut lose =
        connection.prepare_cached("UPDATE numbered_item SET gone = 1 WHERE folder = ?1 AND item = ?2 AND gone = 0")?;
    let mut lost = 0;
    for item in &seen.gone {
        lost += lose.execute(params![folder, item])?;
    }
    let told = seen.here.len() + seen.gone.len();
    connection
        .prepare_cached("UPDATE numbered_folder SET live = live - ?2, changes = changes + ?3 WHERE id = ?1")?
        .execute(params![folder, count(lost), count(told)])?;
    if let Some(link) = &seen.end {
        end(connection, folder, link, seen.whole.map(|_| round))?;
    }
    read(connection, folder)
}

/// Notes that an item is there, as the listing of `round` told; `false` if it has no number yet.
fn is_there(connection: &Connection, folder: i64, item: &str, round: u64) -> Result<bool, Fault> {
    let was_gone: Option<bool> = connection
        .prepare_cached("SELECT gone FROM numbered_item WHERE folder = ?1 AND item = ?2")?
        .query_row(params![folder, item], |row| row.get(0))
        .optional()?;
    let Some(was_gone) = was_gone else { return Ok(false) };
    connection
        .prepare_cached("UPDATE numbered_item SET gone = 0, round = max(round, ?3) WHERE folder = ?1 AND item = ?2")?
        .execute(params![folder, item, signed(round)])?;
    if was_gone {
        connection.prepare_cached("UPDATE numbered_folder SET live = live + 1 WHERE id = ?1")?.execute([folder])?;
    }
    Ok(true)
}

fn add(connection: &Connection, folder: i64, item: &str, revision: &str) -> Result<u32, Fault> {
    let number: u32 = connection
        .prepare_cached(
            "INSERT INTO numbered_item (folder, number, item, revision, round)
             SELECT id, next, ?2, ?3, round FROM numbered_folder WHERE id = ?1 RETURNING number",
        )?
        .query_row(params![folder, item, revision], |row| row.get(0))?;
    connection
        .prepare_cached("UPDATE numbered_folder SET next = next + 1, live = live + 1 WHERE id = ?1")?
        .execute([folder])?;
    Ok(number)
}

/// What the whole listing of `round` did not tell is gone; what was told after it began has its round or a later one.
fn end(connection: &Connection, folder: i64, link: &str, round: Option<u64>) -> Result<(), Fault> {
    let lost = match round {
        Some(round) => connection
            .prepare_cached("UPDATE numbered_item SET gone = 1 WHERE folder = ?1 AND gone = 0 AND round < ?2")?
            .execute(params![folder, signed(round)])?,
        None => 0,
    };
    connection
        .prepare_cached("UPDATE numbered_folder SET link = ?2, live = live - ?3, changes = changes + ?3 WHERE id = ?1")?
        .execute(params![folder, link, count(lost)])?;
    Ok(())
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn place(connection: &Connection, folder: i64, items: &[(String, String)]) -> Result<Vec<u32>, Fault> {
    let mut left = connection
        .prepare_cached("UPDATE numbered_item SET revision = ?3 WHERE folder = ?1 AND item = ?2 RETURNING number")?;
    let round = read(connection, folder)?.round;
    let mut numbers = Vec::with_capacity(items.len());
    for (item, revision) in items {
        // A look beside us may have numbered it already.
        let number = match is_there(connection, folder, item, round)? {
            true => left.query_row(params![folder, item, revision], |row| row.get(0))?,
            false => add(connection, folder, item, revision)?,
        };
        numbers.push(number);
    }
    Ok(numbers)
}

fn items(connection: &Connection, folder: Option<i64>, which: &Which) -> Result<Vec<NumberedItem>, Fault> {
    let Some(folder) = folder else { return Ok(Vec::new()) };
    const ITEM: &str = "SELECT number, item, revision FROM numbered_item WHERE folder = ?1 AND gone = 0 AND number";
    match which {
        Which::From(first) => {
            let sql = format!("{ITEM} >= ?2 ORDER BY number LIMIT {}", limits::LEDGER_PAGE);
            let page =
                connection.prepare_cached(&sql)?.query_map(params![folder, first], item)?.collect::<Result<_, _>>()?;
            Ok(page)
        }
        Which::These(numbers) if numbers.len() <= limits::LEDGER_PAGE => {
            let mut select = connection.prepare_cached(&format!("{ITEM} = ?2"))?;
            let mut found = Vec::with_capacity(numbers.len());
            for number in numbers {
                found.extend(select.query_row(params![folder, number], item).optional()?);
            }
            Ok(found)
        }
        Which::These(_) => Err(Error::bug("more than a page of numbers").into()),
    }
}

fn item(row: &Row<'_>) -> rusqlite::Result<NumberedItem> {
    Ok(NumberedItem { number: row.get("number")?, item: row.get("item")?, revision: row.get("revision")? })
}
