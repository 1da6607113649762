//! Microsoft 365 as a target of whole items, by import sessions (microsoft365.md §5): every class, as it was exported.
//!
//! Graph names items by ids; the engine knows places by numbers. So the items of a folder are numbered in the order of first sight
//! ([`Numbering`]), as Exchange's own IMAP layer does it: `look` follows the folder's changes and numbers what is new, which is what STATUS is
//! to IMAP, and what is in doubt is among what the next look numbers. Nobody can read a stream back, so an item is known by its evidence
//! (search key, class, date), as a multiset.
//!
//! What import does not take goes as mail by IMAP, if it is mail (`mail`).
//!
//! It assumes streams of [`crate::source::items`]. The session itself never removes. Rejected: to key the ledger by item ids, which would give
//! reconciling, adopting, verifying and mirroring a second form each.

mod append;
mod desk;
mod editor;
mod find;
mod folders;
mod look;
mod mail;
mod renew;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::mpsc;

use self::{
    append::{Form, Writer},
    desk::Desk,
    mail::MailDoor,
};
use super::{
    AppendItem, Appended, Evidence, Find, FolderStatus, Found, NewFolder, Renewed, Sight, Sighting, TargetCapabilities,
    TargetConnector, TargetEditor, TargetFolder, TargetSession, Transport,
};
use crate::{
    body::Body,
    clock,
    error::{Code, Disposition, Error, Result, Scope},
    graph::Mailbox,
    ledger::Numbering,
    limits,
    mailbox::items::Place,
    model::{FlagChange, FolderName, TargetUid},
};

/// How a mailbox is reached and written.
#[derive(Clone)]
pub struct ItemTargetSettings {
    /// The mailbox; its clones share what the service allows.
    pub mailbox: Mailbox,
    /// Stable words for it.
    pub describe: String,
    /// Its identity in the ledger.
    pub identity: String,
    /// Who numbers its items.
    pub numbering: Arc<dyn Numbering>,
    /// How long a folder must stand still before "not imported" may be concluded ([`limits::ITEMS_SETTLE`]).
    pub settle: Duration,
    /// The same mailbox by IMAP, for mail that import does not take.
    pub mail: Option<Arc<dyn TargetConnector>>,
}

/// One mailbox of Microsoft 365, to be written item by item.
#[derive(Clone)]
pub struct ItemTarget {
    settings: Arc<ItemTargetSettings>,
    desk: Arc<Desk>,
}

impl ItemTarget {
    /// The mailbox that `settings` reach.
    pub fn new(settings: ItemTargetSettings) -> Self {
        let door = MailDoor::new(settings.mail.clone());
        let desk = Desk::new(settings.mailbox.clone(), settings.identity.clone(), settings.numbering.clone(), door);
        ItemTarget { settings: Arc::new(settings), desk: Arc::new(desk) }
    }
}

#[async_trait]
impl TargetConnector for ItemTarget {
    async fn open(&self) -> Result<Box<dyn TargetSession>> {
        let asked = clock::instant();
        // The leave to import is wanted sooner or later, and a missing right is better told here than in the middle.
        self.desk.session().await?;
        let capabilities = capabilities(self.settings.settle, clock::instant() - asked);
        Ok(Box::new(ItemTargetSession { desk: Arc::clone(&self.desk), capabilities, listed: None }))
    }

    fn describe(&self) -> String {
        self.settings.describe.clone()
    }

    fn transport(&self) -> Transport {
        Transport::Items
    }
}

fn capabilities(settle: Duration, round_trip: Duration) -> TargetCapabilities {
    TargetCapabilities {
        profile: "Microsoft 365 (all items, by Microsoft Graph)",
        keeps_bytes: false,
        keeps_keywords: false,
        append_uid: true,
        settle,
        settle_after_goodbye: settle,
        max_size: None,
        max_line: None,
        ordered: false,
        batch: limits::ITEMS_BATCH,
        connections: limits::GRAPH_IN_FLIGHT as usize,
        round_trip,
        quota_free: None,
        case_insensitive: true,
        reserved_names: &[],
        illegal_characters: "",
        delimiter: None,
        // What changes tell is counted, so "nothing changed" costs one request.
        condstore: true,
    }
}

