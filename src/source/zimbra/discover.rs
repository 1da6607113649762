//! Discovery: what changed in the mailbox since the folders' cursors, told folder by folder (zimbra.md §4).
//!
//! The server tells of the mailbox as a whole. A message that moved is told where it lies now and as gone from every other folder, which all
//! but one never knew it: so nothing need be remembered of where it was.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc;

use super::{
    cursor::{Cursor, Life},
    folders, message,
};
use crate::{
    error::{Code, Error, Result},
    limits,
    model::{FolderName, Reason},
    source::{DiscoverEvent, ListingKind},
    zimbra::{Listing, Mailbox, Message, Since},
};

/// Lists `folders` one after the other; see [`crate::source::SourceSession::discover`].
pub(super) async fn discover(
    mailbox: &Mailbox,
    account: &str,
    wanted: Vec<(FolderName, Option<Vec<u8>>)>,
    events: mpsc::Sender<DiscoverEvent>,
) -> Result<()> {
    let cursors: Vec<(FolderName, Option<Cursor>)> =
        wanted.into_iter().map(|(folder, cursor)| (folder, cursor.as_deref().and_then(Cursor::decode))).collect();
    let told = Told::read(mailbox, account, &cursors).await?;
    for (folder, cursor) in cursors {
        let teller = Teller { mailbox, folder: &folder, life: &told.life, events: &events };
        match (&told.changed, &told.listing) {
            (Some(changed), _) if told.is_current(cursor.as_ref()) => teller.changes(changed).await?,
            (_, Some(listing)) => teller.everything(listing).await?,
            // A folder without a cursor has made everything be listed.
            (_, None) => return Err(Error::bug("a folder without a listing")),
        }
    }
    Ok(())
}

/// What the server told of the mailbox.
struct Told {
    life: Life,
    /// What changed since the oldest cursor of this life, if that is known.
    changed: Option<Changed>,
    /// Everything, if a folder needs it.
    listing: Option<Listing>,
}

/// Changes, with what is known of the messages that they concern.
struct Changed {
    token: String,
    deleted: BTreeSet<u32>,
    messages: BTreeMap<u32, Message>,
}

impl Told {
    async fn read(mailbox: &Mailbox, account: &str, cursors: &[(FolderName, Option<Cursor>)]) -> Result<Self> {
        let of_account =
            || cursors.iter().filter_map(|(_, cursor)| cursor.as_ref()).filter(|c| c.life.account == account);
        let mut life = Life::first(account);
        if let Some(latest) = of_account().map(|cursor| cursor.life.number).max() {
            life.number = latest;
        }
        let oldest = of_account().filter(|cursor| cursor.life == life).min_by_key(|cursor| cursor.change());
        let changed = match oldest {
            None => None,
            Some(oldest) => match mailbox.changes(&oldest.token).await? {
                Since::Changes(changes) => Some(Changed {
                    token: changes.token,
                    deleted: changes.deleted,
                    messages: metadata(mailbox, &changes.messages.keys().copied().collect::<Vec<_>>()).await?,
                }),
                Since::Forgotten => None,
                Since::Restored => {
                    tracing::warn!(
                        user = mailbox.user(),
                        "The mailbox was restored from a backup; its messages are recognised by content."
                    );
                    life = life.next();
                    None
                }
            },
        };
        let mut told = Told { life, changed, listing: None };
        if told.changed.is_none() || cursors.iter().any(|(_, cursor)| !told.is_current(cursor.as_ref())) {
            told.listing = Some(mailbox.listing().await?);
        }
        Ok(told)
    }

    fn is_current(&self, cursor: Option<&Cursor>) -> bool {
        self.changed.is_some() && cursor.is_some_and(|cursor| cursor.life == self.life)
    }
}

/// What is known of these messages now; those that are gone meanwhile are left out.
async fn metadata(mailbox: &Mailbox, ids: &[u32]) -> Result<BTreeMap<u32, Message>> {
    let mut all = BTreeMap::new();
    for page in ids.chunks(limits::ZIMBRA_PAGE) {
        all.extend(mailbox.messages(page).await?);
    }
    Ok(all)
}

/// Tells one folder.
struct Teller<'a> {
    mailbox: &'a Mailbox,
    folder: &'a FolderName,
    life: &'a Life,
    events: &'a mpsc::Sender<DiscoverEvent>,
}

impl Teller<'_> {
    async fn changes(&self, changed: &Changed) -> Result<()> {
        let here = folders::id(self.folder);
        let (listed, elsewhere): (Vec<&Message>, Vec<&Message>) =
            changed.messages.values().partition(|message| Some(message.folder) == here);
        let mut gone: Vec<u32> = changed.deleted.iter().copied().chain(elsewhere.iter().map(|m| m.id)).collect();
        gone.sort_unstable();
        let kind = if listed.is_empty() && gone.is_empty() { ListingKind::Unchanged } else { ListingKind::Delta };
        self.begin(kind).await?;
        if !gone.is_empty() {
            self.event(DiscoverEvent::Gone(gone.into_iter().map(message::key).collect())).await?;
        }
        for page in listed.chunks(limits::LISTING_PAGE) {
            self.event(DiscoverEvent::Listed(page.iter().map(|m| message::listed(m)).collect())).await?;
        }
        self.end(&changed.token).await
    }

    async fn everything(&self, listing: &Listing) -> Result<()> {
        let Some(ids) = folders::id(self.folder).and_then(|id| listing.messages.get(&id)) else {
            let reason = Reason { code: Code::FolderSelect, words: "there is no such folder any more".to_owned() };
            return self.event(DiscoverEvent::Unreadable(self.folder.clone(), reason)).await;
        };
        self.begin(ListingKind::Complete).await?;
        let ids: Vec<u32> = ids.iter().copied().collect();
        let pages: Vec<Vec<u32>> = ids.chunks(limits::ZIMBRA_PAGE).map(<[u32]>::to_vec).collect();
        let ask = |page: Vec<u32>| async move { Ok::<_, Error>((self.mailbox.messages(&page).await?, page)) };
        let mut pages = stream::iter(pages.into_iter().map(ask)).buffered(limits::ZIMBRA_PAGES_AHEAD);
        while let Some((known, page)) = pages.try_next().await? {
            self.page(&page, &known).await?;
        }
        self.end(&listing.token).await
    }

    /// One that is gone since the listing is told as gone by the next changes.
    async fn page(&self, page: &[u32], known: &HashMap<u32, Message>) -> Result<()> {
        let listed = page.iter().filter_map(|id| known.get(id)).map(message::listed).collect();
        self.event(DiscoverEvent::Listed(listed)).await
    }

    async fn begin(&self, kind: ListingKind) -> Result<()> {
        let epoch = self.life.epoch();
        self.event(DiscoverEvent::Begin { folder: self.folder.clone(), epoch, kind }).await
    }

    /// The folder's own count has items in it that are no messages, so none is told.
    async fn end(&self, token: &str) -> Result<()> {
        let cursor = Cursor::new(self.life.clone(), token.to_owned()).encode();
        self.event(DiscoverEvent::End { cursor, count: None }).await
    }

    async fn event(&self, event: DiscoverEvent) -> Result<()> {
        self.events.send(event).await.map_err(|_| Error::canceled())
    }
}
