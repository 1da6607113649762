//! One folder's listing, written down as it is told.

use std::collections::HashMap;

use super::known::KnownWalk;
use crate::{
    error::Result,
    ledger::{Discovered, FolderRow, Known, NewRow},
    limits,
    model::{FolderName, MessageKey, RowState},
    source::{FlagsSeen, Listed, ListingKind},
    transfer::run::Run,
};

/// What a listing left to do.
pub(super) enum Finding {
    /// The folder must be listed once more, whole.
    Incomplete(FolderName),
    /// The folder has a new epoch; its cursor is not written yet.
    Reborn(Box<Rebirth>),
}

impl Finding {
    pub fn folder(&self) -> &FolderName {
        match self {
            Finding::Incomplete(folder) => folder,
            Finding::Reborn(rebirth) => &rebirth.folder.name,
        }
    }
}

/// A folder whose epoch changed.
pub(super) struct Rebirth {
    pub folder: FolderRow,
    pub new_epoch: u64,
    pub cursor: Vec<u8>,
    pub count: Option<u64>,
}

/// What is known of ids: a row for each version.
type KnownIds = HashMap<Vec<u8>, Vec<Known>>;

/// The listing of one folder that is being told.
pub(super) struct Listing<'a> {
    run: &'a Run,
    folder: FolderRow,
    namespace: Vec<u8>,
    epoch: u64,
    kind: ListingKind,
    walk: KnownWalk,
    step: Discovered,
    live: u64,
    late: bool,
}

impl<'a> Listing<'a> {
    pub fn begin(run: &'a Run, folder: &FolderRow, epoch: u64, kind: ListingKind) -> Self {
        let namespace = folder.name.as_bytes().to_vec();
        let walk = KnownWalk::new(run.ledger.clone(), run.lease.pair, namespace.clone(), epoch);
        let live = if kind == ListingKind::Complete { 0 } else { folder.count.unwrap_or(0) };
        let folder = folder.clone();
        Listing { run, folder, namespace, epoch, kind, walk, step: Discovered::default(), live, late: false }
    }

    /// Messages told with everything about them, ascending.
    pub async fn listed(&mut self, messages: Vec<Listed>) -> Result<()> {
        if self.kind == ListingKind::Delta && !(self.step.new.is_empty() && self.step.gone.is_empty()) {
            // A round of changes may speak of one message twice, and the last word holds: look it up as the word before left it.
            self.flush().await?;
        }
        let mut known = self.look_up(messages.iter().map(|m| &m.id)).await?;
        for message in messages {
            let found = self.meet(&message.id, Some(&message.version), &mut known).await?;
            if let Some(found) = found.as_ref().filter(|found| found.flags != message.flags) {
                self.step.flags.push((found.row, message.flags.clone()));
            }
            if let Some((found, date)) =
                found.as_ref().filter(|found| found.received_at.is_none()).zip(message.received_at)
            {
                self.step.dates.push((found.row, date));
            }
            if found.is_none_or(|found| found.gone || found.state == RowState::Vanished) {
                self.step.new.push(self.new_row(message));
                self.live += u64::from(self.kind == ListingKind::Delta);
            }
            self.live += u64::from(self.kind == ListingKind::Complete);
        }
        self.flush_if_full().await
    }

    /// Messages told with their flags only, ascending.
    pub async fn flags(&mut self, seen: Vec<FlagsSeen>) -> Result<()> {
        let mut known = self.look_up(seen.iter().map(|s| &s.id)).await?;
        for message in seen {
            match self.meet(&message.id, None, &mut known).await? {
                Some(found) if !found.gone => {
                    if found.flags != message.flags {
                        self.step.flags.push((found.row, message.flags));
                    }
                }
                _ => self.late = true,
            }
            self.live += u64::from(self.kind == ListingKind::Complete);
        }
        self.flush_if_full().await
    }

    /// Messages that are gone for certain; they may be among those that were told before.
    pub async fn gone(&mut self, ids: Vec<Vec<u8>>) -> Result<()> {
        if !self.step.new.is_empty() {
            self.flush().await?;
        }
        for page in ids.chunks(limits::LEDGER_PAGE) {
            let known = self.known_ids(page.to_vec()).await?;
            for found in known.into_iter().filter(|found| !found.gone) {
                self.step.gone.push(found.row);
                self.live = self.live.saturating_sub(1);
            }
            self.flush_if_full().await?;
        }
        Ok(())
    }

