//! Step 2: what the source holds becomes ledger rows.
//!
//! A folder's rows and its cursor become durable so that the cursor never passes a row that was not written: pages of rows commit
//! as they come, the cursor with the last of them. Three things make a folder be listed once more, whole:
//!
//! - its live rows do not add up to the server's count (a UID can become visible late, design §5),
//! - an id below the frontier turns up that the ledger does not know,
//! - its epoch changed: then [`reborn`] tells first which of its messages the ledger has under the old one.

mod folders;
mod known;
mod listing;
mod ranking;
mod reborn;
mod rename;
mod rescope;

use std::collections::HashMap;

use tokio::sync::mpsc;

use self::listing::{Finding, Listing};
use super::{Attention, Severity, run::Run};
use crate::{
    error::{Result, Side},
    ledger::FolderRow,
    limits,
    model::FolderName,
    source::{DiscoverEvent, SourceFolder, SourceSession},
    target::{TargetFolder, TargetSession},
};

/// Writes down which folders the source listed. `there` are the target's folders, which follow a rename.
pub(super) async fn record(
    run: &Run,
    source: &mut dyn SourceSession,
    target: &mut dyn TargetSession,
    listed: Vec<SourceFolder>,
    there: &mut Vec<TargetFolder>,
) -> Result<Vec<FolderRow>> {
    folders::follow_renames(run, source, target, &listed, there).await?;
    run.ledger.list_folders(run.lease, listed.into_iter().map(folders::listing).collect()).await
}

/// Lists the source into the ledger without a look at the target: a renamed folder counts as new until a pass follows it.
pub(super) async fn discover_only(run: &Run, source: &mut dyn SourceSession) -> Result<Vec<FolderRow>> {
    let listed = source.folders().await?;
    let folders = run.ledger.list_folders(run.lease, listed.into_iter().map(folders::listing).collect()).await?;
    list(run, source, folders, None).await?;
    run.ledger.folders(run.lease.pair).await
}

/// Lists the messages of `folders`. `max_line` is the longest line that the target takes.
pub(super) async fn list(
    run: &Run,
    source: &mut dyn SourceSession,
    folders: Vec<FolderRow>,
    max_line: Option<usize>,
) -> Result<()> {
    let readable: HashMap<FolderName, FolderRow> = folders
        .into_iter()
        .filter(|f| f.present && f.skipped.is_none() && run.options.scope.admits_folder(&f.path))
        .map(|f| (f.name.clone(), f))
        .collect();
    let mut findings = listen(run, source, &readable, |folder| folder.cursor.clone()).await?;
    let incomplete: HashMap<FolderName, FolderRow> = findings
        .iter()
        .filter(|f| matches!(f, Finding::Incomplete(_)))
        .filter_map(|f| readable.get(f.folder()).map(|row| (row.name.clone(), row.clone())))
        .collect();
    if !incomplete.is_empty() {
        findings.extend(listen(run, source, &incomplete, |_| None).await?);
    }
    for finding in findings {
        if let Finding::Reborn(rebirth) = finding {
            reborn::identify(run, source, *rebirth, max_line).await?;
        }
    }
    ranking::apply(run, source.capabilities().labels, readable.values()).await?;
    rescope::apply(run, &readable).await
}

/// Runs the source's discovery beside the one who writes down what it tells.
async fn listen(
    run: &Run,
    source: &mut dyn SourceSession,
    folders: &HashMap<FolderName, FolderRow>,
    cursor: impl Fn(&FolderRow) -> Option<Vec<u8>>,
) -> Result<Vec<Finding>> {
    let mut wanted: Vec<_> = folders.values().map(|folder| (folder.name.clone(), cursor(folder))).collect();
    wanted.sort();
    let (sender, receiver) = mpsc::channel(limits::LISTING_QUEUE);
    let (told, written) = tokio::join!(source.discover(wanted, sender), write_down(run, folders, receiver));
    // The writer's error explains why the source lost its listener, so it comes first.
    let findings = written?;
    told?;
    run.go_on()?;
    Ok(findings)
}

async fn write_down(
    run: &Run,
    folders: &HashMap<FolderName, FolderRow>,
    mut events: mpsc::Receiver<DiscoverEvent>,
) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut current: Option<Listing> = None;
    while let Some(event) = events.recv().await {
        match event {
            DiscoverEvent::Folders(_) => {}
            DiscoverEvent::Begin { folder, epoch, kind } => {
                current = folders.get(&folder).map(|row| Listing::begin(run, row, epoch, kind));
            }
            DiscoverEvent::Listed(messages) => {
                if let Some(listing) = &mut current {
                    listing.listed(messages).await?;
                }
            }
            DiscoverEvent::Flags(seen) => {
                if let Some(listing) = &mut current {
                    listing.flags(seen).await?;
                }
            }
            DiscoverEvent::Gone(ids) => {
                if let Some(listing) = &mut current {
                    listing.gone(ids).await?;
                }
            }
            DiscoverEvent::End { cursor, count } => {
                if let Some(listing) = current.take() {
                    findings.extend(listing.end(cursor, count).await?);
                }
            }
            DiscoverEvent::Unreadable(folder, reason) => {
                current = None;
                let mut line = Attention::new(Severity::Review, reason.code, Side::Source, 0);
                line.folder = folders.get(&folder).map(|row| row.path.to_string());
                line.reply = Some(reason.words);
                run.note_unread();
                run.attend(line);
            }
        }
    }
    Ok(findings)
}
