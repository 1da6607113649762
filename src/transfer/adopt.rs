//! Mail that the target holds already: it answers for listed rows before anything is copied, and stays as it is.
//!
//! The case of a target half filled by another tool, of a lost ledger, of one restored from a backup. Headers name the candidates and
//! the bytes decide, where both sides keep them: equal headers are not equal messages, and two drafts may differ in one letter.
//! Elsewhere it is the multiset of headers, sizes and dates. One message there never answers for two rows.
//!
//! Rejected: to spare the bodies where a header is unique on both sides. Adopting is rare, and what is adopted wrongly is lost.

use std::collections::{HashMap, HashSet};

use super::{
    arrivals::Arrivals,
    bodies,
    job::Job,
    matching::{Group, Item, Tolerance, group},
    run::Run,
};
use crate::{
    error::Result,
    ledger::{FolderRow, Row, RowQuery, Settlement},
    limits,
    model::{BodyHash, Fingerprint, Flags, ReceivedAt, RowState, SystemFlags, TargetUid},
    source::{FetchItem, SourceSession},
    target::{TargetSession, Transport},
    transfer::Event,
};

/// Settles listed rows of `job` that unclaimed messages of its folder answer for.
pub(super) async fn adopt(
    run: &Run,
    source: &mut dyn SourceSession,
    target: &mut dyn TargetSession,
    job: &Job,
    mut arrivals: Arrivals,
) -> Result<()> {
    if arrivals.unclaimed.is_empty() {
        return Ok(());
    }
    let tolerance = if target.capabilities().keeps_bytes { Tolerance::Close } else { Tolerance::Rendered };
    let sizes = SizeIndex::new(&arrivals.unclaimed, tolerance);
    for folder in &job.sources {
        let rows = candidates(run, folder, &sizes).await?;
        if rows.is_empty() {
            continue;
        }
        let items = fingerprints(source, folder, &rows).await?;
        let groups = group(items, arrivals.unclaimed.iter().copied());
        let adopted = if target.capabilities().keeps_bytes && source.capabilities().stable_bytes {
            by_bytes(run, source, target, job, folder, &rows, groups).await?
        } else {
            by_likeness(&groups, tolerance)
        };
        settle(run, target, job, &mut arrivals, &rows, &adopted).await?;
        if run.pair.target.transport() == Transport::Items && !arrivals.unclaimed.is_empty() {
            let taken: HashSet<i64> = adopted.iter().map(|one| one.row).collect();
            let left = rows.into_iter().filter(|(row, _)| !taken.contains(row)).collect();
            let adopted = as_mail(source, folder, &left, &arrivals).await?;
            settle(run, target, job, &mut arrivals, &left, &adopted).await?;
        }
    }
    Ok(())
}

/// Mail that came there as mail, before whole items go: by another tool, or by a pass whose ledger is lost. Where all that share Message-ID and date
/// are there, they are these; where fewer are, it would not be certain which, and none is.
async fn as_mail(
    source: &mut dyn SourceSession,
    folder: &FolderRow,
    rows: &Rows,
    arrivals: &Arrivals,
) -> Result<Vec<Adopted>> {
    let evident = |found: &Item| Some(Item { fingerprint: *arrivals.as_mail.get(&found.id)?, ..*found });
    let found: Vec<Item> = arrivals.unclaimed.iter().filter_map(evident).collect();
    let mut wanted = Vec::new();
    // The evidence contains the second: what was received in another is none of these, and asking would cost a request for some rows each.
    let seconds: HashSet<Option<i64>> = found.iter().map(|found| second(found.received_at)).collect();
    let near = rows.values().filter(|row| seconds.contains(&second(row.received_at)));
    let items: Vec<FetchItem> = near.map(fetch_item).collect();
    for page in items.chunks(limits::LEDGER_PAGE) {
        wanted.extend(source.evidence_as_mail(&folder.name, page.to_vec()).await?);
    }
    let item = |(id, fingerprint)| {
        let received_at = rows.get(&id)?.received_at;
        Some(Item { id, fingerprint, size: 0, received_at, hash: None })
    };
    let shown: HashMap<i64, Fingerprint> = arrivals.unclaimed.iter().map(|item| (item.id, item.fingerprint)).collect();
    let groups = group(wanted.into_iter().filter_map(item), found);
    let certain = groups.iter().filter(|group| group.found.len() >= group.wanted.len());
    let adopted = |(row, uid): (i64, i64)| {
        Some(Adopted { row, uid: u32::try_from(uid).ok()?, fingerprint: *shown.get(&uid)?, hash: None })
    };
    Ok(certain.flat_map(|group| group.by_likeness(Tolerance::Rendered)).filter_map(adopted).collect())
}

