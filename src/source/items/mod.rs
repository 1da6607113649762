//! Office 365 as a source of items of every class, whole: mail, calendar, contacts, tasks, notes (microsoft365.md §5).
//!
//! An item comes as the stream that Exchange exports, which nobody reads but Exchange: read state, flags, categories and drafts travel in it,
//! so no flags are told beside it. Its evidence (search key, class, date) comes with the listing, for the stream does not tell it. As in
//! [`super::graph`] a folder's name is its id, an item's id the immutable one, a cursor the folder's delta link, and there is one epoch for ever;
//! an item that was moved is told under the same id elsewhere.
//!
//! What the target does not take whole is read as mail ([`as_mail`]), where it is mail.
//!
//! It assumes a target that takes such streams ([`crate::target::items`]). Nothing here changes anything at the source.
//! Rejected: mail by Graph's messages and the rest as items, which would be two listings of one folder that disagree while it changes.

mod as_mail;
mod discover;
mod fetch;

use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::{OnceCell, mpsc};

use super::{
    DiscoverEvent, FetchItem, Fetched, SourceCapabilities, SourceConnector, SourceFolder, SourceSession, whole,
};
use crate::{
    body::BodyStore,
    clock,
    error::{Error, Result, Scope},
    graph::{ItemStore, Mailbox},
    limits,
    mailbox::items::{Evidence, evidence, folder_id, mail_evidence, needs, tree},
    model::{Fingerprint, FolderName},
    pace::{Limiter, Rates},
};
use fetch::Fetcher;

/// What the application must be granted at a source (microsoft365.md §5.3).
const RIGHTS: &str = "MailboxItem.Export.All, MailboxItem.Read.All and MailboxFolder.Read.All";
/// The only epoch of every folder.
const EPOCH: u64 = 1;

/// How a mailbox is reached and read.
#[derive(Clone, Debug)]
pub struct ItemSourceSettings {
    /// The mailbox; its clones share what the service allows.
    pub mailbox: Mailbox,
    /// Stable words for it.
    pub describe: String,
    /// Where streams go.
    pub bodies: BodyStore,
    /// What a person allows of the line, for each session.
    pub rates: Rates,
}

/// One mailbox of Office 365, to be read item by item.
#[derive(Clone, Debug)]
pub struct ItemSource {
    settings: Arc<ItemSourceSettings>,
    /// Asked for once.
    store: Arc<OnceCell<ItemStore>>,
}

impl ItemSource {
    /// The mailbox that `settings` reach.
    pub fn new(settings: ItemSourceSettings) -> Self {
        ItemSource { settings: Arc::new(settings), store: Arc::default() }
    }
}

#[async_trait]
impl SourceConnector for ItemSource {
    async fn open(&self) -> Result<Box<dyn SourceSession>> {
        let asked = clock::instant();
        let store = self.store.get_or_try_init(|| self.settings.mailbox.items()).await;
        let store = store.map_err(|error| needs(error, RIGHTS))?.clone();
        let capabilities = SourceCapabilities {
            profile: "Office 365 (all items, by Microsoft Graph)",
            stable_bytes: false,
            connections: limits::GRAPH_IN_FLIGHT as usize,
            round_trip: clock::instant() - asked,
            lasting_names: true,
            versions: true,
            labels: false,
        };
        let limiter = Limiter::new(self.settings.rates);
        Ok(Box::new(ItemSession { settings: Arc::clone(&self.settings), store, limiter, capabilities }))
    }

    fn describe(&self) -> String {
        self.settings.describe.clone()
    }

    fn losses(&self) -> &'static [&'static str] {
        &[
            "rules, permissions, mailbox settings and the online archive do not come along",
            "items other than mail that are moved later are copied to their new folder and stay in the old one; deleted ones stay",
        ]
    }
}

/// One reader more of what the mailbox's allowance lets through.
struct ItemSession {
    settings: Arc<ItemSourceSettings>,
    store: ItemStore,
    limiter: Limiter,
    capabilities: SourceCapabilities,
}

