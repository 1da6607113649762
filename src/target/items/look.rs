//! A look at a folder: its changes are followed from where the last look ended, what is new is numbered and what left is noted.
//!
//! Two looks at once tell the same twice, which numbers nothing twice.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::desk::Desk;
use crate::{
    error::{Code, Disposition, Error, Result, Scope},
    graph::{Change, DeltaLink, Item, Turn},
    ledger::{FolderNumbers, Seen, Whole},
    limits,
    mailbox::items::{about_folder, folder_id, turn},
    model::FolderName,
    target::FolderStatus,
};

/// The folder's counters, after everything that the service tells of it.
pub(super) async fn look(desk: &Desk, folder: &FolderName) -> Result<FolderStatus> {
    Ok(status(&numbers(desk, folder).await?))
}

/// The counters of each folder; `None` for one that is not there.
pub(super) async fn look_at_all(desk: &Desk, folders: &[FolderName]) -> Result<Vec<Option<FolderStatus>>> {
    let asked = folders.iter().cloned().map(|folder| async move {
        match look(desk, &folder).await {
            Ok(status) => Ok(Some(status)),
            Err(error) if error.scope() <= Scope::Folder => Ok(None),
            Err(error) => Err(error),
        }
    });
    stream::iter(asked).buffered(limits::GRAPH_IN_FLIGHT as usize).try_collect().await
}

pub(super) fn status(numbers: &FolderNumbers) -> FolderStatus {
    let FolderNumbers { validity, next, live, changes, .. } = *numbers;
    FolderStatus { validity, next, messages: live, modseq: Some(changes) }
}

/// What the numbering knows of the folder after a look.
pub(super) async fn numbers(desk: &Desk, folder: &FolderName) -> Result<FolderNumbers> {
    let known = desk.numbering.numbers(&desk.identity, folder).await?;
    let mut link = known.link.map(DeltaLink::new);
    for _ in 0..=limits::GRAPH_RESYNCS {
        if let Some(numbers) = follow(desk, folder, link.as_ref()).await? {
            return Ok(numbers);
        }
        tracing::info!(?folder, "The service lost the place of the last look; the folder is listed whole.");
        link = None;
    }
    let words = "the service loses its place again and again";
    Err(Error::new(Code::Identity, desk.side(), Scope::Folder, Disposition::RetryAfter(None), words))
}

/// Follows changes to their end; `None` if the service lost its place.
async fn follow(desk: &Desk, folder: &FolderName, since: Option<&DeltaLink>) -> Result<Option<FolderNumbers>> {
    let store = desk.store().await?;
    let id = folder_id(folder);
    let (mut changes, whole) = match since.and_then(|since| store.changes(&id, Some(since)).ok()) {
        Some(changes) => (changes, false),
        None => (store.changes(&id, None)?, true),
    };
    let mut part = whole.then_some(Whole::Begins);
    loop {
        let mut seen = match turn(&mut changes).await.map_err(about_folder)? {
            Turn::Resync => return Ok(None),
            Turn::Page(page) if page.is_empty() => continue,
            Turn::Page(page) => of_page(page),
            Turn::End(link) => Seen { end: Some(link.as_str().to_owned()), ..Seen::default() },
        };
        seen.whole = part;
        let ended = seen.end.is_some();
        let numbers = desk.numbering.see(&desk.identity, folder, seen).await?;
        // Another one may begin before the next part of this comes.
        if part == Some(Whole::Begins) {
            part = Some(Whole::Continues(numbers.round));
        }
        if ended {
            return Ok(Some(numbers));
        }
    }
}

/// The last word of a page about each item holds.
fn of_page(page: Vec<Change<Item>>) -> Seen {
    let mut last: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut order = Vec::new();
    for change in page {
        let (id, revision) = match change {
            Change::Here(item) => (item.id, Some(item.change_key)),
            Change::Gone(id) => (id, None),
        };
        if last.insert(id.clone(), revision).is_none() {
            order.push(id);
        }
    }
    let mut seen = Seen::default();
    for id in order {
        match last.remove(&id).flatten() {
            Some(revision) => seen.here.push((id, revision)),
            None => seen.gone.push(id),
        }
    }
    seen
}
