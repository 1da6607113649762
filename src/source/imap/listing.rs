//! The replies of one folder's listing, made into pages.

use std::collections::VecDeque;

use super::{
    opening::Opening,
    plan::{Old, Plan},
};
use crate::{
    error::Code,
    imap::{Attributes, Event},
    limits,
    model::{ContentId, Reason},
    source::{DiscoverEvent, FlagsSeen, Listed},
};

/// The pages of a listing: one at a time is kept.
pub(super) struct Listing {
    plan: Plan,
    opening: Opening,
    /// UIDNEXT of before.
    next: Option<u32>,
    flags: Vec<FlagsSeen>,
    listed: Vec<Listed>,
    /// UIDs that are gone, as ranges.
    gone: VecDeque<(u32, u32)>,
    /// The highest UID told so far.
    highest: u32,
    /// Messages that went while the folder was open.
    expunged: u64,
    disordered: bool,
}

impl Listing {
    pub(super) fn new(plan: Plan, next: Option<u32>, opening: Opening) -> Self {
        Listing {
            plan,
            opening,
            next,
            flags: Vec::new(),
            listed: Vec::new(),
            gone: VecDeque::new(),
            highest: 0,
            expunged: 0,
            disordered: false,
        }
    }

    /// Takes a reply.
    pub(super) fn note(&mut self, event: Event) {
        match event {
            // Which command a reply belongs to is seen by what it tells: completions may come late.
            Event::Fetch(told) if told.size.is_some() => self.note_new(*told),
            Event::Fetch(told) => self.note_old(*told),
            Event::Vanished { ranges, earlier: true } => self.note_gone(&ranges),
            Event::Vanished { ranges, earlier: false } => {
                self.expunged += ranges.iter().map(|(first, last)| u64::from(last - first) + 1).sum::<u64>();
            }
            Event::Expunge(_) => self.expunged += 1,
            _ => {}
        }
    }

    /// The next page that is full, or with `all` the next one at all.
    pub(super) fn page(&mut self, all: bool) -> Option<DiscoverEvent> {
        let due = |len: usize| len >= limits::LISTING_PAGE || (all && len > 0);
        if !self.gone.is_empty() {
            return Some(DiscoverEvent::Gone(self.gone_page()));
        }
        if due(self.flags.len()) {
            return Some(DiscoverEvent::Flags(std::mem::take(&mut self.flags)));
        }
        due(self.listed.len()).then(|| DiscoverEvent::Listed(std::mem::take(&mut self.listed)))
    }

    /// A message that the cursor does not know.
    fn note_new(&mut self, told: Attributes) {
        let (Some((first, last)), Some(uid), Some(size)) = (self.plan.new, told.uid, told.size) else { return };
        if uid < first || last.is_some_and(|last| uid > last) {
            return;
        }
        // Told out of order it could not be merged with the ledger's order: better no listing than a wrong one.
        self.disordered |= uid <= self.highest;
        self.highest = uid;
        self.listed.push(Listed {
            id: uid.to_be_bytes().to_vec(),
            version: Vec::new(),
            size,
            received_at: told.received_at.flatten(),
            flags: told.flags.unwrap_or_default(),
            content: told.gmail_id.map(|id| ContentId(id.to_be_bytes().to_vec())),
            fingerprint: None,
        });
    }

    /// A message below the frontier. One that comes again, or late, tells a change that somebody made meanwhile: the next
    /// listing finds it.
    fn note_old(&mut self, told: Attributes) {
        let last = match self.plan.old {
            Some(Old::Flags { last } | Old::Changes { last, .. }) => last,
            None => return,
        };
        let (Some(uid), Some(flags)) = (told.uid, told.flags) else { return };
        if uid > last || uid <= self.highest {
            return;
        }
        self.highest = uid;
        self.flags.push(FlagsSeen { id: uid.to_be_bytes().to_vec(), flags });
    }

    /// UIDs that are gone: only those below the frontier were ever told, whatever ranges the server makes up.
    fn note_gone(&mut self, ranges: &[(u32, u32)]) {
        let Some(Old::Changes { last, .. }) = self.plan.old else { return };
        let known = ranges.iter().filter(|(first, _)| *first <= last);
        self.gone.extend(known.map(|(first, end)| (*first, (*end).min(last))));
    }

    fn gone_page(&mut self) -> Vec<Vec<u8>> {
        let mut page = Vec::new();
        while page.len() < limits::LISTING_PAGE
            && let Some((first, last)) = self.gone.pop_front()
        {
            page.push(first.to_be_bytes().to_vec());
            if first < last {
                self.gone.push_front((first + 1, last));
            }
        }
        page
    }

    /// Why the listing cannot be used.
    pub(super) fn fault(&self) -> Option<Reason> {
        self.disordered
            .then(|| Reason { code: Code::Protocol, words: "the server lists the messages out of their order".into() })
    }

    /// The frontier: UIDNEXT of before; where the server told none, all that was listed.
    pub(super) fn next(&self) -> Option<u32> {
        self.next.or_else(|| self.highest.checked_add(1))
    }

    /// Live messages below the frontier by the server's own count: known unless mail arrived between STATUS and EXAMINE.
    pub(super) fn count(&self) -> Option<u64> {
        let same_frontier = self.opening.next.is_none() || self.opening.next == self.next;
        same_frontier.then(|| u64::from(self.opening.exists).saturating_sub(self.expunged))
    }
}

#[cfg(test)]
#[path = "listing_tests.rs"]
mod tests;
