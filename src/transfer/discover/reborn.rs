//! A source folder under a new epoch (UIDVALIDITY changed): its messages are recognised by content before anything counts as new.
//!
//! Restarting would copy the folder twice (quirk 95). The rows of the old epoch take the keys of the messages that answer for them;
//! what answers for none is new, and old rows that nothing answers for are gone.

use std::collections::{HashMap, HashSet};

use super::listing::Rebirth;
use crate::{
    error::Result,
    ledger::{Correction, Discovered, Row, RowQuery},
    limits,
    model::{BodyHash, RowState},
    source::{FetchItem, SourceSession},
    transfer::{
        bodies::{self, Forms},
        matching::{Group, Item, Tolerance, group},
        run::Run,
    },
};

/// Matches old rows with new ones and commits the folder's cursor under the new epoch.
///
/// `max_line` is what the target takes: a repaired message is recognised by what it was sent as.
pub(super) async fn identify(
    run: &Run,
    source: &mut dyn SourceSession,
    rebirth: Rebirth,
    max_line: Option<usize>,
) -> Result<()> {
    let (old, new) = rows_of(run, &rebirth).await?;
    tracing::info!(folder = %rebirth.folder.path, known = old.len(), listed = new.len(), "The source renumbered a folder; its messages are recognised by content.");
    let found = items_of_new(source, &rebirth, &new).await?;
    let groups = group(old.values().filter_map(item_of_old), found);
    let mut pairs = decide(run, source, &rebirth, &new, &groups, max_line).await?;
    pairs.extend(repaired(run, source, &rebirth, &old, &new, &pairs, max_line).await?);
    take_keys(run, &rebirth, &old, &new, &pairs).await
}

type Rows = HashMap<i64, Row>;

async fn rows_of(run: &Run, rebirth: &Rebirth) -> Result<(Rows, Rows)> {
    let (mut old, mut new) = (Rows::new(), Rows::new());
    let mut query = RowQuery { folder: Some(rebirth.folder.id), gone: Some(false), ..Run::page() };
    loop {
        let page = run.ledger.rows(run.lease.pair, query.clone()).await?;
        let Some(last) = page.last() else { return Ok((old, new)) };
        query.after = Some(last.id);
        for row in page {
            let listed = row.state == RowState::Listed;
            if row.key.epoch != rebirth.new_epoch {
                old.insert(row.id, row);
            } else if listed {
                new.insert(row.id, row);
            }
        }
    }
}

fn item_of_old(row: &Row) -> Option<Item> {
    let (id, received_at, hash) = (row.id, row.received_at, row.body_hash);
    Some(Item { id, fingerprint: row.fingerprint?, size: row.size, received_at, hash })
}

async fn items_of_new(source: &mut dyn SourceSession, rebirth: &Rebirth, new: &Rows) -> Result<Vec<Item>> {
    let items: Vec<_> = new.values().map(fetch_item).collect();
    let mut found = Vec::with_capacity(items.len());
    for page in items.chunks(limits::LEDGER_PAGE) {
        for (id, fingerprint) in source.fingerprints(&rebirth.folder.name, rebirth.new_epoch, page.to_vec()).await? {
            if let Some(row) = new.get(&id) {
                found.push(Item { id, fingerprint, size: row.size, received_at: row.received_at, hash: None });
            }
        }
    }
    Ok(found)
}

fn fetch_item(row: &Row) -> FetchItem {
    FetchItem { row: row.id, id: row.key.id.clone(), size: row.size }
}

