//! Writes down what became of every append, in groups; a lost outcome is found again at the target.

use tokio::sync::mpsc;

use super::{
    Copied,
    flight::{Flight, Refused, Sent},
};
use crate::{
    clock,
    error::Result,
    ledger::{RowId, Settlement},
    limits,
    model::RowState,
    target::{AppendResult, Appended},
    transfer::{Event, run::Run},
};

/// Records outcomes until the target tells no more.
pub(super) async fn record(run: &Run, flight: &Flight, mut told: mpsc::Receiver<Appended>) -> Result<Copied> {
    let mut copied = Copied::default();
    let mut group = Vec::with_capacity(limits::OUTCOME_GROUP);
    while gather(&mut told, &mut group).await {
        let (mut arrived, mut bytes) = (0, 0);
        let mut settlements = Vec::with_capacity(group.len());
        let (mut known, mut doubtful) = (Vec::new(), Vec::new());
        for Appended { row, what } in group.drain(..) {
            let Some(Sent { row: sent, rung, evidence }) = flight.landed(row) else { continue };
            match what {
                AppendResult::Unanswered(_) => doubtful.extend(evidence),
                _ => known.extend(evidence),
            }
            match what {
                AppendResult::Stored(at) => {
                    arrived += 1;
                    bytes += sent.size;
                    at.inspect(|at| flight.advance(*at));
                    settlements.push(Settlement { target: at, ..moved(row, RowState::Copied) });
                }
                AppendResult::NotSent => settlements.push(moved(row, RowState::Listed)),
                AppendResult::Unanswered(at) => {
                    at.inspect(|at| copied.progress.goodbyes.note(row, *at));
                }
                AppendResult::Refused(refusal) => {
                    settlements.push(moved(row, RowState::Listed));
                    copied.progress.settled += 1;
                    copied.refused.push(Refused { row: sent, rung, refusal });
                }
            }
        }
        run.ledger.settle(run.lease, settlements).await?;
        flight.release(known, doubtful);
        copied.progress.settled += arrived;
        if arrived > 0 {
            run.tell(Event::Settled { messages: arrived, bytes });
        }
    }
    Ok(copied)
}

/// Waits for outcomes, and a little for more of them: each group is a commit, and servers that take messages one by one would make one
/// of each message. `false` once there will be none.
async fn gather(told: &mut mpsc::Receiver<Appended>, group: &mut Vec<Appended>) -> bool {
    if told.recv_many(group, limits::OUTCOME_GROUP).await == 0 {
        return false;
    }
    let more = async {
        while group.len() < limits::OUTCOME_GROUP
            && told.recv_many(group, limits::OUTCOME_GROUP - group.len()).await > 0
        {}
    };
    clock::timeout(limits::OUTCOME_LINGER, more).await;
    true
}

fn moved(row: RowId, to: RowState) -> Settlement {
    Settlement::new(row, RowState::Intended, to)
}
