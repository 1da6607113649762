//! Step 1: rows in doubt, and rows whose place is unknown, are settled by asking the target. Nothing is appended to a folder before.
//!
//! "Arrived" settles at once. "Not arrived" may be concluded only after the folder stood still for a settle time ([`super::stillness`]),
//! for a server goes on executing bytes that it already holds after a connection died (865 messages were seen to arrive late, design §5).
//! A message that its user moved meanwhile is looked for where new messages appeared; one that stays unknown although a UID
//! is missing is sent again and reported as possibly doubled: never lose.

use std::collections::{HashMap, HashSet};

use super::{
    Event, Stage,
    arrivals::{Arrivals, Strangers, mark_start, unclaimed},
    bodies,
    job::Job,
    matching::{Group, Item, Tolerance, group},
    run::Run,
    stillness::{Goodbyes, Patience, Stillness},
};
use crate::{
    clock,
    error::{Error, Result},
    ledger::{Correction, Row, RowQuery, Settlement, TargetFolderState},
    limits,
    model::{Fingerprint, FolderName, RowState, TargetUid},
    target::{FolderStatus, TargetSession},
};

/// Settles a folder's doubts and places; returns what arrived there and answers for no row.
///
/// The counters of the start of the pass serve while nothing is in doubt: what arrives meanwhile is not ours. `again` says that
/// this pass wrote to the folder since, so that they are asked for anew; `goodbyes`, how it lost its sessions meanwhile.
pub(super) async fn settle(
    run: &Run,
    target: &mut dyn TargetSession,
    job: &Job,
    again: bool,
    goodbyes: &Goodbyes,
) -> Result<Arrivals> {
    let folder = &job.folder;
    let mut doubt = in_doubt(run, folder).await?;
    let status = match job.status.filter(|_| doubt.is_empty() && !again) {
        Some(status) => status,
        None => target.status(folder).await?,
    };
    let known = known_state(run, folder, status).await?;
    let mut unplaced = unplaced(run, folder).await?;
    let frontier = known.as_ref().map_or(1, |known| known.next);
    if doubt.is_empty() && unplaced.is_empty() && frontier == status.next {
        return Ok(Arrivals::none(status));
    }
    let marks = doubt.iter().filter_map(|row| mark_start(&row.mark, status.validity));
    let from = if unplaced.is_empty() { marks.fold(frontier, u32::min) } else { lowest(&unplaced, known, status) };
    let looked = clock::instant();
    let mut arrivals = unclaimed(run, target, folder, from).await?;
    place(run, target, folder, &mut unplaced, &mut arrivals).await?;
    if from == 1 {
        let patient = unplaced.iter().any(|row| evidence_as_mail(row).is_some());
        if patient && !again {
            tokio::select! {
                () = run.stop.cancelled() => return Err(Error::canceled()),
                () = clock::sleep(target.capabilities().settle) => {}
            }
            arrivals = unclaimed(run, target, folder, from).await?;
            place(run, target, folder, &mut unplaced, &mut arrivals).await?;
        }
        // What IMAP took as mail, the target's lists may show late: in the pass that sent it nothing is concluded.
        unplaced.retain(|row| !again || evidence_as_mail(row).is_none());
        lose(run, &unplaced).await?;
    }
    let unmoved = frontier == arrivals.status.next;
    let patience = Patience::with(target.capabilities());
    let stillness = Stillness::new(patience, goodbyes.last(&doubt), unmoved, looked, clock::instant());
    settle_doubt(run, target, folder, from, &mut doubt, &mut arrivals, stillness).await?;
    Ok(arrivals)
}

/// Finds the places of rows that arrived without telling their UID (no UIDPLUS).
pub(super) async fn place_arrived(run: &Run, target: &mut dyn TargetSession, folder: &FolderName) -> Result<()> {
    let mut unplaced = unplaced(run, folder).await?;
    if unplaced.is_empty() {
        return Ok(());
    }
    let status = target.status(folder).await?;
    let known = known_state(run, folder, status).await?;
    let from = lowest(&unplaced, known, status);
    let mut arrivals = unclaimed(run, target, folder, from).await?;
    place(run, target, folder, &mut unplaced, &mut arrivals).await
}

