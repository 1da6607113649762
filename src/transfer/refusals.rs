//! Messages the target refused: each climbs the ladder until it is taken or recorded with the server's words.
//!
//! They climb after their folder's copy. A refusal may cost the session (a BAD ends it, and others in flight are in doubt), so what
//! was learnt of a message is kept from one attempt of a pass to the next: sent once more among the others, it would end
//! the next session at the same place.

use std::collections::{HashMap, HashSet, VecDeque};

use tokio::sync::mpsc;

use super::{
    copy::{self, Feed, Progress, Refused, Rung},
    job::Job,
    quarantine, reconcile,
    run::Run,
    sides::Sides,
};
use crate::{
    error::{Code, Error, Result},
    ledger::{FolderId, FolderRow, Row, RowId, RowQuery, Settlement},
    limits,
    model::{Reason, RowState},
    source::{FetchItem, FetchResult, Fetched},
    target::{FolderStatus, Transport},
};

/// The messages of one job on the ladder.
pub(super) struct Ladder {
    /// They are whole items.
    items: bool,
    climbers: Vec<Climber>,
    /// How often a session was lost while a message was in flight alone.
    strikes: HashMap<RowId, u32>,
}

/// A refused message and what comes next.
struct Climber {
    row: Row,
    next: Next,
    /// Why it is there.
    why: Reason,
}

enum Next {
    Try(Rung),
    End(Reason),
}

impl Ladder {
    /// Of messages that go in this form.
    pub fn of(transport: Transport) -> Self {
        Ladder { items: transport == Transport::Items, climbers: Vec::new(), strikes: HashMap::new() }
    }

    /// Puts refused messages on their next rungs.
    pub fn take(&mut self, refused: Vec<Refused>) {
        for Refused { row, rung, refusal } in refused {
            let before = self.climbers.iter().position(|climber| climber.row.id == row.id);
            let why = before.map(|at| self.climbers.swap_remove(at).why).unwrap_or_else(|| refusal.reason.clone());
            let next = match self.items {
                true => copy::next_of_item(rung, &refusal),
                false => copy::next_rung(rung, refusal.fault),
            };
            let end = || match rung {
                Rung::AsMail => {
                    Reason { words: format!("{}; as mail: {}", why.words, refusal.reason.words), ..why.clone() }
                }
                _ => refusal.reason.clone(),
            };
            let next = next.map_or_else(|| Next::End(end()), Next::Try);
            self.climbers.push(Climber { row, next, why });
        }
    }

    /// A session was lost while `row` was in flight alone. Some servers end it without a word at the same message each time, and
    /// everything behind it would wait for ever: after the second time it waits for the others and is sent with every repair,
    /// after the third it counts as refused.
    pub fn strike(&mut self, row: Row) {
        let strikes = self.strikes.entry(row.id).or_default();
        *strikes += 1;
        let words = "the server ended the session each time that this message was sent".to_owned();
        let why = Reason { code: Code::ItemRefused, words };
        let next = match *strikes {
            0 | 1 => return,
            2 if self.items => Next::Try(Rung::AsMail),
            2 => Next::Try(Rung::Everything),
            _ => Next::End(why.clone()),
        };
        self.climbers.retain(|climber| climber.row.id != row.id);
        self.climbers.push(Climber { row, next, why });
    }

    /// The rows on it: they are not copied like the others.
    pub fn rows(&self) -> HashSet<RowId> {
        self.climbers.iter().map(|climber| climber.row.id).collect()
    }

    /// Forgets those that the ledger does not list any more: what was in doubt has arrived meanwhile.
    pub async fn recheck(&mut self, run: &Run) -> Result<()> {
        let mut listed = HashSet::new();
        for Climber { row, .. } in &self.climbers {
            let (folder, states) = (Some(row.folder), vec![RowState::Listed]);
            let query = RowQuery { folder, states, after: Some(row.id - 1), limit: 1, ..RowQuery::default() };
            let found = run.ledger.rows(run.lease.pair, query).await?;
            listed.extend(found.first().map(|found| found.id).filter(|id| *id == row.id));
        }
        self.forget(|row| !listed.contains(&row));
        Ok(())
    }

    fn forget(&mut self, done: impl Fn(RowId) -> bool) {
        self.climbers.retain(|climber| !done(climber.row.id));
    }