fn second(received_at: Option<ReceivedAt>) -> Option<i64> {
    received_at.map(|at| at.unix)
}

/// Sizes of what was found, so that only rows that could be there are asked for at the source.
struct SizeIndex {
    sorted: Vec<u64>,
    tolerance: Tolerance,
}

impl SizeIndex {
    fn new(items: &[Item], tolerance: Tolerance) -> Self {
        let mut sorted: Vec<u64> = items.iter().map(|item| item.size).collect();
        sorted.sort_unstable();
        SizeIndex { sorted, tolerance }
    }

    /// Whether some size is near enough. The nearest on either side decide: all tolerances are monotonous.
    fn admits(&self, size: u64) -> bool {
        let at = self.sorted.partition_point(|found| *found < size);
        let below = at.checked_sub(1).and_then(|i| self.sorted.get(i));
        [self.sorted.get(at), below].into_iter().flatten().any(|found| self.tolerance.admits(*found, size))
    }
}

type Rows = HashMap<i64, Row>;

async fn candidates(run: &Run, folder: &FolderRow, sizes: &SizeIndex) -> Result<Rows> {
    let states = vec![RowState::Listed];
    let mut query =
        RowQuery { folder: Some(folder.id), states, in_scope: Some(true), gone: Some(false), ..Run::page() };
    let mut rows = Rows::new();
    loop {
        let page = run.ledger.rows(run.lease.pair, query.clone()).await?;
        let Some(last) = page.last() else { return Ok(rows) };
        query.after = Some(last.id);
        rows.extend(page.into_iter().filter(|row| sizes.admits(row.size)).map(|row| (row.id, row)));
    }
}

fn fetch_item(row: &Row) -> FetchItem {
    FetchItem { row: row.id, id: row.key.id.clone(), size: row.size }
}

async fn fingerprints(source: &mut dyn SourceSession, folder: &FolderRow, rows: &Rows) -> Result<Vec<Item>> {
    let item = |id: i64, fingerprint: Fingerprint| {
        let row = rows.get(&id)?;
        Some(Item { id, fingerprint, size: row.size, received_at: row.received_at, hash: None })
    };
    // The listing may have told it.
    let mut items: Vec<Item> = rows.values().filter_map(|row| item(row.id, row.fingerprint?)).collect();
    let wanted: Vec<_> = rows.values().filter(|row| row.fingerprint.is_none()).map(fetch_item).collect();
    for page in wanted.chunks(limits::LEDGER_PAGE) {
        let told = source.fingerprints(&folder.name, folder.epoch.unwrap_or_default(), page.to_vec()).await?;
        items.extend(told.into_iter().filter_map(|(id, fingerprint)| item(id, fingerprint)));
    }
    Ok(items)
}

/// A row and the message that answers for it.
struct Adopted {
    row: i64,
    uid: u32,
    fingerprint: Fingerprint,
    hash: Option<BodyHash>,
}

impl Adopted {
    fn all(group: &Group, pairs: Vec<(i64, i64)>, hashes: &HashMap<u32, BodyHash>) -> Vec<Adopted> {
        let Some(fingerprint) = group.wanted.first().map(|item| item.fingerprint) else { return Vec::new() };
        let adopted = |(row, uid)| {
            let uid = u32::try_from(uid).ok()?;
            Some(Adopted { row, uid, fingerprint, hash: hashes.get(&uid).copied() })
        };
        pairs.into_iter().filter_map(adopted).collect()
    }
}

fn by_likeness(groups: &[Group], tolerance: Tolerance) -> Vec<Adopted> {
    groups.iter().flat_map(|group| Adopted::all(group, group.by_likeness(tolerance), &HashMap::new())).collect()
}

