//! Several folders read in few round trips: EXAMINE and FETCH go out some folders ahead of the one whose replies are read.
//!
//! Where ranges cannot be trusted before the counters are known, and where a FETCH is refused, a folder is read by itself
//! ([`super::find`]) after the others.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use super::{
    find::{ask, chunks, find_above, found, trusts_ranges},
    folders::counted,
};
use crate::{
    error::{Error, Result, Scope},
    imap::{Event, Selected, Tag, Verdict},
    limits,
    mailbox::{Link, Replies},
    model::FolderName,
    target::{Evidence, Find, FolderStatus, Found, Sight, Sighting},
};

/// Finds messages in several folders; see [`crate::target::TargetSession::find_each`].
pub(super) async fn find_each(
    link: &mut Link,
    wanted: &[(FolderName, Find)],
    evidence: Evidence,
    told: &mpsc::Sender<Sighting>,
) -> Result<()> {
    let alone = if trusts_ranges(link) {
        link.fresh().await?;
        link.forget_selection();
        Round { link, evidence, told, replies: Replies::default(), alone: Vec::new() }.read_all(wanted).await?
    } else {
        (0..wanted.len()).map(|at| Alone { at, above: 0 }).collect()
    };
    for Alone { at, above } in alone {
        if let Some((folder, which)) = wanted.get(at) {
            let what =
                find_alone(link, folder, which.clone(), evidence, above, |page| tell(told, at, Sight::Found(page)));
            let what = match what.await {
                Ok(status) => Sight::Complete(status),
                Err(error) if error.scope() <= Scope::Folder => Sight::Unreadable(error),
                Err(error) => return Err(error),
            };
            tell(told, at, what).await?;
        }
    }
    Ok(())
}

/// A folder to read by itself, but for the messages that were told already.
struct Alone {
    at: usize,
    above: u32,
}

/// The commands of one folder that are under way.
struct Asked {
    examine: Tag,
    fetches: Vec<Tag>,
}

/// The folders that go in one pipeline.
struct Round<'a> {
    link: &'a mut Link,
    evidence: Evidence,
    told: &'a mpsc::Sender<Sighting>,
    replies: Replies,
    alone: Vec<Alone>,
}

impl Round<'_> {
    /// Reads all that can be read this way; gives the others.
    async fn read_all(mut self, wanted: &[(FolderName, Find)]) -> Result<Vec<Alone>> {
        let mut ahead = wanted.iter().enumerate();
        let mut asked = VecDeque::new();
        loop {
            if asked.is_empty() && self.link.is_worn() {
                self.link.renew().await?;
                self.link.forget_selection();
                self.replies = Replies::default();
            }
            // The first one goes in any case: a session may be worn again at once, by a token whose life has no length.
            while (asked.is_empty() || asked.len() < limits::FOLDERS_AHEAD && !self.link.is_worn())
                && let Some((at, (folder, which))) = ahead.next()
            {
                self.link.pacer().unheld().await;
                asked.push_back((at, folder, self.ask(folder, which)));
            }
            match asked.pop_front() {
                Some((at, folder, Some(asked))) => self.read(at, folder, asked).await?,
                Some((at, _, None)) => self.alone.push(Alone { at, above: 0 }),
                None => return Ok(self.alone),
            }
        }
    }

    /// Queues the commands of one folder, if they depend on nothing that it has to tell first.
    fn ask(&mut self, folder: &FolderName, which: &Find) -> Option<Asked> {
        let sets = match which {
            Find::All => vec!["1:*".to_owned()],
            Find::Uids(uids) => chunks(uids),
            Find::From(_) | Find::MessageIds(_) => return None,
        };
        let connection = self.link.connection();
        let examine = connection.queue_examine(folder);
        let fetches = sets.iter().map(|set| connection.queue(ask(set, self.evidence))).collect();
        Some(Asked { examine, fetches })
    }

    /// Reads the replies of one folder. Its commands are answered to the last, whatever the first one says.
    async fn read(&mut self, at: usize, folder: &FolderName, asked: Asked) -> Result<()> {
        let mut selected = Selected::default();
        let examined = self.replies.until(self.link, asked.examine, |event| selected.learn(event)).await?;
        if examined.verdict != Verdict::Ok {
            let refusal = self.link.connection().not_opened(folder, &examined);
            for tag in asked.fetches {
                self.replies.until(self.link, tag, drop).await?;
            }
            return self.unreadable(at, refusal).await;
        }
        selected.learn_code(examined.code);
        let (mut highest, mut refused) = (0, None);
        for tag in asked.fetches {
            let refusal = self.fetched(at, tag, selected.validity, &mut highest).await?;
            refused = refused.or(refusal);
        }
        let mut status = counted(&selected);
        self.link.opened(folder, selected);
        match refused {
            // There is nothing less to ask for than attributes.
            Some(refusal) if self.evidence == Evidence::Attributes => self.unreadable(at, refusal).await,
            Some(_) => {
                self.alone.push(Alone { at, above: highest });
                Ok(())
            }
            None => {
                if status.next == 0 {
                    status.next = highest.saturating_add(1);
                }
                tell(self.told, at, Sight::Complete(status)).await
            }
        }
    }

    /// Reads what one FETCH tells until its completion, which it gives if that is a refusal.
    async fn fetched(&mut self, at: usize, tag: Tag, validity: u32, highest: &mut u32) -> Result<Option<Error>> {
        let mut page = Vec::new();
        loop {
            let mut told = None;
            let note = |event| {
                if let Event::Fetch(attributes) = event {
                    told = Some(attributes);
                }
            };
            let completed = self.replies.next(self.link, tag, note).await?;
            if let Some(attributes) = told
                && let Some(found) = found(*attributes, validity, *highest, self.evidence)?
            {
                *highest = found.at.uid;
                page.push(found);
            }
            if page.len() >= limits::LISTING_PAGE || (completed.is_some() && !page.is_empty()) {
                tell(self.told, at, Sight::Found(std::mem::take(&mut page))).await?;
            }
            if let Some(tagged) = completed {
                return Ok((tagged.verdict != Verdict::Ok).then(|| self.link.connection().refusal(&tagged)));
            }
        }
    }

    async fn unreadable(&mut self, at: usize, refusal: Error) -> Result<()> {
        if refusal.scope() > Scope::Folder {
            return Err(refusal);
        }
        tell(self.told, at, Sight::Unreadable(refusal)).await
    }
}

/// Reads one folder by itself and hands its pages on.
async fn find_alone<F: Future<Output = Result<()>>>(
    link: &mut Link,
    folder: &FolderName,
    which: Find,
    evidence: Evidence,
    above: u32,
    hand_on: impl Fn(Vec<Found>) -> F,
) -> Result<FolderStatus> {
    let (sender, mut pages) = mpsc::channel(limits::LISTING_QUEUE);
    let forward = async {
        while let Some(page) = pages.recv().await {
            hand_on(page).await?;
        }
        Ok(())
    };
    let (status, forwarded) = tokio::join!(find_above(link, folder, which, evidence, sender, above), forward);
    forwarded?;
    status
}

async fn tell(told: &mpsc::Sender<Sighting>, at: usize, what: Sight) -> Result<()> {
    told.send(Sighting { at, what }).await.map_err(|_| Error::canceled())
}