    /// What is tried next: as mail by itself, when all others are done.
    fn to_try(&self, folder: FolderId) -> VecDeque<(Row, Rung)> {
        let rung = |climber: &Climber| match climber.next {
            Next::Try(rung) if climber.row.folder == folder => Some((climber.row.clone(), rung)),
            _ => None,
        };
        let (as_mail, others): (VecDeque<_>, VecDeque<_>) =
            self.climbers.iter().filter_map(rung).partition(|(_, rung)| *rung == Rung::AsMail);
        if others.is_empty() { as_mail } else { others }
    }

    fn ended(&self, folder: FolderId) -> Vec<(Row, Reason)> {
        let reason = |climber: &Climber| match &climber.next {
            Next::End(reason) if climber.row.folder == folder => Some((climber.row.clone(), reason.clone())),
            _ => None,
        };
        self.climbers.iter().filter_map(reason).collect()
    }
}

/// Tries the next rungs until no message of `folder` is left on the ladder; adds to `progress`, even if it fails.
pub(super) async fn climb(
    run: &Run,
    sides: &mut Sides,
    job: &Job,
    folder: &FolderRow,
    status: FolderStatus,
    ladder: &mut Ladder,
    progress: &mut Progress,
) -> Result<()> {
    loop {
        end(run, sides, folder, ladder).await?;
        let tried = ladder.to_try(folder.id);
        if tried.is_empty() {
            return Ok(());
        }
        run.go_on()?;
        if tried.iter().any(|(_, rung)| *rung == Rung::Fresh) {
            std::mem::take(sides).close().await;
        }
        let rows: HashSet<RowId> = tried.iter().map(|(row, _)| row.id).collect();
        let (source, target) = sides.both(run).await?;
        let feed = match tried.iter().all(|(_, rung)| *rung == Rung::AsMail) {
            true => {
                let strangers = reconcile::strangers(run, target, &job.folder).await?;
                Feed::AsMail { rows: tried, strangers }
            }
            false => Feed::Rungs(tried),
        };
        let (copied, result) = copy::copy(run, source, target, job, folder, status, feed).await;
        progress.join(copied.progress);
        let refused: HashSet<RowId> = copied.refused.iter().map(|one| one.row.id).collect();
        ladder.take(copied.refused);
        result?;
        ladder.forget(|row| rows.contains(&row) && !refused.contains(&row));
    }
}

/// Records those that no rung helped. Their originals are kept before, so that a lost session costs none of them.
async fn end(run: &Run, sides: &mut Sides, folder: &FolderRow, ladder: &mut Ladder) -> Result<()> {
    let ended = ladder.ended(folder.id);
    if ended.is_empty() {
        return Ok(());
    }
    let rows: HashSet<RowId> = ended.iter().map(|(row, _)| row.id).collect();
    keep_originals(run, sides, folder, ended.iter().map(|(row, _)| row)).await?;
    let settlement = |(row, reason): (Row, Reason)| {
        let failed = Settlement::new(row.id, RowState::Listed, RowState::Failed);
        Settlement { reason: Some(reason), ..failed }
    };
    run.ledger.settle(run.lease, ended.into_iter().map(settlement).collect()).await?;
    ladder.forget(|row| rows.contains(&row));
    Ok(())
}

/// Keeps the originals of messages that ended as refused.
async fn keep_originals(
    run: &Run,
    sides: &mut Sides,
    folder: &FolderRow,
    rows: impl Iterator<Item = &Row>,
) -> Result<()> {
    if run.options.quarantine.is_none() {
        return Ok(());
    }
    let (source, _) = sides.both(run).await?;
    let (ask, asked) = mpsc::channel(1);
    let (bring, mut brought) = mpsc::channel::<Fetched>(limits::LANE_QUEUE);
    let items: Vec<_> = rows.map(|row| FetchItem { row: row.id, id: row.key.id.clone(), size: row.size }).collect();
    let feed = async move {
        for chunk in items.chunks(limits::FETCH_CHUNK) {
            if ask.send(chunk.to_vec()).await.is_err() {
                break;
            }
        }
    };
    let keep = async {
        while let Some(fetched) = brought.recv().await {
            match fetched.what {
                FetchResult::Body(body) | FetchResult::AsMail(body, _) => quarantine::keep(run, fetched.row, &body)?,
                FetchResult::Sealed(stream) => quarantine::keep_sealed(run, fetched.row, &stream)?,
                FetchResult::Vanished | FetchResult::Unreadable(_) => {}
            }
        }
        Ok::<_, Error>(())
    };
    let (fetched, (), kept) =
        tokio::join!(source.fetch(&folder.name, folder.epoch.unwrap_or_default(), asked, bring), feed, keep);
    kept?;
    fetched
}
