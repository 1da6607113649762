//! Asks the source for rows, a page of the ledger at a time.

use std::collections::{HashSet, VecDeque};

use tokio::sync::mpsc;

use super::{Rung, flight::Flight};
use crate::{
    error::Result,
    ledger::{FolderRow, Row, RowId, RowQuery, Settlement},
    limits,
    model::RowState,
    source::FetchItem,
    target::TargetCapabilities,
    transfer::{
        Order, PassKind,
        arrivals::Strangers,
        plan::{self, Step},
        run::Run,
        twins::{self, Alone},
    },
};

/// Which rows to copy.
pub(in crate::transfer) enum Feed {
    /// Everything that is listed and in scope.
    Listed {
        /// But these.
        except: HashSet<RowId>,
        /// One by one.
        careful: bool,
        /// Those that wait for no twin.
        alone: Alone,
    },
    /// These, each on a rung of the repair ladder.
    Rungs(VecDeque<(Row, Rung)>),
    /// These as mail.
    AsMail {
        /// Each on [`Rung::AsMail`].
        rows: VecDeque<(Row, Rung)>,
        /// What lies in the folder already and may be one of them.
        strangers: Strangers,
    },
}

impl Feed {
    /// What lies in the folder already and may be one of its rows.
    pub(super) fn take_strangers(&mut self) -> Strangers {
        match self {
            Feed::AsMail { strangers, .. } => std::mem::take(strangers),
            Feed::Listed { .. } | Feed::Rungs(_) => Strangers::new(),
        }
    }
}

/// Asks for what `feed` yields until it is exhausted, the source is gone or somebody asked to stop.
pub(super) async fn feed(
    run: &Run,
    folder: &FolderRow,
    target: &TargetCapabilities,
    mut feed: Feed,
    flight: &Flight,
    ask: mpsc::Sender<Vec<FetchItem>>,
) -> Result<()> {
    let mut left = if run.options.pass == PassKind::Trial { limits::TRIAL_MESSAGES } else { usize::MAX };
    let mut after = None;
    while left > 0 && !run.stop.is_cancelled() {
        let mut page: Vec<(Row, Rung)> = match &mut feed {
            Feed::Listed { except, careful, alone } => {
                let rung = if *careful { Rung::Fresh } else { Rung::Original };
                let page = listed(run, folder, &mut after, except, alone).await?;
                page.into_iter().map(|row| (row, rung)).collect()
            }
            Feed::Rungs(rows) | Feed::AsMail { rows, .. } => {
                rows.drain(..rows.len().min(limits::LEDGER_PAGE)).collect()
            }
        };
        if page.is_empty() {
            break;
        }
        page.truncate(left);
        left -= page.len();
        let page = without_skipped(run, target, page).await?;
        for chunk in page.chunks(limits::FETCH_CHUNK) {
            let (now, allowed) = allowed(run, chunk);
            flight.ask(now.iter().cloned());
            let items = now.iter().map(|(row, _)| item(row)).collect();
            if run.stop.is_cancelled() || ask.send(items).await.is_err() {
                return Ok(());
            }
            allowed?;
        }
    }
    Ok(())
}

/// The next page with something in it; an empty one is the end.
async fn listed(
    run: &Run,
    folder: &FolderRow,
    after: &mut Option<RowId>,
    except: &HashSet<RowId>,
    alone: &Alone,
) -> Result<Vec<Row>> {
    let mut query = RowQuery {
        folder: Some(folder.id),
        states: vec![RowState::Listed],
        in_scope: Some(true),
        gone: Some(false),
        newest_first: run.options.order == Order::Newest,
        after: *after,
        ..Run::page()
    };
    loop {
        let page = run.ledger.rows(run.lease.pair, query.clone()).await?;
        let Some(last) = page.last() else { return Ok(Vec::new()) };
        query.after = Some(last.id);
        *after = query.after;
        let wanted = |row: &Row| Some(row.key.epoch) == folder.epoch && !except.contains(&row.id);
        let page = twins::without(run, page.into_iter().filter(wanted).collect(), alone).await?;
        if !page.is_empty() {
            return Ok(page);
        }
    }
}

async fn without_skipped(run: &Run, target: &TargetCapabilities, page: Vec<(Row, Rung)>) -> Result<Vec<(Row, Rung)>> {
    let (mut copied, mut skipped) = (Vec::with_capacity(page.len()), Vec::new());
    for (row, rung) in page {
        match plan::step(&row, target) {
            Step::Copy => copied.push((row, rung)),
            Step::Skip(reason) => {
                let mut settlement = Settlement::new(row.id, RowState::Listed, RowState::Skipped);
                settlement.reason = Some(reason);
                skipped.push(settlement);
            }
        }
    }
    if !skipped.is_empty() {
        run.ledger.settle(run.lease, skipped).await?;
    }
    Ok(copied)
}

/// The rows that the source's allowance for a day lets through, and what it says to the first one that it does not.
fn allowed<'a>(run: &Run, chunk: &'a [(Row, Rung)]) -> (&'a [(Row, Rung)], Result<()>) {
    for (at, (row, _)) in chunk.iter().enumerate() {
        if let Err(spent) = run.allow(row.size) {
            return (&chunk[..at], Err(spent));
        }
    }
    (chunk, Ok(()))
}

fn item(row: &Row) -> FetchItem {
    FetchItem { row: row.id, id: row.key.id.clone(), size: row.size }
}
