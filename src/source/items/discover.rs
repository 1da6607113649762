//! Discovery: each folder's changes since its delta link, with the evidence that changes come without.
//!
//! A few folders are looked at ahead of the one that is told. What changed in a folder is held until its round is over, some 300 bytes an item:
//! only then the last word about each is known, and which of them evidence must be asked for.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    pin::pin,
};

use futures_util::{StreamExt, stream::FuturesOrdered};
use tokio::sync::mpsc;

use super::EPOCH;
use crate::{
    error::{Code, Error, Result, Scope},
    graph::{Change, DeltaLink, Item, ItemStore, Turn},
    limits,
    mailbox::items::{about_folder, evidence, folder_id, turn},
    model::{ContentId, Flags, FolderName, Reason},
    source::{DiscoverEvent, Listed, ListingKind},
};

/// What a cursor begins with: a link of another form of reading this mailbox is none of ours.
const FORM: &[u8] = b"items ";

/// Lists `folders` one after the other; see [`crate::source::SourceSession::discover`].
pub(super) async fn discover(
    store: &ItemStore,
    folders: Vec<(FolderName, Option<Vec<u8>>)>,
    events: mpsc::Sender<DiscoverEvent>,
) -> Result<()> {
    let mut left = folders.into_iter();
    let (mut ahead, mut ready) = (FuturesOrdered::new(), VecDeque::new());
    loop {
        while ahead.len() + ready.len() < limits::GRAPH_IN_FLIGHT as usize
            && let Some((folder, cursor)) = left.next()
        {
            ahead.push_back(async move {
                let round = look(store, &folder, cursor.as_deref()).await;
                (folder, round)
            });
        }
        let next = match ready.pop_front() {
            Some(next) => Some(next),
            None => ahead.next().await,
        };
        let Some((folder, round)) = next else { return Ok(()) };
        let mut telling = pin!(tell(&events, folder, round));
        // A request that nobody drives keeps its place among those that the allowance lets through.
        loop {
            tokio::select! {
                told = &mut telling => break told?,
                Some(begun) = ahead.next(), if !ahead.is_empty() => ready.push_back(begun),
            }
        }
    }
}

/// What a look at a folder found.
struct Round {
    kind: ListingKind,
    /// By id, ascending; `None`: it is gone.
    last: BTreeMap<String, Option<Item>>,
    link: DeltaLink,
    listed: Vec<Listed>,
}

async fn look(store: &ItemStore, folder: &FolderName, cursor: Option<&[u8]>) -> Result<Round> {
    let id = folder_id(folder);
    let mut since = cursor.and_then(link);
    for _ in 0..=limits::GRAPH_RESYNCS {
        if let Some(mut round) = changes(store, &id, since.as_ref()).await.map_err(about_folder)? {
            round.listed = listed(store, &id, &round).await?;
            return Ok(round);
        }
        tracing::info!(?folder, "The service lost the place of the last listing; the folder is listed whole.");
        since = None;
    }
    let side = store.mailbox().side();
    let words = "the service loses its place again and again";
    Err(Error::new(Code::Identity, side, Scope::Folder, crate::error::Disposition::GiveUp, words))
}

/// All changes since `since`; `None` if the service lost its place.
async fn changes(store: &ItemStore, folder: &str, since: Option<&DeltaLink>) -> Result<Option<Round>> {
    // A link of another server is none: everything is told anew.
    let (mut changes, whole) = match since.and_then(|since| store.changes(folder, Some(since)).ok()) {
        Some(changes) => (changes, false),
        None => (store.changes(folder, None)?, true),
    };
    let mut last = BTreeMap::new();
    loop {
        match turn(&mut changes).await? {
            Turn::Resync => return Ok(None),
            Turn::Page(page) => last.extend(page.into_iter().map(|change| match change {
                Change::Here(item) => (item.id.clone(), Some(item)),
                Change::Gone(id) => (id, None),
            })),
            Turn::End(link) => {
                let kind = match (whole, last.is_empty()) {
                    (true, _) => ListingKind::Complete,
                    (false, true) => ListingKind::Unchanged,
                    (false, false) => ListingKind::Delta,
                };
                return Ok(Some(Round { kind, last, link, listed: Vec::new() }));
            }
        }
    }
}

/// What is there, ascending by id. An item that left meanwhile is told by the next round.
async fn listed(store: &ItemStore, folder: &str, round: &Round) -> Result<Vec<Listed>> {
    let wanted: HashSet<String> =
        round.last.iter().filter(|(_, item)| item.is_some()).map(|(id, _)| id.clone()).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let in_all = match round.kind {
        ListingKind::Complete => wanted.len() as u64,
        _ => store.folder(folder).await.map_err(about_folder)?.total_item_count,
    };
    let found = evidence(store, folder, &wanted, in_all).await.map_err(about_folder)?;
    let listed = |(id, item): (&String, &Option<Item>)| {
        let (item, evidence) = (item.as_ref()?, found.get(id)?.as_ref());
        Some(Listed {
            id: id.as_bytes().to_vec(),
            version: item.change_key.as_bytes().to_vec(),
            size: item.size,
            received_at: evidence.and_then(|evidence| evidence.received_at),
            flags: Flags::default(),
            content: Some(ContentId(id.as_bytes().to_vec())),
            fingerprint: evidence.map(|evidence| evidence.fingerprint),
        })
    };
    Ok(round.last.iter().filter_map(listed).collect())
}

async fn tell(events: &mpsc::Sender<DiscoverEvent>, folder: FolderName, round: Result<Round>) -> Result<()> {
    let send = async |event| events.send(event).await.map_err(|_| Error::canceled());
    let Round { kind, last, link, listed } = match round {
        Ok(round) => round,
        Err(error) if error.scope() <= Scope::Folder && error.code() != Code::Canceled => {
            let words = error.reply().unwrap_or_else(|| error.subject()).to_owned();
            return send(DiscoverEvent::Unreadable(folder, Reason { code: error.code(), words })).await;
        }
        Err(error) => return Err(error),
    };
    send(DiscoverEvent::Begin { folder, epoch: EPOCH, kind }).await?;
    let gone: Vec<Vec<u8>> = match kind {
        // A whole listing says it by what it leaves out.
        ListingKind::Complete => Vec::new(),
        _ => last.into_iter().filter(|(_, item)| item.is_none()).map(|(id, _)| id.into_bytes()).collect(),
    };
    if !gone.is_empty() {
        send(DiscoverEvent::Gone(gone)).await?;
    }
    let mut listed = listed.into_iter();
    loop {
        let page: Vec<Listed> = listed.by_ref().take(limits::LISTING_PAGE).collect();
        if page.is_empty() {
            break;
        }
        send(DiscoverEvent::Listed(page)).await?;
    }
    let cursor = [FORM, link.as_str().as_bytes()].concat();
    send(DiscoverEvent::End { cursor, count: None }).await
}

fn link(cursor: &[u8]) -> Option<DeltaLink> {
    let link = cursor.strip_prefix(FORM)?;
    Some(DeltaLink::new(std::str::from_utf8(link).ok()?))
}