    /// The listing is complete: the cursor commits with the last rows, unless something is left to do first.
    pub async fn end(mut self, cursor: Vec<u8>, count: Option<u64>) -> Result<Option<Finding>> {
        if self.kind == ListingKind::Complete {
            while let Some(left) = self.walk.next_below(None).await? {
                self.missed(&left);
                self.flush_if_full().await?;
            }
        }
        if self.folder.epoch.is_some_and(|old| old != self.epoch) {
            self.flush().await?;
            let Listing { folder, epoch: new_epoch, .. } = self;
            return Ok(Some(Finding::Reborn(Box::new(Rebirth { folder, new_epoch, cursor, count }))));
        }
        let adds_up = self.kind == ListingKind::Unchanged || count.is_none_or(|count| count == self.live);
        let complete = self.kind == ListingKind::Complete;
        if self.late || (!adds_up && !complete) {
            self.flush().await?;
            tracing::debug!(folder = %self.folder.path, live = self.live, ?count, "The listing does not add up; the folder is listed whole.");
            return Ok(Some(Finding::Incomplete(self.folder.name)));
        }
        // A whole listing is what there was to see; messages that came or went meanwhile are the next pass's business.
        let live = if complete { Some(self.live) } else { count };
        self.step.end = Some((cursor, self.epoch, live));
        self.flush().await?;
        Ok(None)
    }

    /// The known row of a message that was told, in this version (`None`: the one that is not gone); its other versions are gone. In a complete
    /// listing, whatever is known before it is gone too.
    async fn meet(&mut self, id: &[u8], version: Option<&[u8]>, known: &mut KnownIds) -> Result<Option<Known>> {
        let versions = match self.kind {
            ListingKind::Complete => self.walk_to(id).await?,
            ListingKind::Delta | ListingKind::Unchanged => known.remove(id).unwrap_or_default(),
        };
        let mut found = None;
        for one in versions {
            if version.map_or(!one.gone, |version| one.version == version) {
                found = Some(one);
                continue;
            }
            if self.kind == ListingKind::Delta && !one.gone {
                self.live = self.live.saturating_sub(1);
            }
            self.missed(&one);
        }
        Ok(found)
    }

    /// The versions of an id in a complete listing, behind everything that is known before it.
    async fn walk_to(&mut self, id: &[u8]) -> Result<Vec<Known>> {
        while let Some(passed) = self.walk.next_below(Some(id)).await? {
            self.missed(&passed);
        }
        let mut versions = Vec::new();
        while let Some(one) = self.walk.next_if(id).await? {
            versions.push(one);
        }
        Ok(versions)
    }

    fn missed(&mut self, known: &Known) {
        if !known.gone {
            self.step.gone.push(known.row);
        }
    }

    async fn look_up(&self, ids: impl Iterator<Item = &Vec<u8>>) -> Result<KnownIds> {
        let mut by_id = KnownIds::new();
        if self.kind == ListingKind::Complete {
            return Ok(by_id);
        }
        for known in self.known_ids(ids.cloned().collect()).await? {
            by_id.entry(known.id.clone()).or_default().push(known);
        }
        Ok(by_id)
    }

    async fn known_ids(&self, ids: Vec<Vec<u8>>) -> Result<Vec<Known>> {
        let mut known = Vec::new();
        for page in ids.chunks(limits::LEDGER_PAGE) {
            let page = page.to_vec();
            known.extend(self.run.ledger.known_ids(self.run.lease.pair, &self.namespace, self.epoch, page).await?);
        }
        Ok(known)
    }

    fn new_row(&self, message: Listed) -> NewRow {
        let Listed { id, version, size, received_at, flags, content, fingerprint } = message;
        let in_scope = self.run.options.scope.admits(size, received_at, &flags);
        let key = MessageKey { namespace: self.namespace.clone(), epoch: self.epoch, id, version };
        NewRow { key, size, received_at, flags, in_scope, content, fingerprint }
    }

    async fn flush_if_full(&mut self) -> Result<()> {
        let Discovered { new, flags, dates, gone, .. } = &self.step;
        let waiting = new.len() + flags.len() + dates.len() + gone.len();
        if waiting >= limits::LEDGER_PAGE { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<()> {
        let step = std::mem::take(&mut self.step);
        self.run.ledger.discovered(self.run.lease, self.folder.id, step).await
    }
}
