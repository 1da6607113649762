//! What a pass would do: discovery and mapping without a change at the target.

use std::{sync::Arc, time::Duration};

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{
    Attention, ErrorReport, Observer, Options, Pair, Severity,
    begin::{Begun, begin},
    discover,
    plan::{self, Step},
    retry::Budget,
    run::Run,
    sides::Sides,
    tally, targets,
};
use crate::{
    error::{Code, Result, Side},
    ledger::{FolderRow, Ledger, RowQuery},
    limits,
    model::{FolderPath, RowState},
    target::TargetCapabilities,
};

/// What `mailhaul plan` and `--dry-run` tell of one mailbox.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Forecast {
    /// The source mailbox.
    pub source: String,
    /// The target mailbox.
    pub target: String,
    /// The error that stopped it, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
    /// Messages still to copy.
    pub messages: u64,
    /// Their bytes, by the source's account.
    pub bytes: u64,
    /// The largest of them (bytes).
    pub largest: u64,
    /// Messages that arrived in earlier passes.
    pub arrived: u64,
    /// Messages that will not transfer.
    pub untransferable: u64,
    /// How long it may take, by what such targets were seen to take.
    pub expected_seconds: u64,
    /// The folders.
    pub folders: Vec<FolderForecast>,
    /// What needs a person, or will not transfer and why.
    pub attention: Vec<Attention>,
    /// What the source's protocol cannot carry, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_carried: Vec<String>,
}

/// One folder of a [`Forecast`].
#[derive(Clone, Debug, Default, Serialize)]
pub struct FolderForecast {
    /// Path at the source.
    pub source: String,
    /// Path at the target; empty if the folder is not read.
    pub target: String,
    /// Why the folder is not read, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_read: Option<String>,
    /// Messages still to copy.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The largest of them (bytes).
    pub largest: u64,
    /// Messages that will not transfer.
    pub untransferable: u64,
}

/// Discovers one pair and tells what a pass would do. Nothing changes at the target; the ledger remembers what was found.
pub async fn forecast(
    pair: &Pair,
    ledger: Arc<dyn Ledger>,
    options: &Options,
    observer: Arc<dyn Observer>,
    stop: CancellationToken,
) -> Forecast {
    let named = Forecast { source: pair.source.describe(), target: pair.target.describe(), ..Forecast::default() };
    let Begun { lease, .. } = match begin(pair, &*ledger, "plan").await {
        Ok(begun) => begun,
        Err(error) => return Forecast { error: Some(tally::error_report(&error)), ..named },
    };
    let run = Run::new(pair.clone(), ledger, lease, options.clone(), observer, stop);
    let mut forecast = match look(&run).await {
        Ok(found) => Forecast { source: named.source, target: named.target, ..found },
        Err(error) => Forecast { error: Some(tally::error_report(&error)), ..named },
    };
    forecast.attention.extend(run.take_attention());
    forecast.not_carried = tally::not_carried(pair);
    forecast
}

async fn look(run: &Run) -> Result<Forecast> {
    let mut sides = Sides::default();
    let mut budget = Budget::new();
    let forecast = loop {
        match look_once(run, &mut sides).await {
            Ok(forecast) => break forecast,
            Err(error) => budget.again(run, &mut sides, error).await?,
        }
    };
    sides.close().await;
    Ok(forecast)
}

async fn look_once(run: &Run, sides: &mut Sides) -> Result<Forecast> {
    let (source, target) = sides.both(run).await?;
    let folders = discover::discover_only(run, source).await?;
    let capabilities = target.capabilities().clone();
    let places = targets::places(run, target, &folders).await?;
    let mut forecast = Forecast::default();
    for folder in &folders {
        let place = places.iter().find(|(id, _)| *id == folder.id).map(|(_, path)| path);
        let part = of_folder(run, folder, place, &capabilities, &mut forecast).await?;
        forecast.messages += part.messages;
        forecast.bytes += part.bytes;
        forecast.largest = forecast.largest.max(part.largest);
        forecast.untransferable += part.untransferable;
        forecast.folders.push(part);
    }
    let tallies = run.ledger.tally(run.lease.pair, None).await?;
    forecast.arrived = tallies.iter().map(|t| t.copied + t.already_present).sum();
    forecast.expected_seconds = expected(&forecast, &capabilities).as_secs();
    Ok(forecast)
}

async fn of_folder(
    run: &Run,
    folder: &FolderRow,
    place: Option<&FolderPath>,
    target: &TargetCapabilities,
    forecast: &mut Forecast,
) -> Result<FolderForecast> {
    let mut part = FolderForecast {
        source: folder.path.to_string(),
        target: place.map(ToString::to_string).unwrap_or_default(),
        not_read: tally::why_not_read(run, folder),
        ..FolderForecast::default()
    };
    let states = vec![RowState::Listed, RowState::Intended];
    let mut query =
        RowQuery { folder: Some(folder.id), states, in_scope: Some(true), gone: Some(false), ..Run::page() };
    while part.not_read.is_none() {
        let page = run.ledger.rows(run.lease.pair, query.clone()).await?;
        let Some(last) = page.last() else { break };
        query.after = Some(last.id);
        for row in &page {
            match plan::step(row, target) {
                Step::Copy => {
                    part.messages += 1;
                    part.bytes += row.size;
                    part.largest = part.largest.max(row.size);
                }
                Step::Skip(reason) => {
                    part.untransferable += 1;
                    if forecast.attention.len() < limits::ATTENTION_LINES {
                        let mut line = Attention::new(Severity::Note, reason.code, Side::Target, 1);
                        line.folder = Some(part.source.clone());
                        line.reply = Some(reason.words);
                        forecast.attention.push(line);
                    }
                }
            }
        }
    }
    if part.not_read.is_some() && folder.skipped.as_ref().is_some_and(|reason| reason.code == Code::FolderSelect) {
        forecast.untransferable += folder.count.unwrap_or(0);
    }
    Ok(part)
}

/// By the slower of messages and bytes.
fn expected(forecast: &Forecast, target: &TargetCapabilities) -> Duration {
    let (messages, bytes) = if target.keeps_bytes { limits::USUAL_PACE } else { limits::EXCHANGE_PACE };
    Duration::from_secs((forecast.messages / messages).max(forecast.bytes / bytes))
}