async fn by_bytes(
    run: &Run,
    source: &mut dyn SourceSession,
    target: &mut dyn TargetSession,
    job: &Job,
    folder: &FolderRow,
    rows: &Rows,
    groups: Vec<Group>,
) -> Result<Vec<Adopted>> {
    let max_line = target.capabilities().max_line;
    let wanted: Vec<&Row> = groups.iter().flat_map(|g| &g.wanted).filter_map(|item| rows.get(&item.id)).collect();
    let items = wanted.into_iter().map(fetch_item).collect();
    let forms = bodies::forms(run, source, &folder.name, folder.epoch.unwrap_or_default(), items, max_line).await?;
    let found = groups.iter().flat_map(|group| &group.found);
    let mut uids: Vec<u32> = found.filter_map(|item| u32::try_from(item.id).ok()).collect();
    uids.sort_unstable();
    let hashes = bodies::target_hashes(target, &job.folder, uids).await?;
    let equal = |wanted: &Item, found: &Item| {
        let hash = u32::try_from(found.id).ok().and_then(|uid| hashes.get(&uid));
        forms.get(&wanted.id).zip(hash).is_some_and(|(forms, hash)| forms.contains(hash))
    };
    Ok(groups.iter().flat_map(|group| Adopted::all(group, group.by_bytes(equal), &hashes)).collect())
}

async fn settle(
    run: &Run,
    target: &mut dyn TargetSession,
    job: &Job,
    arrivals: &mut Arrivals,
    rows: &Rows,
    adopted: &[Adopted],
) -> Result<()> {
    let validity = arrivals.status.validity;
    for page in adopted.chunks(limits::LEDGER_PAGE) {
        let matched: Vec<(&Adopted, &Row)> = page.iter().filter_map(|one| Some((one, rows.get(&one.row)?))).collect();
        let there = bodies::attributes(target, &job.folder, matched.iter().map(|(one, _)| one.uid).collect()).await?;
        let settlement = |(one, row): &(&Adopted, &Row)| {
            let mut settlement = Settlement::new(row.id, RowState::Listed, RowState::AlreadyPresent);
            settlement.target = Some(TargetUid { validity, uid: one.uid });
            settlement.target_folder = Some(job.folder.clone());
            settlement.applied = Some(shared(&row.flags, there.get(&one.uid).map(|found| &found.flags)));
            (settlement.fingerprint, settlement.body_hash) = (Some(one.fingerprint), one.hash);
            settlement
        };
        run.ledger.settle(run.lease, matched.iter().map(settlement).collect()).await?;
        let bytes = matched.iter().map(|(_, row)| row.size).sum();
        run.tell(Event::Settled { messages: matched.len() as u64, bytes });
    }
    let taken: HashSet<i64> = adopted.iter().map(|one| i64::from(one.uid)).collect();
    arrivals.unclaimed.retain(|item| !taken.contains(&item.id));
    Ok(())
}

/// The flags that both sides have: what only the source has is set next, what only the target has is its user's and stays.
fn shared(source: &Flags, target: Option<&Flags>) -> Flags {
    let Some(target) = target else { return Flags::default() };
    let system: SystemFlags = source.system.intersection(target.system);
    Flags { system, keywords: source.keywords.intersection(&target.keywords).cloned().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_sizes_are_asked_for() {
        let item = |size| Item { id: 1, fingerprint: Fingerprint([0; 16]), size, received_at: None, hash: None };
        let sizes = SizeIndex::new(&[item(100), item(50_000)], Tolerance::Close);
        assert!(sizes.admits(100) && sizes.admits(1000) && sizes.admits(51_000));
        assert!(!sizes.admits(20_000));
        assert!(!SizeIndex::new(&[], Tolerance::Rendered).admits(1));
    }

    #[test]
    fn what_only_the_source_has_is_still_to_be_set() {
        let (source, target) = (Flags::from_names(["\\Seen", "a"]), Flags::from_names(["\\Flagged", "a"]));
        assert_eq!(shared(&source, Some(&target)), Flags::from_names(["a"]));
        assert!(shared(&source, None).is_empty());
    }
}