/// What lies in the folder and answers for no row, not even for one that only waits for its place: it may answer for one that goes as mail.
pub(super) async fn strangers(run: &Run, target: &mut dyn TargetSession, folder: &FolderName) -> Result<Strangers> {
    let mut unplaced = unplaced(run, folder).await?;
    let mut arrivals = unclaimed(run, target, folder, 1).await?;
    place(run, target, folder, &mut unplaced, &mut arrivals).await?;
    let mut strangers = arrivals.strangers();
    for evidence in unplaced.iter().filter_map(evidence_as_mail) {
        strangers.remove(&evidence);
    }
    Ok(strangers)
}

/// What the ledger knows of the folder; a changed UIDVALIDITY voids every UID in it, for flags would hit strangers' messages.
pub(super) async fn known_state(
    run: &Run,
    folder: &FolderName,
    now: FolderStatus,
) -> Result<Option<TargetFolderState>> {
    let known = run.ledger.target_folder(run.lease.pair, folder).await?;
    match known {
        Some(known) if known.validity != now.validity => {
            let voided = run.ledger.void_target_uids(run.lease, folder, now.validity).await?;
            tracing::warn!(?folder, voided, "The target renumbered a folder; its messages are recognised by content.");
            let reborn = TargetFolderState { validity: now.validity, next: 1, ..TargetFolderState::default() };
            run.ledger.set_target_folder(run.lease, folder, reborn).await?;
            Ok(None)
        }
        known => Ok(known),
    }
}

async fn in_doubt(run: &Run, folder: &FolderName) -> Result<Vec<Row>> {
    collect(run, folder, vec![RowState::Intended], None).await
}

/// The row in doubt that was in flight alone, for it had been suspected: any rung but the first is.
pub(super) async fn alone_in_doubt(run: &Run, folder: &FolderName) -> Result<Option<Row>> {
    let mut doubt = in_doubt(run, folder).await?;
    Ok(doubt.pop().filter(|row| doubt.is_empty() && row.rung > 0))
}

async fn unplaced(run: &Run, folder: &FolderName) -> Result<Vec<Row>> {
    let rows = collect(run, folder, vec![RowState::Copied, RowState::AlreadyPresent], Some(false)).await?;
    Ok(rows.into_iter().filter(|row| !row.removed && !row.missing_at_target).collect())
}

async fn collect(run: &Run, folder: &FolderName, states: Vec<RowState>, has_target: Option<bool>) -> Result<Vec<Row>> {
    let mut query = RowQuery { target_folder: Some(folder.clone()), states, has_target, ..Run::page() };
    let mut rows = Vec::new();
    loop {
        let page = run.ledger.rows(run.lease.pair, query.clone()).await?;
        let Some(last) = page.last() else { return Ok(rows) };
        query.after = Some(last.id);
        rows.extend(page);
    }
}

/// Where a search for unplaced rows begins: their marks, if each of them has one of this life of the folder.
fn lowest(unplaced: &[Row], known: Option<TargetFolderState>, now: FolderStatus) -> u32 {
    let marks: Option<Vec<u32>> = unplaced.iter().map(|row| mark_start(&row.mark, now.validity)).collect();
    match (marks, known) {
        (Some(marks), Some(known)) => marks.into_iter().fold(known.next, u32::min),
        _ => 1,
    }
}

/// Rows that a search of the whole folder did not find are not there any more. Their places are not known, so what was adopted there alone is known
/// to have been seen.
async fn lose(run: &Run, unplaced: &[Row]) -> Result<()> {
    for page in unplaced.chunks(limits::LEDGER_PAGE) {
        let missing = page.iter().map(|row| match row.state {
            RowState::AlreadyPresent => Correction::RemovedByUser(row.id),
            _ => Correction::Missing(row.id, true),
        });
        run.ledger.correct(run.lease, missing.collect()).await?;
    }
    Ok(())
}

fn item(row: &Row) -> Option<Item> {
    let size = row.sent_size.unwrap_or(row.size);
    let (fingerprint, received_at) = (evidence_as_mail(row).or(row.fingerprint)?, row.received_at);
    Some(Item { id: row.id, fingerprint, size, received_at, hash: row.body_hash })
}

/// What a row is recognised by that went as mail where whole items go.
fn evidence_as_mail(row: &Row) -> Option<Fingerprint> {
    FolderStatus::read_evidence(row.mark.as_ref()?)
}

