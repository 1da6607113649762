//! Discovery: each folder's changes since its delta link (microsoft365.md §4.2).
//!
//! The first page of the folders ahead is asked for while one is told. A folder without a cursor, or whose link the service forgot, is told
//! whole, in the order of its ids: its messages are held meanwhile, without content some 200 bytes each.

use std::{
    collections::{BTreeMap, VecDeque},
    pin::pin,
};

use futures_util::{
    StreamExt, TryStreamExt,
    stream::{self, FuturesOrdered},
};
use tokio::sync::mpsc;

use super::{EPOCH, cursor::Cursor, folders, message::Page};
use crate::{
    error::{Code, Error, Result, Scope},
    graph::{Change, Changes, DeltaLink, Mailbox, Message, Turn},
    limits,
    mailbox::items::turn as next_turn,
    model::{FolderName, Reason},
    source::{DiscoverEvent, Listed, ListingKind},
};

/// Lists `folders` one after the other; see [`crate::source::SourceSession::discover`].
pub(super) async fn discover(
    mailbox: &Mailbox,
    folders: Vec<(FolderName, Option<Vec<u8>>)>,
    events: mpsc::Sender<DiscoverEvent>,
) -> Result<()> {
    let mut left = folders.into_iter();
    let (mut ahead, mut ready) = (FuturesOrdered::new(), VecDeque::new());
    loop {
        while ahead.len() + ready.len() < limits::GRAPH_IN_FLIGHT as usize
            && let Some((folder, cursor)) = left.next()
        {
            ahead.push_back(Round::begin(mailbox, folder, cursor));
        }
        let next = match ready.pop_front() {
            Some(next) => Some(next),
            None => ahead.next().await,
        };
        let Some((folder, round)) = next else { return Ok(()) };
        let teller = Teller { mailbox, folder: &folder, events: &events };
        let mut telling = pin!(teller.tell_or_say_why(round));
        // What is ahead must go on meanwhile: a request that nobody drives keeps its place among those that the allowance lets through.
        loop {
            tokio::select! {
                told = &mut telling => break told?,
                Some(begun) = ahead.next(), if !ahead.is_empty() => ready.push_back(begun),
            }
        }
    }
}

async fn tell(events: &mpsc::Sender<DiscoverEvent>, event: DiscoverEvent) -> Result<()> {
    events.send(event).await.map_err(|_| Error::canceled())
}

/// A round of a folder's changes whose first page has been read.
struct Round {
    changes: Changes<Message>,
    first: Turn<Message>,
    /// Where it began; `None`: with everything.
    since: Option<Cursor>,
}

impl Round {
    async fn begin(mailbox: &Mailbox, folder: FolderName, cursor: Option<Vec<u8>>) -> (FolderName, Result<Round>) {
        let since = cursor.as_deref().and_then(Cursor::decode);
        let round = Round::read(mailbox, &folder, since).await;
        (folder, round)
    }

    async fn read(mailbox: &Mailbox, folder: &FolderName, since: Option<Cursor>) -> Result<Round> {
        let id = folders::id(folder);
        let going_on = since.and_then(|since| Some((mailbox.changes(&id, Some(&since.link())).ok()?, since)));
        // A link of another server is none: everything is told anew.
        let (mut changes, since) = match going_on {
            Some((changes, since)) => (changes, Some(since)),
            None => (mailbox.changes(&id, None)?, None),
        };
        Ok(Round { first: next_turn(&mut changes).await?, changes, since })
    }
}

/// Tells one folder.
struct Teller<'a> {
    mailbox: &'a Mailbox,
    folder: &'a FolderName,
    events: &'a mpsc::Sender<DiscoverEvent>,
}