/// One writer more of what the mailbox's allowance lets through; its sessions share an import session.
struct ItemTargetSession {
    desk: Arc<Desk>,
    capabilities: TargetCapabilities,
    /// The folders as listed last, until something is created.
    listed: Option<Vec<Place>>,
}

#[async_trait]
impl TargetSession for ItemTargetSession {
    fn capabilities(&self) -> &TargetCapabilities {
        &self.capabilities
    }

    async fn folders(&mut self) -> Result<Vec<TargetFolder>> {
        let places = folders::list(&self.desk).await?;
        self.listed = Some(places.clone());
        Ok(places.into_iter().map(folders::target_folder).collect())
    }

    async fn ensure_folders(&mut self, folders: &[NewFolder]) -> Result<Vec<Result<FolderName>>> {
        folders::ensure(&self.desk, self.listed.take(), folders).await
    }

    async fn status(&mut self, folder: &FolderName) -> Result<FolderStatus> {
        look::look(&self.desk, folder).await
    }

    async fn statuses(&mut self, folders: &[FolderName]) -> Result<Vec<Option<FolderStatus>>> {
        look::look_at_all(&self.desk, folders).await
    }

    async fn append(
        &mut self,
        folder: &FolderName,
        groups: mpsc::Receiver<Vec<AppendItem>>,
        outcomes: mpsc::Sender<Appended>,
    ) -> Result<()> {
        Writer::new(&self.desk, folder, Form::Whole).await?.run(groups, outcomes).await
    }

    async fn append_as_mail(
        &mut self,
        folder: &FolderName,
        groups: mpsc::Receiver<Vec<AppendItem>>,
        outcomes: mpsc::Sender<Appended>,
    ) -> Result<()> {
        Writer::new(&self.desk, folder, Form::Mail).await?.run(groups, outcomes).await
    }

    /// Marks travel within the item, and no source of items tells them beside it: there is no difference to apply.
    async fn set_flags(&mut self, _: &FolderName, _: u32, _: Vec<(u32, FlagChange)>) -> Result<Vec<u32>> {
        Ok(Vec::new())
    }

    /// Refused: the service copies mail alone. The item is sent once more.
    async fn duplicate(
        &mut self,
        from: &FolderName,
        _: u32,
        _: Vec<u32>,
        _: &FolderName,
    ) -> Result<Vec<(u32, Option<TargetUid>)>> {
        Err(self.cannot(format!("items of {from:?} cannot be copied within the mailbox")))
    }

    async fn find(
        &mut self,
        folder: &FolderName,
        which: Find,
        _: Evidence,
        pages: mpsc::Sender<Vec<Found>>,
    ) -> Result<FolderStatus> {
        let (status, found) = find::find(&self.desk, folder, which).await?;
        for page in found.chunks(limits::LISTING_PAGE) {
            pages.send(page.to_vec()).await.map_err(|_| Error::canceled())?;
        }
        Ok(status)
    }

    async fn find_each(
        &mut self,
        wanted: Vec<(FolderName, Find)>,
        _: Evidence,
        told: mpsc::Sender<Sighting>,
    ) -> Result<()> {
        for (at, (folder, which)) in wanted.into_iter().enumerate() {
            let tell = async |what| told.send(Sighting { at, what }).await.map_err(|_| Error::canceled());
            match find::find(&self.desk, &folder, which).await {
                Ok((status, found)) => {
                    for page in found.chunks(limits::LISTING_PAGE) {
                        tell(Sight::Found(page.to_vec())).await?;
                    }
                    tell(Sight::Complete(status)).await?;
                }
                Err(error) if error.scope() <= Scope::Folder => tell(Sight::Unreadable(error)).await?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn renew(&mut self, folder: &FolderName, validity: u32, items: Vec<(u32, Body)>) -> Result<Vec<Renewed>> {
        renew::renew(&self.desk, folder, validity, items).await
    }

    fn editor(&mut self) -> &mut dyn TargetEditor {
        self
    }

    async fn close(self: Box<Self>) {}
}

impl ItemTargetSession {
    fn cannot(&self, subject: String) -> Error {
        Error::new(Code::FolderSelect, self.desk.side(), Scope::Folder, Disposition::GiveUp, subject)
    }
}
