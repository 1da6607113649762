//! Finding messages at the target, page by page, with as much evidence as is asked for.
//!
//! Bodies and headers become hashes and fingerprints as they arrive; none is kept. A range that the server cannot deliver as a
//! whole is read in halves, so that one message that it cannot read (quirk 49) hides no other.

use std::collections::{BTreeSet, VecDeque};

use tokio::sync::mpsc;

use super::folders::status;
use crate::{
    body::Body,
    error::{Code, Disposition, Error, Result, Scope, Side},
    imap::{Attributes, Command, Event, Literal, Tag, uidset},
    limits,
    mailbox::Link,
    mime,
    model::{FolderName, TargetUid},
    target::{Evidence, Find, FolderStatus, Found},
};

/// Finds messages; see [`crate::target::TargetSession::find`].
pub(super) async fn find(
    link: &mut Link,
    folder: &FolderName,
    which: Find,
    evidence: Evidence,
    pages: mpsc::Sender<Vec<Found>>,
) -> Result<FolderStatus> {
    let before = status(link, folder).await?;
    if before.messages == 0 {
        return Ok(before);
    }
    if !link.is_open(folder) {
        link.select(folder, true).await?;
    }
    let last = before.next.saturating_sub(1);
    let sets = match which {
        Find::All => range(1, last),
        Find::From(first) => range(first, last),
        Find::Uids(uids) => chunks(&uids),
        Find::MessageIds(ids) => chunks(&by_message_id(link, &ids).await?),
    };
    let mut search = Search { link, evidence, pages, validity: before.validity, page: Vec::new(), highest: 0 };
    search.run(sets).await?;
    Ok(before)
}

fn range(first: u32, last: u32) -> Vec<String> {
    if first > last { Vec::new() } else { vec![format!("{first}:{last}")] }
}

fn chunks(uids: &[u32]) -> Vec<String> {
    let chunks = uidset::chunks(uids, limits::LISTING_PAGE, limits::COMMAND_LINE);
    chunks.into_iter().map(|(set, _)| set).collect()
}

/// The UIDs of messages with one of these Message-IDs. A server that cannot search (quirk 87) finds none.
async fn by_message_id(link: &mut Link, ids: &[String]) -> Result<Vec<u32>> {
    let ask = |id: &String| Command::new("UID SEARCH HEADER Message-ID").string(id.as_bytes());
    let told = link.run_all(ids.iter().filter(|id| id.is_ascii()).map(ask).collect()).await?;
    let mut uids = BTreeSet::new();
    for event in told.iter().flat_map(|told| &told.untagged) {
        if let Event::Search { ranges, .. } = event {
            uids.extend(uidset::expand(ranges, limits::LISTING_PAGE));
        }
    }
    Ok(uids.into_iter().collect())
}

/// The reading of one folder.
struct Search<'a> {
    link: &'a mut Link,
    evidence: Evidence,
    pages: mpsc::Sender<Vec<Found>>,
    validity: u32,
    page: Vec<Found>,
    /// The highest UID told, for order and against repetition.
    highest: u32,
}

impl Search<'_> {
    /// Reads the sets, all asked for at once.
    async fn run(&mut self, sets: Vec<String>) -> Result<()> {
        let mut sets: VecDeque<String> = sets.into();
        let mut asked: VecDeque<(Tag, String)> = VecDeque::new();
        while !asked.is_empty() || !sets.is_empty() {
            while asked.len() < limits::FINDS_AHEAD
                && let Some(set) = sets.pop_front()
            {
                self.link.pacer().unheld().await;
                asked.push_back((self.ask(&set), set));
            }
            match self.link.event().await? {
                Event::Fetch(attributes) => self.take(*attributes).await?,
                Event::Tagged(tagged) => {
                    asked.retain(|(tag, _)| *tag != tagged.tag);
                    self.link.check(&tagged)?;
                    if tagged.verdict != crate::imap::Verdict::Ok {
                        return Err(self.link.connection().refusal(&tagged));
                    }
                }
                _ => {}
            }
        }
        self.flush().await
    }

    fn ask(&mut self, set: &str) -> Tag {
        let what = match self.evidence {
            Evidence::Attributes => "(UID FLAGS INTERNALDATE RFC822.SIZE)".to_owned(),
            Evidence::Header => {
                let fields = mime::FINGERPRINT_FIELDS.join(" ");
                format!("(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({fields})])")
            }
            Evidence::Body => "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])".to_owned(),
        };
        self.link.connection().queue(Command::new("UID FETCH").word(set).word(&what))
    }

    /// A message's reply. One without a size tells a change of flags that somebody made meanwhile.
    async fn take(&mut self, told: Attributes) -> Result<()> {
        let (Some(uid), Some(size)) = (told.uid, told.size) else { return Ok(()) };
        if uid <= self.highest {
            return Ok(());
        }
        self.highest = uid;
        let literal = match self.evidence {
            Evidence::Attributes => None,
            Evidence::Header => told.header,
            Evidence::Body => told.body,
        };
        let body = match &literal {
            Some(Literal::Body(body)) => Some(body),
            _ => None,
        };
        self.page.push(Found {
            at: TargetUid { validity: self.validity, uid },
            flags: told.flags.unwrap_or_default(),
            received_at: told.received_at.flatten(),
            size,
            fingerprint: body.map(mime::fingerprint_body).transpose().map_err(unreadable_spool)?,
            body_hash: body
                .filter(|_| self.evidence == Evidence::Body)
                .map(Body::hash)
                .transpose()
                .map_err(unreadable_spool)?,
        });
        if self.page.len() >= limits::LISTING_PAGE { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<()> {
        if self.page.is_empty() {
            return Ok(());
        }
        self.pages.send(std::mem::take(&mut self.page)).await.map_err(|_| Error::canceled())
    }
}

fn unreadable_spool(error: std::io::Error) -> Error {
    Error::new(Code::Disk, Side::System, Scope::Run, Disposition::NeedsPerson, "spool file").with_source(error)
}
