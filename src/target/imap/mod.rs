//! IMAP as a target: any server, and Exchange Online in particular (microsoft365.md part II).
//!
//! A message is put there by one APPEND with its flags and date. What a reply says of a message is `refusal`'s to tell, which
//! flags are sent `kept`'s, how a group becomes commands `unit`'s. The session itself never removes; `editor` does, by UID.

mod append;
mod capabilities;
mod copy;
mod editor;
mod find;
mod flags;
mod folders;
mod kept;
mod refusal;
mod rounds;
mod unit;

use std::sync::{Arc, OnceLock, atomic::AtomicBool};

use async_trait::async_trait;
use tokio::sync::mpsc;

use self::capabilities::Answers;
use super::{
    AppendItem, Appended, Categories, Evidence, Find, FolderStatus, Found, NewFolder, Sighting, TargetCapabilities,
    TargetConnector, TargetEditor, TargetFolder, TargetSession,
};
use crate::{
    error::Result,
    mailbox::{ImapSettings, Link},
    model::{FlagChange, FolderName, TargetUid},
};

/// One mailbox on an IMAP server, to be written.
#[derive(Clone)]
pub struct ImapTarget {
    settings: Arc<ImapSettings>,
    /// Whether MULTIAPPEND is used where it is offered: until a server answers BAD to it.
    together: Arc<AtomicBool>,
    /// What the first session was told.
    told: Arc<OnceLock<Answers>>,
    categories: Option<Arc<dyn Categories>>,
}

impl ImapTarget {
    /// The mailbox that `settings` reach.
    pub fn new(settings: ImapSettings) -> Self {
        let together = Arc::new(AtomicBool::new(true));
        ImapTarget { settings: Arc::new(settings), together, told: Arc::default(), categories: None }
    }

    /// The same mailbox with categories, which IMAP does not know (microsoft365.md part II 1).
    #[must_use]
    pub fn with_categories(self, categories: Arc<dyn Categories>) -> Self {
        ImapTarget { categories: Some(categories), ..self }
    }
}

#[async_trait]
impl TargetConnector for ImapTarget {
    async fn open(&self) -> Result<Box<dyn TargetSession>> {
        let mut link = Link::open(Arc::clone(&self.settings)).await?;
        link.learn_delimiter().await?;
        let told = match self.told.get() {
            Some(told) => *told,
            None => {
                let told = capabilities::ask(&mut link).await?;
                *self.told.get_or_init(|| told)
            }
        };
        let capabilities = capabilities::of(&link, &told);
        let offered = link.server().has("MULTIAPPEND") && link.server().has("LITERAL+");
        let together = if offered { Arc::clone(&self.together) } else { Arc::new(AtomicBool::new(false)) };
        Ok(Box::new(ImapTargetSession { link, capabilities, together, listed: None }))
    }

    fn describe(&self) -> String {
        self.settings.describe.clone()
    }

    fn categories(&self) -> Option<Arc<dyn Categories>> {
        self.categories.clone()
    }
}

struct ImapTargetSession {
    link: Link,
    capabilities: TargetCapabilities,
    together: Arc<AtomicBool>,
    /// The folders as listed last, until something is created.
    listed: Option<Vec<TargetFolder>>,
}

#[async_trait]
impl TargetSession for ImapTargetSession {
    fn capabilities(&self) -> &TargetCapabilities {
        &self.capabilities
    }

    async fn folders(&mut self) -> Result<Vec<TargetFolder>> {
        let listed = folders::folders(&mut self.link).await?;
        self.listed = Some(listed.clone());
        Ok(listed)
    }

    async fn ensure_folders(&mut self, folders: &[NewFolder]) -> Result<Vec<Result<FolderName>>> {
        folders::ensure(&mut self.link, self.listed.take(), folders).await
    }

    async fn status(&mut self, folder: &FolderName) -> Result<FolderStatus> {
        folders::status(&mut self.link, folder).await
    }

    async fn statuses(&mut self, folders: &[FolderName]) -> Result<Vec<Option<FolderStatus>>> {
        folders::statuses_told(&mut self.link, folders).await
    }

    async fn append(
        &mut self,
        folder: &FolderName,
        groups: mpsc::Receiver<Vec<AppendItem>>,
        outcomes: mpsc::Sender<Appended>,
    ) -> Result<()> {
        append::append(&mut self.link, folder, &self.together, groups, outcomes).await
    }

    async fn set_flags(
        &mut self,
        folder: &FolderName,
        validity: u32,
        changes: Vec<(u32, FlagChange)>,
    ) -> Result<Vec<u32>> {
        flags::set(&mut self.link, folder, validity, changes).await
    }

    async fn duplicate(
        &mut self,
        from: &FolderName,
        validity: u32,
        uids: Vec<u32>,
        to: &FolderName,
    ) -> Result<Vec<(u32, Option<TargetUid>)>> {
        copy::duplicate(&mut self.link, from, validity, &uids, to).await
    }

    async fn find(
        &mut self,
        folder: &FolderName,
        which: Find,
        evidence: Evidence,
        pages: mpsc::Sender<Vec<Found>>,
    ) -> Result<FolderStatus> {
        find::find(&mut self.link, folder, which, evidence, pages).await
    }

    async fn find_each(
        &mut self,
        wanted: Vec<(FolderName, Find)>,
        evidence: Evidence,
        told: mpsc::Sender<Sighting>,
    ) -> Result<()> {
        rounds::find_each(&mut self.link, &wanted, evidence, &told).await
    }

    fn editor(&mut self) -> &mut dyn TargetEditor {
        self
    }

    async fn close(self: Box<Self>) {
        self.link.close().await;
    }
}
