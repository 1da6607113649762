//! Items that changed at the source under their ids, where whole items go: the new content takes the place of the old one.
//!
//! A new version is a row of its own, and the one of the old version is gone. Where the old content stands at the target as it was left, it is
//! renewed there, and its row goes on under the new version. What its user changed there stays, and is told. What cannot be renewed is copied
//! like any other, and the old content is superseded.

use std::collections::HashMap;

use tokio::sync::mpsc;

use super::{
    Attention, Event, Severity,
    absence::{self, Absent},
    bodies,
    job::Job,
    run::Run,
};
use crate::{
    body::Body,
    error::{Code, Error, Result, Side},
    ledger::{Correction, FolderRow, Row, RowQuery, Settlement},
    limits,
    model::{Reason, RowState},
    source::{FetchItem, FetchResult, Fetched, SourceSession},
    target::{Renewed, TargetSession, Transport},
};

/// A message whose old content is at the target, and its new version.
struct Change {
    old: Row,
    new: Row,
}

/// Renews what changed in `folder`; returns how many items are settled by that.
pub(super) async fn apply(
    run: &Run,
    source: &mut dyn SourceSession,
    target: &mut dyn TargetSession,
    job: &Job,
    folder: &FolderRow,
    validity: u32,
) -> Result<u64> {
    if run.pair.target.transport() != Transport::Items {
        return Ok(0);
    }
    let mut changes = changes(run, job, folder, validity).await?;
    let (mut settled, mut kept) = (0, 0);
    while !changes.is_empty() {
        run.go_on()?;
        let some: Vec<Change> = changes.drain(..changes.len().min(limits::GRAPH_BATCH)).collect();
        let contents = contents(run, source, folder, &some).await?;
        let (some, items): (Vec<Change>, Vec<(u32, Body)>) = some
            .into_iter()
            .filter_map(|change| {
                let item = (change.old.target?.uid, contents.get(&change.new.id)?.clone());
                Some((change, item))
            })
            .unzip();
        let outcomes = target.renew(&job.folder, validity, items.clone()).await?;
        for ((change, (_, body)), outcome) in some.iter().zip(&items).zip(outcomes) {
            settled += u64::from(outcome != Renewed::Unable);
            kept += u64::from(outcome == Renewed::Changed);
            record(run, job, change, body, outcome).await?;
        }
    }
    if kept > 0 {
        tell_kept(run, job, kept);
    }
    if settled > 0 {
        run.tell(Event::Settled { messages: settled, bytes: 0 });
    }
    Ok(settled)
}

/// Versions of the folder that are gone with a place in the job's folder, each with the listed one that follows it.
async fn changes(run: &Run, job: &Job, folder: &FolderRow, validity: u32) -> Result<Vec<Change>> {
    let states = vec![RowState::Copied, RowState::AlreadyPresent];
    let gone = RowQuery { states, gone: Some(true), has_target: Some(true), removed: Some(false), ..Run::page() };
    let stands = |row: &Row| {
        row.target.is_some_and(|at| at.validity == validity) && row.target_folder.as_ref() == Some(&job.folder)
    };
    let olds = rows(run, folder, gone).await?.into_iter().filter(|row| stands(row) && !row.missing_at_target);
    let mut olds: HashMap<Vec<u8>, Row> = olds.map(|row| (row.key.id.clone(), row)).collect();
    if olds.is_empty() {
        return Ok(Vec::new());
    }
    let listed = RowQuery { states: vec![RowState::Listed], in_scope: Some(true), gone: Some(false), ..Run::page() };
    let news = rows(run, folder, listed).await?.into_iter();
    Ok(news.filter_map(|new| Some(Change { old: olds.remove(&new.key.id)?, new })).collect())
}

async fn rows(run: &Run, folder: &FolderRow, query: RowQuery) -> Result<Vec<Row>> {
    let mut query = RowQuery { folder: Some(folder.id), ..query };
    let mut rows = Vec::new();
    loop {
        let page = run.ledger.rows(run.lease.pair, query.clone()).await?;
        let Some(last) = page.last() else { return Ok(rows) };
        query.after = Some(last.id);
        rows.extend(page);
    }
}

/// The new contents by row. Those that cannot be had are settled.
async fn contents(
    run: &Run,
    source: &mut dyn SourceSession,
    folder: &FolderRow,
    changes: &[Change],
) -> Result<HashMap<i64, Body>> {
    let (ask, asked) = mpsc::channel(1);
    let (bring, mut brought) = mpsc::channel::<Fetched>(limits::LANE_QUEUE);
    let item = |Change { new, .. }: &Change| FetchItem { row: new.id, id: new.key.id.clone(), size: new.size };
    ask.try_send(changes.iter().map(item).collect()).map_err(|_| Error::bug("a fresh channel is full"))?;
    drop(ask);
    let take = async {
        let (mut contents, mut ended) = (HashMap::new(), Vec::new());
        while let Some(Fetched { row, what }) = brought.recv().await {
            let (state, reason) = match what {
                FetchResult::Body(body) | FetchResult::AsMail(body, _) | FetchResult::Sealed(body) => {
                    contents.insert(row, body);
                    continue;
                }
                FetchResult::Vanished => (RowState::Vanished, None),
                FetchResult::Unreadable(reason) => (RowState::Failed, Some(reason)),
            };
            ended.push(Settlement { reason, ..Settlement::new(row, RowState::Listed, state) });
        }
        run.ledger.settle(run.lease, ended).await.map(|()| contents)
    };
    let (fetched, contents) =
        tokio::join!(source.fetch(&folder.name, folder.epoch.unwrap_or_default(), asked, bring), take);
    fetched?;
    contents
}

async fn record(run: &Run, job: &Job, change: &Change, body: &Body, outcome: Renewed) -> Result<()> {
    let Change { old, new } = change;
    let follow = Correction::Rekey(old.id, new.folder, new.key.clone());
    let corrections = match outcome {
        Renewed::Done(at) => {
            let print = new.fingerprint.or(old.fingerprint).ok_or_else(|| Error::bug("an item without evidence"))?;
            let place = Correction::Place(old.id, job.folder.clone(), Some(at));
            vec![follow, Correction::Renewed(old.id, bodies::hash(body).await?, print, body.len()), place]
        }
        Renewed::Changed => vec![follow],
        Renewed::Gone => {
            let absent: Vec<Absent> = Absent::of(old).into_iter().collect();
            [vec![follow], absence::judge(run, &job.folder, &absent).await?].concat()
        }
        Renewed::Refused(reason) => return refused(run, new, reason).await,
        Renewed::Unable => return Ok(()),
    };
    run.ledger.correct(run.lease, corrections).await
}

async fn refused(run: &Run, new: &Row, reason: Reason) -> Result<()> {
    let failed = Settlement::new(new.id, RowState::Listed, RowState::Failed);
    run.ledger.settle(run.lease, vec![Settlement { reason: Some(reason), ..failed }]).await
}

fn tell_kept(run: &Run, job: &Job, count: u64) {
    let mut line = Attention::new(Severity::Review, Code::Identity, Side::Target, count);
    line.folder = Some(job.path.to_string());
    line.problem =
        "changed at the source, and at the target by their user: they stay as they are at the target".to_owned();
    line.next_step = "Compare them by hand if the source's version is wanted.".to_owned();
    run.attend(line);
}
