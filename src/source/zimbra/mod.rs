//! Zimbra and Carbonio as a source, by their own interfaces (zimbra.md §8).
//!
//! A folder's name is its id, a message's id that of its item, which a move keeps: it is told as the content ([`Listed::content`](super::Listed::content)),
//! so that the engine moves it at the target without reading it. Its version is the change that last replaced its content: a draft that is saved again
//! keeps its id and is another content, which supersedes the one before. A cursor is the mailbox's sync token, the same for every folder.
//!
//! The epoch is the account's and the mailbox's life: a mailbox that was restored from a backup gives ids out again, and an account that was
//! made anew begins with them from the start, so both are read as other mailboxes whose messages are recognised by content.
//!
//! Nothing here changes mail. The first listing ever switches on the server's own change tracking. The importance travels in
//! the message itself, where the server reads it from.
//!
//! Rejected: one namespace for the whole mailbox. The engine lists folder by folder, and a complete listing of one folder says that whatever
//! else is known in its namespace is gone.

mod cursor;
mod discover;
mod fallback;
mod fetch;
mod folders;
mod message;
mod remarks;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::{
    DiscoverEvent, FetchItem, Fetched, Remark, SourceCapabilities, SourceConnector, SourceFolder, SourceSession, whole,
};
use crate::{
    body::BodyStore,
    clock,
    error::Result,
    limits,
    model::{Fingerprint, FolderName},
    pace::{Limiter, Rates},
    zimbra::Mailbox,
};
use cursor::Life;
pub use fallback::ZimbraOrImap;
use fetch::Fetcher;
use remarks::Remarks;

/// How a mailbox is reached and read.
#[derive(Clone, Debug)]
pub struct ZimbraSettings {
    /// The mailbox; its clones share token and allowance.
    pub mailbox: Mailbox,
    /// Stable words for it.
    pub describe: String,
    /// Where bodies go.
    pub bodies: BodyStore,
    /// What a person allows of the line, for each session.
    pub rates: Rates,
    /// How long an archive may be silent: a slow spool behind a proxy that waits for 60 s (§1.8).
    pub patience: std::time::Duration,
}

/// One mailbox of Zimbra, to be read.
#[derive(Clone, Debug)]
pub struct ZimbraSource {
    settings: Arc<ZimbraSettings>,
    remarks: Remarks,
}

impl ZimbraSource {
    /// The mailbox that `settings` reach.
    pub fn new(settings: ZimbraSettings) -> Self {
        ZimbraSource { settings: Arc::new(settings), remarks: Remarks::default() }
    }
}

#[async_trait]
impl SourceConnector for ZimbraSource {
    /// Signs in where nobody did, and asks for the folders: the surest test of a mailbox.
    async fn open(&self) -> Result<Box<dyn SourceSession>> {
        let account = self.settings.mailbox.account().await?;
        let asked = clock::instant();
        let folders = folders::read(&self.settings.mailbox).await?;
        let round_trip = clock::instant() - asked;
        let capabilities = SourceCapabilities {
            profile: "Zimbra",
            stable_bytes: true,
            connections: limits::ZIMBRA_IN_FLIGHT,
            round_trip,
            lasting_names: true,
            versions: true,
            labels: false,
        };
        let limiter = Limiter::new(self.settings.rates);
        let (settings, remarks, folders) = (Arc::clone(&self.settings), self.remarks.clone(), Some(folders));
        Ok(Box::new(ZimbraSession { settings, remarks, account, limiter, capabilities, folders }))
    }

    fn describe(&self) -> String {
        self.settings.describe.clone()
    }

    fn take_remarks(&self) -> Vec<Remark> {
        self.remarks.take()
    }
}

/// There is no connection of its own behind a session: it is one reader more of what the mailbox's allowance lets through.
struct ZimbraSession {
    settings: Arc<ZimbraSettings>,
    remarks: Remarks,
    account: String,
    limiter: Limiter,
    capabilities: SourceCapabilities,
    /// As they were when it was opened, until somebody asks.
    folders: Option<Vec<SourceFolder>>,
}

impl ZimbraSession {
    fn fetcher(&self) -> Fetcher<'_> {
        Fetcher::new(&self.settings, &self.remarks, &self.limiter, self.capabilities.round_trip >= limits::NEAR)
    }

    fn refuse_other_epoch(&self, folder: &FolderName, epoch: u64) -> Result<()> {
        whole::same_life(Life::is_of(&self.account, epoch), self.settings.mailbox.side(), folder)
    }
}

#[async_trait]
impl SourceSession for ZimbraSession {
    fn capabilities(&self) -> &SourceCapabilities {
        &self.capabilities
    }

    async fn folders(&mut self) -> Result<Vec<SourceFolder>> {
        match self.folders.take() {
            Some(folders) => Ok(folders),
            None => folders::read(&self.settings.mailbox).await,
        }
    }

    async fn epochs(&mut self, folders: &[FolderName]) -> Result<Vec<Option<u64>>> {
        let there = folders::read(&self.settings.mailbox).await?;
        let epoch = Life::first(&self.account).epoch();
        Ok(folders.iter().map(|name| there.iter().any(|folder| folder.name == *name).then_some(epoch)).collect())
    }

    async fn discover(
        &mut self,
        folders: Vec<(FolderName, Option<Vec<u8>>)>,
        events: mpsc::Sender<DiscoverEvent>,
    ) -> Result<()> {
        discover::discover(&self.settings.mailbox, &self.account, folders, events).await
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

    /// From whole messages: an archive of headers alone has no digests.
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