impl ItemSession {
    /// What `tell` makes of the evidence of each item that is there.
    async fn evidence(
        &self,
        folder: &FolderName,
        items: Vec<FetchItem>,
        tell: impl Fn(&Evidence) -> Option<Fingerprint>,
    ) -> Result<Vec<(i64, Fingerprint)>> {
        let rows: Vec<(i64, String)> = items.iter().map(|item| Ok((item.row, id(&item.id)?))).collect::<Result<_>>()?;
        let wanted: HashSet<String> = rows.iter().map(|(_, id)| id.clone()).collect();
        let in_all = wanted.len() as u64;
        let found = evidence(&self.store, &folder_id(folder), &wanted, in_all).await?;
        Ok(rows.into_iter().filter_map(|(row, id)| Some((row, tell(found.get(&id)?.as_ref()?)?))).collect())
    }

    fn refuse_other_epoch(&self, folder: &FolderName, epoch: u64) -> Result<()> {
        whole::same_life(epoch == EPOCH, self.settings.mailbox.side(), folder)
    }
}

#[async_trait]
impl SourceSession for ItemSession {
    fn capabilities(&self) -> &SourceCapabilities {
        &self.capabilities
    }

    async fn folders(&mut self) -> Result<Vec<SourceFolder>> {
        let places = tree(&self.store).await?;
        let folder = |place: crate::mailbox::items::Place| SourceFolder {
            name: FolderName(place.id.into_bytes()),
            path: place.path,
            role: place.role,
            class: place.class,
            subscribed: true,
            skipped: place.left_alone,
            messages: Some(place.items),
        };
        Ok(places.into_iter().map(folder).collect())
    }

    async fn epochs(&mut self, folders: &[FolderName]) -> Result<Vec<Option<u64>>> {
        let store = &self.store;
        let asked = folders.iter().map(folder_id).collect::<Vec<_>>().into_iter().map(|id| async move {
            match store.folder(&id).await {
                Ok(_) => Ok(Some(EPOCH)),
                Err(error) if error.scope() <= Scope::Folder => Ok(None),
                Err(error) => Err(error),
            }
        });
        stream::iter(asked).buffered(limits::GRAPH_IN_FLIGHT as usize).try_collect().await
    }

    async fn discover(
        &mut self,
        folders: Vec<(FolderName, Option<Vec<u8>>)>,
        events: mpsc::Sender<DiscoverEvent>,
    ) -> Result<()> {
        discover::discover(&self.store, folders, events).await
    }

    async fn fetch(
        &mut self,
        folder: &FolderName,
        epoch: u64,
        items: mpsc::Receiver<Vec<FetchItem>>,
        bodies: mpsc::Sender<Fetched>,
    ) -> Result<()> {
        self.refuse_other_epoch(folder, epoch)?;
        let fetched = Fetcher::new(&self.store, &self.settings.bodies, &self.limiter).run(items, bodies).await;
        fetched.map_err(|error| needs(error, RIGHTS))
    }

    async fn fetch_as_mail(
        &mut self,
        folder: &FolderName,
        epoch: u64,
        items: mpsc::Receiver<Vec<FetchItem>>,
        bodies: mpsc::Sender<Fetched>,
    ) -> Result<()> {
        self.refuse_other_epoch(folder, epoch)?;
        as_mail::fetch(&self.settings.mailbox, &self.settings.bodies, &self.limiter, items, bodies).await
    }

    async fn fingerprints(
        &mut self,
        folder: &FolderName,
        epoch: u64,
        items: Vec<FetchItem>,
    ) -> Result<Vec<(i64, Fingerprint)>> {
        self.refuse_other_epoch(folder, epoch)?;
        self.evidence(folder, items, |evidence| Some(evidence.fingerprint)).await
    }

    async fn evidence_as_mail(
        &mut self,
        folder: &FolderName,
        items: Vec<FetchItem>,
    ) -> Result<Vec<(i64, Fingerprint)>> {
        let as_mail = |of: &Evidence| Some(mail_evidence(of.message_id.as_deref()?, of.received_at?));
        self.evidence(folder, items, |of| as_mail(of).filter(|_| of.is_mail)).await
    }

    async fn close(self: Box<Self>) {}
}

/// The service's id in one that the ledger keeps.
///
/// # Errors
/// It is not one that this adapter told.
fn id(bytes: &[u8]) -> Result<String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Error::bug("an id of Graph is text"))
}
