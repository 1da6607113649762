//! IMAP as a source: folders are opened with EXAMINE and bodies read with `BODY.PEEK[]`, so nothing changes (quirk 100).
//!
//! Ids are UIDs in four big-endian bytes, epochs are UIDVALIDITYs, and a cursor belongs to a folder. One session is one
//! connection; it is replaced by a fresh one where its server closes sessions after some errors (quirks 5, 64).

mod cursor;
mod discover;
mod fetch;
mod flight;
mod folders;
mod listing;
mod opening;
mod plan;
mod rescue;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::{
    DiscoverEvent, FetchItem, FetchResult, Fetched, SourceCapabilities, SourceConnector, SourceFolder, SourceSession,
};
use crate::{
    error::{Error, Result},
    graph, limits,
    mailbox::{ImapSettings, Link},
    mime,
    model::{Fingerprint, FolderName},
};
use fetch::{Fetcher, Part};
use rescue::Rescue;

/// One mailbox on an IMAP server, to be read.
#[derive(Clone)]
pub struct ImapSource {
    settings: Arc<ImapSettings>,
    rescue: Option<Arc<Rescue>>,
}

impl ImapSource {
    /// The mailbox that `settings` reach.
    pub fn new(settings: ImapSettings) -> Self {
        ImapSource { settings: Arc::new(settings), rescue: None }
    }

    /// The same mailbox, which Graph shows too: what IMAP does not deliver is read there.
    #[must_use]
    pub fn with_graph(self, mailbox: graph::Mailbox) -> Self {
        ImapSource { rescue: Some(Arc::new(Rescue::new(mailbox))), ..self }
    }
}

#[async_trait]
impl SourceConnector for ImapSource {
    async fn open(&self) -> Result<Box<dyn SourceSession>> {
        let link = Link::open(Arc::clone(&self.settings)).await?;
        let profile = link.profile();
        let capabilities = SourceCapabilities {
            profile: profile.name,
            stable_bytes: profile.stable_bytes,
            connections: profile.source_connections,
            round_trip: link.server().round_trip,
            lasting_names: false,
            versions: false,
            labels: true,
        };
        let rescue = self.rescue.clone().filter(|_| profile.groupware);
        Ok(Box::new(ImapSourceSession { link, capabilities, rescue }))
    }

    fn describe(&self) -> String {
        self.settings.describe.clone()
    }
}

struct ImapSourceSession {
    link: Link,
    capabilities: SourceCapabilities,
    rescue: Option<Arc<Rescue>>,
}

#[async_trait]
impl SourceSession for ImapSourceSession {
    fn capabilities(&self) -> &SourceCapabilities {
        &self.capabilities
    }

    async fn folders(&mut self) -> Result<Vec<SourceFolder>> {
        let profile = self.link.profile();
        let labels = self.link.server().has("X-GM-EXT-1");
        Ok(folders::source_folders(self.link.folders().await?, profile, labels))
    }

    async fn epochs(&mut self, folders: &[FolderName]) -> Result<Vec<Option<u64>>> {
        let told = self.link.statuses(folders).await?;
        Ok(told.into_iter().map(|status| Some(u64::from(status?.validity?))).collect())
    }

    async fn discover(
        &mut self,
        folders: Vec<(FolderName, Option<Vec<u8>>)>,
        events: mpsc::Sender<DiscoverEvent>,
    ) -> Result<()> {
        discover::discover(&mut self.link, folders, events).await
    }

    async fn fetch(
        &mut self,
        folder: &FolderName,
        epoch: u64,
        items: mpsc::Receiver<Vec<FetchItem>>,
        bodies: mpsc::Sender<Fetched>,
    ) -> Result<()> {
        let Some(rescue) = self.rescue.clone() else {
            return Fetcher::new(&mut self.link, folder, epoch, Part::Body, bodies).run(items).await;
        };
        let mut lost = Vec::new();
        let fetcher = Fetcher::new(&mut self.link, folder, epoch, Part::Body, bodies.clone());
        fetcher.keeping(&mut lost).run(items).await?;
        if lost.is_empty() { Ok(()) } else { rescue.bring(&mut self.link, folder, lost, &bodies).await }
    }

    async fn fingerprints(
        &mut self,
        folder: &FolderName,
        epoch: u64,
        items: Vec<FetchItem>,
    ) -> Result<Vec<(i64, Fingerprint)>> {
        let (to_fetch, queue) = mpsc::channel(1);
        let (headers, mut arrived) = mpsc::channel(limits::REPLIES_WAITING);
        let items = items.into_iter().map(|item| FetchItem { size: item.size.min(limits::HEADER_GUESS), ..item });
        to_fetch.try_send(items.collect()).map_err(|_| Error::bug("a fresh channel is full"))?;
        drop(to_fetch);
        let fetched = Fetcher::new(&mut self.link, folder, epoch, Part::Header, headers).run(queue);
        let collected = async {
            let mut fingerprints = Vec::new();
            while let Some(header) = arrived.recv().await {
                fingerprints.extend(fingerprint(&header));
            }
            fingerprints
        };
        let (fetched, fingerprints) = tokio::join!(fetched, collected);
        fetched.map(|()| fingerprints)
    }

    async fn close(self: Box<Self>) {
        self.link.close().await;
    }
}

fn fingerprint(header: &Fetched) -> Option<(i64, Fingerprint)> {
    match &header.what {
        FetchResult::Body(bytes) => Some((header.row, mime::fingerprint_body(bytes).ok()?)),
        FetchResult::Sealed(_) | FetchResult::AsMail(..) | FetchResult::Vanished | FetchResult::Unreadable(_) => None,
    }
}