/// Rows and the arrivals that answer for them: by their fingerprints, and what is left by its evidence as mail.
async fn answers(
    target: &mut dyn TargetSession,
    folder: &FolderName,
    rows: &[Row],
    arrivals: &Arrivals,
    in_doubt: bool,
) -> Result<Vec<(i64, i64)>> {
    let mut pairs = Vec::new();
    for mut group in group(rows.iter().filter_map(item), arrivals.unclaimed.iter().copied()) {
        pairs.extend(identify(target, folder, &mut group, in_doubt).await?);
    }
    let used: HashSet<i64> = pairs.iter().map(|(_, uid)| *uid).collect();
    let as_mail = |found: &Item| Some(Item { fingerprint: *arrivals.as_mail.get(&found.id)?, ..*found });
    let left = arrivals.unclaimed.iter().filter(|found| !used.contains(&found.id)).filter_map(as_mail);
    let sent = rows.iter().filter(|row| evidence_as_mail(row).is_some()).filter_map(item);
    pairs.extend(group(sent, left).iter().flat_map(|group| group.by_likeness(Tolerance::Rendered)));
    Ok(pairs)
}

/// What went as mail has the evidence that its arrival shows from now on.
async fn learn(run: &Run, rows: &[Row], pairs: &[(i64, i64)], arrivals: &Arrivals) -> Result<()> {
    let shown: HashMap<i64, Fingerprint> = arrivals.unclaimed.iter().map(|item| (item.id, item.fingerprint)).collect();
    let uids: HashMap<i64, i64> = pairs.iter().copied().collect();
    let learnt = |row: &Row| {
        evidence_as_mail(row)?;
        Some(Correction::Evidence(row.id, *shown.get(uids.get(&row.id)?)?))
    };
    let corrections: Vec<Correction> = rows.iter().filter_map(learnt).collect();
    match corrections.is_empty() {
        true => Ok(()),
        false => run.ledger.correct(run.lease, corrections).await,
    }
}

/// Gives unplaced rows the UIDs that answer for them.
async fn place(
    run: &Run,
    target: &mut dyn TargetSession,
    folder: &FolderName,
    unplaced: &mut Vec<Row>,
    arrivals: &mut Arrivals,
) -> Result<()> {
    let pairs = answers(target, folder, unplaced, arrivals, false).await?;
    learn(run, unplaced, &pairs, arrivals).await?;
    let validity = arrivals.status.validity;
    for page in pairs.chunks(limits::LEDGER_PAGE) {
        let place = |(row, uid): &(i64, i64)| {
            let at = u32::try_from(*uid).ok().map(|uid| TargetUid { validity, uid });
            Correction::Place(*row, folder.clone(), at)
        };
        run.ledger.correct(run.lease, page.iter().map(place).collect()).await?;
    }
    take(&pairs, unplaced, &mut arrivals.unclaimed);
    Ok(())
}

/// Pairs of one group. A row in doubt needs equal bytes where the target keeps them; one that was acknowledged needs only its place.
async fn identify(
    target: &mut dyn TargetSession,
    folder: &FolderName,
    group: &mut Group,
    in_doubt: bool,
) -> Result<Vec<(i64, i64)>> {
    if !target.capabilities().keeps_bytes {
        return Ok(group.by_likeness(Tolerance::Rendered));
    }
    if !in_doubt && group.is_plain(Tolerance::Close) {
        return Ok(group.by_likeness(Tolerance::Close));
    }
    let uids = group.found.iter().filter_map(|item| u32::try_from(item.id).ok()).collect();
    let hashes = bodies::target_hashes(target, folder, uids).await?;
    for item in &mut group.found {
        item.hash = u32::try_from(item.id).ok().and_then(|uid| hashes.get(&uid).copied());
    }
    Ok(group.by_hash())
}

fn take(pairs: &[(i64, i64)], rows: &mut Vec<Row>, unclaimed: &mut Vec<Item>) {
    let (settled, used): (HashSet<i64>, HashSet<i64>) = pairs.iter().copied().unzip();
    rows.retain(|row| !settled.contains(&row.id));
    unclaimed.retain(|item| !used.contains(&item.id));
}