/// Which is which in every group. Bodies are read for all groups that need them at once, for a source is far away.
async fn decide(
    run: &Run,
    source: &mut dyn SourceSession,
    rebirth: &Rebirth,
    new: &Rows,
    groups: &[Group],
    max_line: Option<usize>,
) -> Result<Vec<(i64, i64)>> {
    let stable = source.capabilities().stable_bytes;
    let tolerance = if stable { Tolerance::Exact } else { Tolerance::Rendered };
    let (by_likeness, by_bytes): (Vec<&Group>, Vec<&Group>) =
        groups.iter().partition(|group| !stable || is_certain(group, tolerance));
    let items = by_bytes.iter().flat_map(|group| &group.found).filter_map(|item| new.get(&item.id)).map(fetch_item);
    let items: Vec<_> = items.collect();
    let mut forms = Forms::new();
    if !items.is_empty() {
        forms = bodies::forms(run, source, &rebirth.folder.name, rebirth.new_epoch, items, max_line).await?;
    }
    // Adopted where bytes are not kept: nobody knows its hash.
    let like = |a: &Item, b: &Item| (a.size, a.received_at) == (b.size, b.received_at);
    let equal = |old: &Item, new: &Item| match old.hash {
        Some(_) => sent_as(old.hash, forms.get(&new.id)),
        None => like(old, new),
    };
    let alike = by_likeness.into_iter().flat_map(|group| group.by_likeness(tolerance));
    Ok(alike.chain(by_bytes.into_iter().flat_map(|group| group.by_bytes(equal))).collect())
}

/// Whether one old message and one new one have the same header, size and date of arrival. A draft that was saved anew has its header and
/// may have its size, but not its date; where the source tells no date (POP3) only the bytes are certain.
fn is_certain(group: &Group, tolerance: Tolerance) -> bool {
    let dated = |item: &Item| {
        item.received_at.is_some() && group.found.iter().all(|found| found.received_at == item.received_at)
    };
    group.is_plain(tolerance) && group.wanted.iter().all(dated)
}

/// Whether bytes of this hash are a form of a message.
fn sent_as(hash: Option<BodyHash>, forms: Option<&Vec<BodyHash>>) -> bool {
    hash.zip(forms).is_some_and(|(hash, forms)| forms.contains(&hash))
}

/// Messages whose header was repaired have another fingerprint than their originals: sizes and dates name the candidates.
async fn repaired(
    run: &Run,
    source: &mut dyn SourceSession,
    rebirth: &Rebirth,
    old: &Rows,
    new: &Rows,
    pairs: &[(i64, i64)],
    max_line: Option<usize>,
) -> Result<Vec<(i64, i64)>> {
    let paired: HashSet<i64> = pairs.iter().flat_map(|(old, new)| [*old, *new]).collect();
    let like = |a: &Row, b: &Row| (a.size, a.received_at) == (b.size, b.received_at);
    let left: Vec<&Row> = old.values().filter(|row| !row.repairs.is_empty() && !paired.contains(&row.id)).collect();
    let candidates = new.values().filter(|row| !paired.contains(&row.id) && left.iter().any(|old| like(old, row)));
    let items: Vec<_> = candidates.map(fetch_item).collect();
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let mut forms = bodies::forms(run, source, &rebirth.folder.name, rebirth.new_epoch, items, max_line).await?;
    let mut found = Vec::new();
    for row in left {
        let answer = forms.iter().find(|(_, forms)| sent_as(row.body_hash, Some(forms))).map(|(id, _)| *id);
        if let Some(id) = answer {
            forms.remove(&id);
            found.push((row.id, id));
        }
    }
    Ok(found)
}

async fn take_keys(run: &Run, rebirth: &Rebirth, old: &Rows, new: &Rows, pairs: &[(i64, i64)]) -> Result<()> {
    for page in pairs.chunks(limits::LEDGER_PAGE) {
        let rekey = |(o, n): &(i64, i64)| {
            let (old, new) = (old.get(o)?, new.get(n)?);
            Some(Correction::Rekey(old.id, rebirth.folder.id, new.key.clone()))
        };
        run.ledger.correct(run.lease, page.iter().filter_map(rekey).collect()).await?;
    }
    let answered: HashSet<i64> = pairs.iter().map(|(o, _)| *o).collect();
    let gone = old.keys().copied().filter(|id| !answered.contains(id)).collect();
    let end = Some((rebirth.cursor.clone(), rebirth.new_epoch, rebirth.count));
    let step = Discovered { gone, end, ..Discovered::default() };
    run.ledger.discovered(run.lease, rebirth.folder.id, step).await
}
