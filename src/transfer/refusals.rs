//! Messages the target refused, after a folder's copy: each climbs the ladder until it is taken or recorded with the server's words.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use super::{
    copy::{self, Feed, Refused, Rung},
    job::Job,
    quarantine,
    run::Run,
    sides::Sides,
};
use crate::{
    error::Result,
    ledger::{FolderRow, Row, Settlement},
    limits,
    model::RowState,
    source::{FetchItem, FetchResult, Fetched},
    target::FolderStatus,
};

/// Tries the next rungs until every message of `refused` is taken or recorded; returns how many arrived.
pub(super) async fn climb(
    run: &Run,
    sides: &mut Sides,
    job: &Job,
    folder: &FolderRow,
    status: FolderStatus,
    mut refused: Vec<Refused>,
) -> Result<u64> {
    let mut arrived = 0;
    while !refused.is_empty() {
        let (mut again, mut ended) = (VecDeque::new(), Vec::new());
        for Refused { row, rung, refusal } in refused {
            match copy::next_rung(rung, refusal.fault) {
                Some(rung) => again.push_back((row, rung)),
                None => ended.push((row, refusal.reason)),
            }
        }
        let ended_rows = ended.iter().map(|(row, _)| row.clone()).collect();
        let settlement = |(row, reason): (Row, _)| {
            let failed = Settlement::new(row.id, RowState::Listed, RowState::Failed);
            Settlement { reason: Some(reason), ..failed }
        };
        run.ledger.settle(run.lease, ended.into_iter().map(settlement).collect()).await?;
        keep_originals(run, sides, folder, ended_rows).await?;
        if again.is_empty() {
            return Ok(arrived);
        }
        if again.iter().any(|(_, rung)| *rung == Rung::Fresh) {
            std::mem::take(sides).close().await;
        }
        let (source, target) = sides.both(run).await?;
        let (copied, result) = copy::copy(run, source, target, job, folder, status, Feed::Rungs(again)).await;
        result?;
        arrived += copied.arrived;
        refused = copied.refused;
    }
    Ok(arrived)
}

/// Keeps the originals of messages that ended as refused.
async fn keep_originals(run: &Run, sides: &mut Sides, folder: &FolderRow, rows: Vec<Row>) -> Result<()> {
    if rows.is_empty() || run.options.quarantine.is_none() {
        return Ok(());
    }
    let (source, _) = sides.both(run).await?;
    let (ask, asked) = mpsc::channel(1);
    let (bring, mut brought) = mpsc::channel::<Fetched>(limits::LANE_QUEUE);
    let items: Vec<_> =
        rows.iter().map(|row| FetchItem { row: row.id, id: row.key.id.clone(), size: row.size }).collect();
    let feed = async move {
        for chunk in items.chunks(limits::FETCH_CHUNK) {
            if ask.send(chunk.to_vec()).await.is_err() {
                break;
            }
        }
    };
    let keep = async {
        while let Some(fetched) = brought.recv().await {
            if let FetchResult::Body(body) = fetched.what {
                quarantine::keep(run, fetched.row, &body)?;
            }
        }
        Ok::<_, crate::error::Error>(())
    };
    let (fetched, (), kept) =
        tokio::join!(source.fetch(&folder.name, folder.epoch.unwrap_or_default(), asked, bring), feed, keep);
    kept?;
    fetched
}
