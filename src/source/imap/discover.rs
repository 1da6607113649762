//! Listing folders: what is new, changed or gone since their cursors.
//!
//! All counters come with the list of folders or in one batch of STATUS; a folder that stands still is not opened. The commands of the folders that are
//! opened go out some folders ahead, so that a mailbox of many small folders costs few round trips. Attributes are UID,
//! FLAGS, INTERNALDATE and RFC822.SIZE: BODYSTRUCTURE and ENVELOPE come malformed (quirk 39) and header fields run into
//! time-outs (quirk 42). Nothing is kept but one page.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use super::{
    cursor::Cursor,
    listing::Listing,
    opening::Opening,
    plan::{Old, Plan, plan},
};
use crate::{
    error::{Code, Error, Result, Scope},
    imap::{Command, Selected, StatusReply, Tag, Tagged, Verdict},
    limits,
    mailbox::{Link, Replies},
    model::{FolderName, Reason},
    source::DiscoverEvent,
};

/// A folder to list, as far as its counters tell.
struct Step {
    folder: FolderName,
    now: StatusReply,
    plan: Plan,
}

/// The commands of a step that are under way.
struct Asked {
    examine: Tag,
    old: Option<Tag>,
    new: Option<Tag>,
}

/// Lists `folders` one after the other; see [`crate::source::SourceSession::discover`].
pub(super) async fn discover(
    link: &mut Link,
    folders: Vec<(FolderName, Option<Vec<u8>>)>,
    events: mpsc::Sender<DiscoverEvent>,
) -> Result<()> {
    let names: Vec<FolderName> = folders.iter().map(|(name, _)| name.clone()).collect();
    let told = match link.take_listed(&names) {
        Some(told) => told,
        None => link.statuses(&names).await?,
    };
    let mut steps = Vec::with_capacity(folders.len());
    for ((folder, cursor), status) in folders.into_iter().zip(told) {
        let Some(now) = counters(link, &folder, status, &events).await? else { continue };
        let cursor = cursor.as_deref().and_then(Cursor::decode);
        let plan = plan(cursor.as_ref(), &now, link.server().qresync);
        steps.push(Step { folder, now, plan });
    }
    link.forget_selection();
    Walk { link, events, asked: VecDeque::new(), replies: Replies::default() }.walk(&steps).await
}

