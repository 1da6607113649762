//! Discovery: the maildrop now against the one that the ledger knows.
//!
//! A session sees the maildrop as it was at its sign-in, so each telling after the first has a session of its own.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use tokio::sync::mpsc;

use super::{
    cursor::Cursor,
    fetch,
    link::{Link, spool},
    maildrop::Maildrop,
};
use crate::{
    error::{Code, Error, Result},
    limits, mime,
    model::{FolderName, Reason},
    source::{DiscoverEvent, Listed, ListingKind},
};

/// The epoch of a maildrop that was never numbered anew.
const FIRST_EPOCH: u64 = 1;

/// Tells what changed; see [`crate::source::SourceSession::discover`]. `dated`: with the date of each new message.
pub(super) async fn discover(
    link: &mut Link,
    dated: bool,
    folders: Vec<(FolderName, Option<Vec<u8>>)>,
    events: mpsc::Sender<DiscoverEvent>,
) -> Result<()> {
    for (folder, cursor) in folders {
        if folder != FolderName::inbox() {
            let words = "POP3 has the inbox alone".to_owned();
            let reason = Reason { code: Code::FolderSelect, words };
            tell(&events, DiscoverEvent::Unreadable(folder, reason)).await?;
            continue;
        }
        Teller { link, dated, events: &events }.inbox(cursor.as_deref().and_then(Cursor::decode)).await?;
    }
    Ok(())
}

async fn tell(events: &mpsc::Sender<DiscoverEvent>, event: DiscoverEvent) -> Result<()> {
    events.send(event).await.map_err(|_| Error::canceled())
}

struct Teller<'a> {
    link: &'a mut Link,
    dated: bool,
    events: &'a mpsc::Sender<DiscoverEvent>,
}

impl Teller<'_> {
    async fn inbox(mut self, before: Option<Cursor>) -> Result<()> {
        if let Some(before) = &before {
            self.link.habits().knows(before);
        }
        let maildrop = self.link.fresh_maildrop().await?;
        let known = before.as_ref().map(|before| &before.known);
        let renumbered = known.is_some_and(|known| maildrop.is_renumbered(known));
        if renumbered && maildrop.unread > 0 {
            // Which of those that are known it is that cannot be read, nobody can tell: nothing is concluded in this pass.
            self.link.forget_maildrop();
            return self.tell_unread(maildrop.unread).await;
        }
        let epoch = match &before {
            Some(before) => before.epoch + u64::from(renumbered),
            // Told again from the beginning, in this process.
            None => self.link.habits().cursor().map_or(FIRST_EPOCH, |cursor| cursor.epoch),
        };
        let mut now: BTreeSet<Vec<u8>> = maildrop.messages.keys().cloned().collect();
        if let Some(known) = known.filter(|_| !renumbered) {
            now.extend(known.iter().filter(|id| !maildrop.is_gone(id)).cloned());
        }
        let (dated, repeated) = (self.dated, maildrop.repeated.clone());
        let undated = dated && before.as_ref().is_some_and(|before| !before.dated);
        let cursor = Arc::new(Cursor { epoch, known: now, repeated, dated });
        self.link.habits().listed(Arc::clone(&cursor));
        match known.filter(|_| !renumbered) {
            Some(known) if *known == cursor.known && !undated => self.begin(epoch, ListingKind::Unchanged).await?,
            Some(known) => {
                self.changes(epoch, known, &cursor.known, &maildrop).await?;
                if undated {
                    // Told before anybody chose by date: with it they can be judged too.
                    self.listed(&maildrop, known.intersection(&cursor.known)).await?;
                }
            }
            None => {
                self.begin(epoch, ListingKind::Complete).await?;
                self.listed(&maildrop, maildrop.messages.keys()).await?;
            }
        }
        let count = Some(cursor.known.len() as u64);
        self.event(DiscoverEvent::End { cursor: cursor.encode(), count }).await?;
        self.tell_unread(maildrop.unread).await
    }

    /// Messages that have no name of their own and cannot be read are no row of anybody's, so they are told here.
    async fn tell_unread(&self, unread: u64) -> Result<()> {
        if unread == 0 {
            return Ok(());
        }
        let words =
            format!("{unread} messages without a unique id of their own are not delivered; run again to try them anew");
        let reason = Reason { code: Code::ItemFetch, words };
        self.event(DiscoverEvent::Unreadable(FolderName::inbox(), reason)).await
    }

    async fn changes(
        &mut self,
        epoch: u64,
        known: &BTreeSet<Vec<u8>>,
        now: &BTreeSet<Vec<u8>>,
        maildrop: &Maildrop,
    ) -> Result<()> {
        self.begin(epoch, ListingKind::Delta).await?;
        let gone: Vec<Vec<u8>> = known.difference(now).cloned().collect();
        for page in gone.chunks(limits::LISTING_PAGE) {
            self.event(DiscoverEvent::Gone(page.to_vec())).await?;
        }
        self.listed(maildrop, now.difference(known)).await
    }

    async fn begin(&self, epoch: u64, kind: ListingKind) -> Result<()> {
        self.event(DiscoverEvent::Begin { folder: FolderName::inbox(), epoch, kind }).await
    }

    /// These messages, a page at a time.
    async fn listed(&mut self, maildrop: &Maildrop, mut ids: impl Iterator<Item = &Vec<u8>>) -> Result<()> {
        loop {
            let page = ids.by_ref().take(limits::LISTING_PAGE).filter_map(|id| message(maildrop, id));
            let mut page: Vec<Listed> = page.collect();
            if page.is_empty() {
                return Ok(());
            }
            if self.dated {
                self.date(maildrop, &mut page).await?;
            }
            self.event(DiscoverEvent::Listed(page)).await?;
        }
    }

    /// Reads the headers for the dates, which nothing else tells (quirk 109).
    async fn date(&mut self, maildrop: &Maildrop, page: &mut [Listed]) -> Result<()> {
        let number = |listed: &Listed| maildrop.get(&listed.id).map(|message| message.number);
        let mut dates = HashMap::new();
        let numbers = page.iter().filter_map(number).collect();
        fetch::headers(self.link, numbers, |number, header| {
            let date = mime::received_at(&header.chunk(0, limits::HEADER_READ).map_err(spool)?);
            dates.insert(number, date);
            Ok(())
        })
        .await?;
        for listed in page {
            listed.received_at = number(listed).and_then(|number| dates.get(&number).copied().flatten());
        }
        Ok(())
    }

    async fn event(&self, event: DiscoverEvent) -> Result<()> {
        tell(self.events, event).await
    }
}

/// A message as it is told: there are no flags, and no date but in its header.
fn message(maildrop: &Maildrop, id: &[u8]) -> Option<Listed> {
    let message = maildrop.get(id)?;
    Some(Listed {
        id: id.to_vec(),
        version: Vec::new(),
        size: message.bytes,
        received_at: None,
        flags: Default::default(),
        content: None,
        fingerprint: None,
    })
}
