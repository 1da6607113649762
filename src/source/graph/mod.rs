//! Office 365 as a source, by Microsoft Graph (microsoft365.md §4).
//!
//! A folder's name is its id, a message's id the immutable one, and a cursor the folder's delta link. A message that was moved comes under the
//! same id in another folder: it is told as the content ([`Listed::content`](super::Listed::content)), so that the engine moves it at the
//! target without reading it; one that moves while the folders are listed is told in two of them. Folders have one epoch for ever, for ids
//! are never given out again; a delta link that the service forgot only costs a whole listing.
//!
//! Nothing here changes mail: every call reads. Bytes are rendered by Exchange for each reading and may differ in their boundaries, so
//! they are no evidence. The importance travels inside them, as the header fields that Exchange writes for it.
//!
//! Rejected: one namespace for the whole mailbox. Folders are listed one after the other, so a message on the move is seen twice or not
//! at all, and one folder's listing would take it from the other's.

mod cursor;
mod discover;
pub(super) mod fetch;
mod folders;
pub(super) mod message;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::{
    DiscoverEvent, FetchItem, Fetched, SourceCapabilities, SourceConnector, SourceFolder, SourceSession, whole,
};
use crate::{
    body::BodyStore,
    clock,
    error::{Code, Disposition, Error, Result, Scope},
    graph::{Mailbox, WellKnown},
    limits,
    model::{Fingerprint, FolderName},
    pace::{Limiter, Rates},
};
use fetch::Fetcher;

/// The only epoch of every folder.
const EPOCH: u64 = 1;

/// How a mailbox is reached and read.
#[derive(Clone, Debug)]
pub struct GraphSettings {
    /// The mailbox; its clones share what the service allows.
    pub mailbox: Mailbox,
    /// Stable words for it.
    pub describe: String,
    /// Where bodies go.
    pub bodies: BodyStore,
    /// What a person allows of the line, for each session.
    pub rates: Rates,
}

/// One mailbox of Office 365, to be read.
#[derive(Clone, Debug)]
pub struct GraphSource {
    settings: Arc<GraphSettings>,
}

impl GraphSource {
    /// The mailbox that `settings` reach.
    pub fn new(settings: GraphSettings) -> Self {
        GraphSource { settings: Arc::new(settings) }
    }
}

#[async_trait]
impl SourceConnector for GraphSource {
    /// The surest test of a mailbox is to open its inbox (§4.11).
    async fn open(&self) -> Result<Box<dyn SourceSession>> {
        let mailbox = &self.settings.mailbox;
        let asked = clock::instant();
        if mailbox.well_known(WellKnown::Inbox).await?.is_none() {
            let subject = format!("{} has no inbox", mailbox.user());
            return Err(Error::new(
                Code::FolderList,
                mailbox.side(),
                Scope::Mailbox,
                Disposition::NeedsPerson,
                subject,
            ));
        }
        let capabilities = SourceCapabilities {
            profile: "Office 365 (Microsoft Graph)",
            stable_bytes: false,
            connections: limits::GRAPH_IN_FLIGHT as usize,
            round_trip: clock::instant() - asked,
            lasting_names: true,
            versions: false,
            labels: false,
        };
        let limiter = Limiter::new(self.settings.rates);
        Ok(Box::new(GraphSession { settings: Arc::clone(&self.settings), limiter, capabilities }))
    }

    fn describe(&self) -> String {
        self.settings.describe.clone()
    }
}

/// There is no connection of its own behind a session: it is one reader more of what the mailbox's allowance lets through.
struct GraphSession {
    settings: Arc<GraphSettings>,
    limiter: Limiter,
    capabilities: SourceCapabilities,
}

impl GraphSession {
    fn fetcher(&self) -> Fetcher<'_> {
        Fetcher::new(&self.settings.mailbox, &self.settings.bodies, &self.limiter)
    }

    fn refuse_other_epoch(&self, folder: &FolderName, epoch: u64) -> Result<()> {
        whole::same_life(epoch == EPOCH, self.settings.mailbox.side(), folder)
    }
}

#[async_trait]
impl SourceSession for GraphSession {
    fn capabilities(&self) -> &SourceCapabilities {
        &self.capabilities
    }

    async fn folders(&mut self) -> Result<Vec<SourceFolder>> {
        folders::read(&self.settings.mailbox).await
    }

    async fn epochs(&mut self, folders: &[FolderName]) -> Result<Vec<Option<u64>>> {
        folders::epochs(&self.settings.mailbox, folders).await
    }

    async fn discover(
        &mut self,
        folders: Vec<(FolderName, Option<Vec<u8>>)>,
        events: mpsc::Sender<DiscoverEvent>,
    ) -> Result<()> {
        discover::discover(&self.settings.mailbox, folders, events).await
    }

    async fn fetch(
        &mut self,
        folder: &FolderName,
        epoch: u64,
        items: mpsc::Receiver<Vec<FetchItem>>,
        bodies: mpsc::Sender<Fetched>,
    ) -> Result<()> {
        self.refuse_other_epoch(folder, epoch)?;
        self.fetcher().run(items, bodies).await
    }

    /// From whole messages: Graph shows the header of received mail only, and not as it is written.
    async fn fingerprints(
        &mut self,
        folder: &FolderName,
        epoch: u64,
        items: Vec<FetchItem>,
    ) -> Result<Vec<(i64, Fingerprint)>> {
        self.refuse_other_epoch(folder, epoch)?;
        whole::fingerprints(items, |queue, bodies| self.fetcher().run(queue, bodies)).await
    }

    async fn close(self: Box<Self>) {}
}