impl Teller<'_> {
    /// # Errors
    /// As discovery: not where only this folder is concerned.
    async fn tell_or_say_why(&self, round: Result<Round>) -> Result<()> {
        let told = match round {
            Ok(round) => self.tell(round).await,
            Err(error) => Err(error),
        };
        match told {
            Err(error) if error.scope() <= Scope::Folder && error.code() != Code::Canceled => {
                let words = error.reply().unwrap_or_else(|| error.subject()).to_owned();
                // The service says of a folder that is gone what it says of a message.
                let code = if error.code() == Code::ItemVanished { Code::FolderSelect } else { error.code() };
                self.event(DiscoverEvent::Unreadable(self.folder.clone(), Reason { code, words })).await
            }
            told => told,
        }
    }

    async fn tell(&self, round: Round) -> Result<()> {
        let told = match round.since.clone() {
            Some(since) => self.changes(round, since).await?,
            None => self.everything(round).await?,
        };
        if told {
            return Ok(());
        }
        for _ in 0..limits::GRAPH_RESYNCS {
            tracing::info!(folder = ?self.folder, "The service lost the place of the last listing; the folder is listed whole.");
            if self.everything(Round::read(self.mailbox, self.folder, None).await?).await? {
                return Ok(());
            }
        }
        let words = "the service loses its place again and again".to_owned();
        self.event(DiscoverEvent::Unreadable(self.folder.clone(), Reason { code: Code::Identity, words })).await
    }

    /// What changed since the cursor; `false` if the service lost its place: then everything is told anew, in place of what was told so far.
    async fn changes(&self, Round { mut changes, first, since }: Round, cursor: Cursor) -> Result<bool> {
        debug_assert!(since.is_some());
        let mut drafts = cursor.drafts;
        let mut turn = first;
        let mut begun = false;
        loop {
            match turn {
                Turn::Resync => return Ok(false),
                Turn::End(link) => {
                    if !begun {
                        self.begin(ListingKind::Unchanged).await?;
                    }
                    self.end(&link, drafts).await?;
                    return Ok(true);
                }
                Turn::Page(page) if page.is_empty() => {}
                Turn::Page(page) => {
                    if !begun {
                        self.begin(ListingKind::Delta).await?;
                    }
                    begun = true;
                    let page = self.whole(page).await?;
                    self.page(Page::of(page, &mut drafts)).await?;
                }
            }
            turn = next_turn(&mut changes).await?;
        }
    }

    /// Asks for the messages of which only a part was told. Those that are gone by now are left out: the next round tells of them.
    async fn whole(&self, page: Vec<Change<Message>>) -> Result<Vec<Change<Message>>> {
        let made = page.into_iter().map(|change| async move {
            match change {
                Change::Here(part) if !part.is_whole() => Ok(self.mailbox.message(&part.id).await?.map(Change::Here)),
                told => Ok::<_, Error>(Some(told)),
            }
        });
        let made: Vec<_> = stream::iter(made).buffered(limits::GRAPH_IN_FLIGHT as usize).try_collect().await?;
        Ok(made.into_iter().flatten().collect())
    }

    async fn page(&self, Page { listed, gone }: Page) -> Result<()> {
        if !gone.is_empty() {
            self.event(DiscoverEvent::Gone(gone)).await?;
        }
        if !listed.is_empty() {
            self.event(DiscoverEvent::Listed(listed)).await?;
        }
        Ok(())
    }

    /// Everything, ascending; `false` if the service lost its place.
    async fn everything(&self, Round { mut changes, first, .. }: Round) -> Result<bool> {
        let (mut all, mut drafts) = (BTreeMap::<Vec<u8>, Listed>::new(), BTreeMap::new());
        let mut turn = first;
        let link = loop {
            match turn {
                Turn::Resync => return Ok(false),
                Turn::End(link) => break link,
                Turn::Page(page) => note(&mut all, self.whole(page).await?, &mut drafts),
            }
            turn = next_turn(&mut changes).await?;
        };
        self.begin(ListingKind::Complete).await?;
        let mut listed = all.into_values();
        loop {
            let page: Vec<Listed> = listed.by_ref().take(limits::LISTING_PAGE).collect();
            if page.is_empty() {
                break;
            }
            self.event(DiscoverEvent::Listed(page)).await?;
        }
        self.end(&link, drafts).await?;
        Ok(true)
    }

    async fn begin(&self, kind: ListingKind) -> Result<()> {
        self.event(DiscoverEvent::Begin { folder: self.folder.clone(), epoch: EPOCH, kind }).await
    }

    /// The service's own count has items in it that are no messages, so none is told.
    async fn end(&self, link: &DeltaLink, drafts: BTreeMap<String, String>) -> Result<()> {
        let cursor = Cursor::new(link, drafts).encode();
        self.event(DiscoverEvent::End { cursor, count: None }).await
    }

    async fn event(&self, event: DiscoverEvent) -> Result<()> {
        tell(self.events, event).await
    }
}

fn note(all: &mut BTreeMap<Vec<u8>, Listed>, page: Vec<Change<Message>>, drafts: &mut BTreeMap<String, String>) {
    let Page { listed, gone } = Page::of(page, drafts);
    for id in gone {
        all.remove(&id);
    }
    all.extend(listed.into_iter().map(|listed| (listed.id.clone(), listed)));
}
