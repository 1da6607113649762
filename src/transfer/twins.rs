//! One message in several source folders (Gmail's labels): downloaded and sent once, then copied at the target itself.
//!
//! The placement with the lowest number goes first; the others wait for it and become copies of what it became. A copy is an intent like any
//! other, with the hash and fingerprint of the message it is made of, so that a doubt is settled by the same evidence.
//!
//! Where a message lies in one folder only, two placements of it say that it was moved while the folders were listed: nothing is copied
//! before the source was looked at again ([`Turn::Later`]). Rejected:
//! keeping bodies for the placements to come, for a label of 10,000 messages may be read hours after the other one.

use std::collections::{HashMap, HashSet};

use super::{Event, job::Job, run::Run};
use crate::{
    error::{Result, Scope},
    ledger::{FolderRow, Intent, Row, RowId, RowQuery, Settlement, Twin},
    limits,
    model::{Flags, FolderName, RowState, SystemFlags, TargetUid},
    target::{FolderStatus, TargetSession},
};

/// What becomes of messages that have a twin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// They wait: where nothing lies in two folders, another look at the source tells where it is.
    Later,
    /// They are copied from where their twins arrived.
    Copies,
    /// They go like any other.
    Alone,
}

/// Which rows go without regard to their twins.
#[derive(Clone, Debug, Default)]
pub(super) struct Alone {
    /// All: whoever waited in vain.
    pub all: bool,
    /// These, whose twins could not be copied.
    pub rows: HashSet<RowId>,
}

impl Alone {
    fn holds(&self, row: &Row) -> bool {
        self.all || row.content.is_none() || self.rows.contains(&row.id)
    }
}

/// What is left of `page` when the rows that have a twin to regard are taken out.
pub(super) async fn without(run: &Run, page: Vec<Row>, alone: &Alone) -> Result<Vec<Row>> {
    let twins: HashSet<RowId> = of(run, &page, alone).await?.into_iter().map(|(row, _)| row).collect();
    Ok(page.into_iter().filter(|row| !twins.contains(&row.id)).collect())
}

async fn of(run: &Run, page: &[Row], alone: &Alone) -> Result<Vec<(RowId, Twin)>> {
    let ids: Vec<RowId> = page.iter().filter(|row| !alone.holds(row)).map(|row| row.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    run.ledger.twins(run.lease.pair, ids).await
}

/// Whether rows of the job are left that wait for a twin.
pub(super) async fn waiting(run: &Run, job: &Job) -> Result<bool> {
    for folder in &job.sources {
        let mut query = listed(folder);
        loop {
            let page = run.ledger.rows(run.lease.pair, query.clone()).await?;
            let Some(last) = page.last() else { break };
            query.after = Some(last.id);
            if !of(run, &page, &Alone::default()).await?.is_empty() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Makes copies for the rows of `folder` whose twins arrived. Advances `status`; those that cannot be copied go alone from then on.
/// Returns how many arrived.
pub(super) async fn duplicate(
    run: &Run,
    target: &mut dyn TargetSession,
    job: &Job,
    folder: &FolderRow,
    status: &mut FolderStatus,
    alone: &mut Alone,
) -> Result<u64> {
    let mut query = listed(folder);
    let mut arrived = 0;
    loop {
        run.go_on()?;
        let page = run.ledger.rows(run.lease.pair, query.clone()).await?;
        let Some(last) = page.last() else { return Ok(arrived) };
        query.after = Some(last.id);
        let mut rows: HashMap<RowId, Row> = HashMap::new();
        let twins = of(run, &page, alone).await?;
        rows.extend(page.into_iter().map(|row| (row.id, row)));
        let mut places: HashMap<(FolderName, u32), Vec<Copy>> = HashMap::new();
        for (id, twin) in twins {
            if let (Twin::Arrived(twin), Some(row)) = (twin, rows.remove(&id))
                && let (Some(from), Some(at)) = (twin.target_folder.clone(), twin.target)
            {
                places.entry((from, at.validity)).or_default().push(Copy { row, twin: *twin, at });
            }
        }
        for ((from, validity), copies) in places {
            for group in copies.chunks(limits::FETCH_CHUNK) {
                arrived += make(run, target, job, (&from, validity), group, status, alone).await?;
            }
        }
    }
}

/// A row, and the arrived message that it becomes a copy of.
struct Copy {
    row: Row,
    twin: Row,
    at: TargetUid,
}

async fn make(
    run: &Run,
    target: &mut dyn TargetSession,
    job: &Job,
    (from, validity): (&FolderName, u32),
    group: &[Copy],
    status: &mut FolderStatus,
    alone: &mut Alone,
) -> Result<u64> {
    let intents = group.iter().filter_map(|copy| intent(copy, job, status)).collect();
    run.ledger.intend(run.lease, intents).await?;
    let uids = group.iter().map(|copy| copy.at.uid).collect();
    let mut there: HashMap<u32, Option<TargetUid>> = match target.duplicate(from, validity, uids, &job.folder).await {
        Ok(copied) => copied.into_iter().collect(),
        Err(error) if error.scope() <= Scope::Folder => {
            tracing::info!(%error, "The target makes no copy; the messages are sent once more.");
            HashMap::new()
        }
        Err(error) => return Err(error),
    };
    let (mut settlements, mut bytes) = (Vec::with_capacity(group.len()), 0);
    for copy in group {
        let id = copy.row.id;
        // A message answers for one row: of two that would become the same copy the second goes alone.
        let Some(place) = there.remove(&copy.at.uid) else {
            alone.rows.insert(id);
            settlements.push(Settlement::new(id, RowState::Intended, RowState::Listed));
            continue;
        };
        place.inspect(|at| status.next = status.next.max(at.uid.saturating_add(1)));
        bytes += copy.row.size;
        settlements.push(Settlement { target: place, ..Settlement::new(id, RowState::Intended, RowState::Copied) });
    }
    let arrived = settlements.iter().filter(|settlement| settlement.to == RowState::Copied).count() as u64;
    run.ledger.settle(run.lease, settlements).await?;
    run.tell(Event::Settled { messages: arrived, bytes });
    Ok(arrived)
}

fn intent(Copy { row, twin, .. }: &Copy, job: &Job, status: &FolderStatus) -> Option<Intent> {
    Some(Intent {
        row: row.id,
        target_folder: job.folder.clone(),
        mark: status.mark(),
        body_hash: twin.body_hash?,
        fingerprint: twin.fingerprint?,
        sent_size: twin.sent_size?,
        rung: twin.rung,
        repairs: twin.repairs.clone(),
        applied: unmarked(&twin.applied),
        read_at: None,
    })
}

/// What a copy has of the flags of what it is made of: the mark `\Deleted` stays behind, and is set where its own placement has it.
fn unmarked(flags: &Flags) -> Flags {
    Flags { system: flags.system.without(SystemFlags::DELETED), ..flags.clone() }
}

fn listed(folder: &FolderRow) -> RowQuery {
    RowQuery {
        folder: Some(folder.id),
        states: vec![RowState::Listed],
        in_scope: Some(true),
        gone: Some(false),
        ..Run::page()
    }
}