async fn settle_doubt(
    run: &Run,
    target: &mut dyn TargetSession,
    folder: &FolderName,
    from: u32,
    doubt: &mut Vec<Row>,
    arrivals: &mut Arrivals,
    mut stillness: Stillness,
) -> Result<()> {
    claim(run, target, folder, folder, doubt, arrivals).await?;
    if doubt.is_empty() {
        return Ok(());
    }
    run.tell(Event::Stage(Stage::Reconcile));
    let wait = stillness.left(arrivals.gap);
    if !wait.is_zero() {
        tracing::info!(?folder, messages = doubt.len(), ?wait, "Waiting for late arrivals of messages in doubt.");
    }
    let most = clock::instant() + limits::SETTLE_MOST;
    loop {
        let step = stillness.step(arrivals.gap);
        if doubt.is_empty() || step.is_zero() || clock::instant() >= most {
            break;
        }
        run.go_on()?;
        clock::sleep(step).await;
        stillness.look(clock::instant());
        let now = target.status(folder).await?;
        if (now.next, now.messages) != (arrivals.status.next, arrivals.status.messages) {
            stillness.moved(clock::instant());
            *arrivals = unclaimed(run, target, folder, from).await?;
            claim(run, target, folder, folder, doubt, arrivals).await?;
        }
    }
    if arrivals.gap && !doubt.is_empty() {
        look_elsewhere(run, target, folder, doubt).await?;
    }
    run.tell(Event::Stage(Stage::Copy));
    give_up(run, doubt, arrivals.gap).await
}

/// Rows in doubt that `arrivals` of `place` answer for become copied.
async fn claim(
    run: &Run,
    target: &mut dyn TargetSession,
    folder: &FolderName,
    place: &FolderName,
    doubt: &mut Vec<Row>,
    arrivals: &mut Arrivals,
) -> Result<()> {
    let pairs = answers(target, place, doubt, arrivals, true).await?;
    learn(run, doubt, &pairs, arrivals).await?;
    let validity = arrivals.status.validity;
    let found: HashMap<i64, u32> =
        pairs.iter().filter_map(|(row, uid)| Some((*row, u32::try_from(*uid).ok()?))).collect();
    for page in doubt.chunks(limits::LEDGER_PAGE) {
        let settle = |row: &Row| {
            let mut settlement = Settlement::new(row.id, RowState::Intended, RowState::Copied);
            settlement.target = Some(TargetUid { validity, uid: *found.get(&row.id)? });
            settlement.target_folder = (place != folder).then(|| place.clone());
            Some(settlement)
        };
        run.ledger.settle(run.lease, page.iter().filter_map(settle).collect()).await?;
    }
    take(&pairs, doubt, &mut arrivals.unclaimed);
    Ok(())
}

/// New messages of other folders: where a user's move took the message. Folders with doubts of their own are passed over: what
/// arrived there may be the same mail sent for another row.
async fn look_elsewhere(
    run: &Run,
    target: &mut dyn TargetSession,
    folder: &FolderName,
    doubt: &mut Vec<Row>,
) -> Result<()> {
    let folders = target.folders().await?;
    for other in folders.into_iter().filter(|f| f.selectable && f.name != *folder) {
        if doubt.is_empty() {
            break;
        }
        if !in_doubt(run, &other.name).await?.is_empty() {
            continue;
        }
        let status = target.status(&other.name).await?;
        let known = run.ledger.target_folder(run.lease.pair, &other.name).await?;
        let recent = status.next.saturating_sub(limits::ELSEWHERE);
        let from = known.filter(|k| k.validity == status.validity).map_or(recent, |k| k.next);
        if from < status.next {
            let mut arrivals = unclaimed(run, target, &other.name, from).await?;
            claim(run, target, folder, &other.name, doubt, &mut arrivals).await?;
        }
    }
    Ok(())
}

/// What is left did not arrive: it is listed again, and told as possibly doubled where a UID is missing.
async fn give_up(run: &Run, doubt: &[Row], gap: bool) -> Result<()> {
    for page in doubt.chunks(limits::LEDGER_PAGE) {
        let again = |row: &Row| Settlement::new(row.id, RowState::Intended, RowState::Listed);
        run.ledger.settle(run.lease, page.iter().map(again).collect()).await?;
        if gap {
            let doubled = page.iter().map(|row| Correction::PossiblyDoubled(row.id)).collect();
            run.ledger.correct(run.lease, doubled).await?;
        }
    }
    Ok(())
}
