//! `mailhaul plan` and `copy --dry-run`: discovery. The target is only looked at; the ledger remembers what was found.

use std::{fmt::Write as _, time::Duration};

use futures_util::{StreamExt, stream};
use serde::Serialize;

use super::{
    pass,
    scope::{Project, ScopeArgs},
};
use crate::{
    cli::{face::Face, interrupt, progress::Board},
    error::Result,
    project::{
        connect::Connectors,
        outcome::Ending,
        pairs::MailboxPair,
        store::Store,
        supervisor::{Job, Watch},
        words,
    },
    transfer::{self, FolderForecast, Forecast},
};

/// Tell what would be copied, and what will not transfer and why; writes nothing at the target
#[derive(clap::Args)]
pub struct PlanArgs {
    #[command(flatten)]
    scope: ScopeArgs,
}

/// Mailboxes that are looked at together.
const TOGETHER: usize = 8;

#[derive(Serialize)]
struct Document {
    mailboxes: Vec<Forecast>,
}

pub(super) async fn run(args: &PlanArgs, face: &Face) -> Result<Ending> {
    let Project { store, pairs, .. } = args.scope.project(face).await?;
    over(face, &store, pairs).await
}

/// Plans `pairs`.
///
/// # Errors
/// The ledger cannot be opened.
pub(super) async fn over(face: &Face, store: &Store, pairs: Vec<MailboxPair>) -> Result<Ending> {
    pairs.iter().for_each(|pair| pass::warn_of(face, pair));
    let ledger = store.open()?;
    let jobs = Connectors::new(ledger.clone()).jobs(pairs);
    let (board, stop) = (Board::new(face, &jobs), interrupt::listen(face)?);
    let forecasts = jobs.iter().enumerate().map(|(number, Job { pair, engine })| {
        let (ledger, observer, drain) = (ledger.clone(), board.begins(number), stop.drain.clone());
        async move { transfer::forecast(engine, ledger, &pair.options, observer, drain).await }
    });
    let all = board.show(stream::iter(forecasts).buffered(together(&jobs)).collect::<Vec<_>>());
    let mailboxes = tokio::select! {
        mailboxes = all => mailboxes,
        () = stop.now.cancelled() => return Ok(Ending::Stopped),
    };
    let document = Document { mailboxes };
    face.answer(&document, || text(&document.mailboxes))?;
    let failed = document.mailboxes.iter().any(|forecast| forecast.error.is_some());
    Ok(match (stop.drain.is_cancelled(), failed) {
        (true, _) => Ending::Stopped,
        (false, true) => Ending::Failed,
        (false, false) => Ending::Done,
    })
}

/// Each mailbox that is looked at holds a connection on both sides: never more than any endpoint allows.
fn together(jobs: &[Job]) -> usize {
    let caps =
        jobs.iter().flat_map(|job| [&job.pair.source, &job.pair.target]).map(|side| side.endpoint.caps.connections);
    caps.flatten().chain(jobs.iter().map(|job| job.pair.max_mailboxes)).chain([TOGETHER]).min().unwrap_or(1)
}

fn text(forecasts: &[Forecast]) -> String {
    let mut text = String::new();
    forecasts.iter().for_each(|forecast| mailbox(&mut text, forecast));
    if forecasts.len() > 1 {
        let (messages, bytes) = forecasts.iter().fold((0, 0), |(m, b), one| (m + one.messages, b + one.bytes));
        let _ = writeln!(text, "All {} mailboxes: {}", forecasts.len(), amount(messages, bytes));
    }
    text
}

fn mailbox(text: &mut String, forecast: &Forecast) {
    let _ = writeln!(text, "{} → {}", forecast.source, forecast.target);
    if let Some(error) = &forecast.error {
        let _ = writeln!(text, "  {}\n  Problem:   {}\n  Next step: {}", error.code, error.problem, error.next_step);
        return;
    }
    let (messages, bytes) = (words::messages(forecast.messages), size(forecast.messages, forecast.bytes));
    let expected = words::duration(Duration::from_secs(forecast.expected_seconds.max(1)));
    let largest = match forecast.largest {
        0 => String::new(),
        largest => format!(", the largest {}", words::bytes(largest)),
    };
    let _ = writeln!(text, "  {messages} to copy, {bytes}{largest}; expected to take about {expected}");
    if forecast.arrived > 0 {
        let _ = writeln!(text, "  {} arrived in earlier passes", words::messages(forecast.arrived));
    }
    if forecast.untransferable > 0 {
        let _ = writeln!(text, "  {} will not transfer", words::messages(forecast.untransferable));
    }
    forecast.folders.iter().for_each(|one| folder(text, one));
    forecast.not_carried.iter().for_each(|what| {
        let _ = writeln!(text, "  Note: {what}");
    });
    for line in &forecast.attention {
        let place = line.folder.as_ref().map(|folder| format!(" in {folder}")).unwrap_or_default();
        let reply = line.reply.as_ref().map(|reply| format!(" ({reply})")).unwrap_or_default();
        let _ = writeln!(text, "  ! {}{place}: {}{reply}\n      {}", line.code, line.problem, line.next_step);
    }
}

fn amount(messages: u64, bytes: u64) -> String {
    format!("{}, {}", words::messages(messages), size(messages, bytes))
}

/// Graph tells no sizes.
fn size(messages: u64, bytes: u64) -> String {
    match (messages, bytes) {
        (1.., 0) => "of sizes that the source does not tell".to_owned(),
        _ => words::bytes(bytes),
    }
}

fn folder(text: &mut String, folder: &FolderForecast) {
    let _ = match &folder.not_read {
        Some(why) => writeln!(text, "    {}: not read, {why}", folder.source),
        None => {
            let amount = amount(folder.messages, folder.bytes);
            writeln!(text, "    {} → {}: {amount}", folder.source, folder.target)
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_nobody_told_are_no_zeros() {
        let folder =
            FolderForecast { source: "INBOX".into(), target: "INBOX".into(), messages: 3, ..Default::default() };
        let forecast = Forecast { messages: 3, folders: vec![folder], ..Forecast::default() };
        let text = text(std::slice::from_ref(&forecast));
        assert!(text.contains("3 messages to copy, of sizes that the source does not tell; expected"), "{text}");
        assert!(!text.contains("0 B") && !text.contains("largest"), "{text}");
        assert!(super::text(&[Forecast { bytes: 3000, largest: 2000, ..forecast }]).contains("the largest 2"));
    }
}