/// The folder's counters: those of STATUS, else those of EXAMINE; `None` once the folder was told to be unreadable.
async fn counters(
    link: &mut Link,
    folder: &FolderName,
    status: Option<StatusReply>,
    events: &mpsc::Sender<DiscoverEvent>,
) -> Result<Option<StatusReply>> {
    if let Some(status) = status.filter(|status| status.validity.is_some() && status.messages.is_some()) {
        return Ok(Some(status));
    }
    match link.select(folder, true).await {
        Ok(selected) => Ok(Some(opened(selected))),
        Err(error) if error.scope() <= Scope::Folder => {
            let words = error.reply().unwrap_or_else(|| error.subject()).to_owned();
            let unreadable = DiscoverEvent::Unreadable(folder.clone(), Reason { code: error.code(), words });
            tell(events, unreadable).await?;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn opened(selected: &Selected) -> StatusReply {
    StatusReply {
        validity: Some(selected.validity),
        next: selected.next,
        messages: Some(selected.exists.into()),
        modseq: selected.modseq,
        ..StatusReply::default()
    }
}

async fn tell(events: &mpsc::Sender<DiscoverEvent>, event: DiscoverEvent) -> Result<()> {
    events.send(event).await.map_err(|_| Error::canceled())
}

/// The walk over the steps: commands go ahead, replies are read in order.
struct Walk<'a> {
    link: &'a mut Link,
    events: mpsc::Sender<DiscoverEvent>,
    /// In the order of the steps that need to be opened.
    asked: VecDeque<Asked>,
    replies: Replies,
}

impl Walk<'_> {
    async fn walk(mut self, steps: &[Step]) -> Result<()> {
        let mut ahead = 0;
        for step in steps {
            self.renew_if_worn().await?;
            // The next one goes in any case: a session may be worn again at once, and a step that was not asked would take another's replies.
            while (self.asked.is_empty() || self.asked.len() < limits::FOLDERS_AHEAD && !self.link.is_worn())
                && let Some(next) = steps.get(ahead)
            {
                ahead += 1;
                if next.plan.is_closed() {
                    continue;
                }
                self.link.pacer().unheld().await;
                let asked = self.ask(next);
                self.asked.push_back(asked);
            }
            if step.plan.is_closed() {
                self.closed(step).await?;
            } else if let Some(asked) = self.asked.pop_front() {
                self.read(step, asked).await?;
            }
        }
        Ok(())
    }

    /// Replaces a session that should not last longer, once nothing is in flight on it: no folder needs to stay open between steps.
    async fn renew_if_worn(&mut self) -> Result<()> {
        if self.asked.is_empty() && self.link.is_worn() {
            self.link.renew().await?;
            self.link.forget_selection();
            self.replies = Replies::default();
        }
        Ok(())
    }

    /// Queues the commands of a step.
    fn ask(&mut self, step: &Step) -> Asked {
        // Gmail shows a message in a folder for each of its labels (quirk 44).
        let labels = self.link.server().has("X-GM-EXT-1");
        let connection = self.link.connection();
        let examine = connection.queue(Command::new("EXAMINE").folder(&step.folder));
        let old = step.plan.old.map(|old| connection.queue(ask_old(old)));
        let new = step.plan.new.map(|range| connection.queue(ask_new(range, labels)));
        Asked { examine, old, new }
    }

    /// Tells a folder that need not be opened.
    async fn closed(&mut self, step: &Step) -> Result<()> {
        self.begin(step).await?;
        self.end(step, step.now.next, step.now.messages).await
    }

    async fn begin(&mut self, step: &Step) -> Result<()> {
        let epoch = step.now.validity.unwrap_or_default().into();
        self.tell(DiscoverEvent::Begin { folder: step.folder.clone(), epoch, kind: step.plan.kind }).await
    }

    async fn end(&mut self, step: &Step, next: Option<u32>, count: Option<u64>) -> Result<()> {
        let cursor = Cursor {
            validity: step.now.validity.unwrap_or_default(),
            next: next.unwrap_or(1),
            messages: step.now.messages.unwrap_or_default(),
            modseq: step.now.modseq,
        };
        self.tell(DiscoverEvent::End { cursor: cursor.encode(), count }).await
    }

    /// Reads the replies of a step that was asked. Its commands are answered to the last, whatever the first one says.
    async fn read(&mut self, step: &Step, asked: Asked) -> Result<()> {
        let mut opening = Opening::default();
        let examined = self.replies.until(self.link, asked.examine, |event| opening.note(&event)).await?;
        let unreadable = self.refused(&examined).or_else(|| opening.unlike(&step.now));
        if let Some(reason) = unreadable {
            for tag in [asked.old, asked.new].into_iter().flatten() {
                self.replies.until(self.link, tag, drop).await?;
            }
            return self.tell(DiscoverEvent::Unreadable(step.folder.clone(), reason)).await;
        }
        self.begin(step).await?;
        let mut listing = Listing::new(step.plan, step.now.next, opening);
        let mut failed = None;
        for tag in [asked.old, asked.new].into_iter().flatten() {
            let completed = self.list(tag, &mut listing).await?;
            failed = failed.or_else(|| self.refused(&completed));
        }
        match failed.or_else(|| listing.fault()) {
            Some(reason) => self.tell(DiscoverEvent::Unreadable(step.folder.clone(), reason)).await,
            None => self.end(step, listing.next(), listing.count()).await,
        }
    }

    /// Reads a listing until a completion, page by page.
    async fn list(&mut self, tag: Tag, listing: &mut Listing) -> Result<Tagged> {
        loop {
            let completed = self.replies.next(self.link, tag, |event| listing.note(event)).await?;
            while let Some(page) = listing.page(completed.is_some()) {
                self.tell(page).await?;
            }
            if let Some(tagged) = completed {
                return Ok(tagged);
            }
        }
    }

    /// Why the folder cannot be read, if the completion says so.
    fn refused(&mut self, tagged: &Tagged) -> Option<Reason> {
        if tagged.verdict == Verdict::Ok {
            return None;
        }
        let refusal = self.link.connection().refusal(tagged);
        Some(Reason { code: Code::FolderSelect, words: refusal.reply().unwrap_or_default().to_owned() })
    }

    async fn tell(&mut self, event: DiscoverEvent) -> Result<()> {
        tell(&self.events, event).await
    }
}

fn ask_old(old: Old) -> Command {
    match old {
        Old::Flags { last } => Command::new("UID FETCH").word(&format!("1:{last}")).word("(UID FLAGS)"),
        Old::Changes { last, modseq, vanished } => {
            let vanished = if vanished { " VANISHED" } else { "" };
            let since = format!("(CHANGEDSINCE {modseq}{vanished})");
            Command::new("UID FETCH").word(&format!("1:{last}")).word("(UID FLAGS)").word(&since)
        }
    }
}

fn ask_new((first, last): (u32, Option<u32>), labels: bool) -> Command {
    let last = last.map_or("*".to_owned(), |last| last.to_string());
    let items =
        if labels { "(UID FLAGS INTERNALDATE RFC822.SIZE X-GM-MSGID)" } else { "(UID FLAGS INTERNALDATE RFC822.SIZE)" };
    Command::new("UID FETCH").word(&format!("{first}:{last}")).word(items)
}
