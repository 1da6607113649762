//! Finding messages at the target, page by page, with as much evidence as is asked for.
//!
//! Bodies and headers become hashes and fingerprints as they arrive; none is kept. A range that the server cannot deliver as a
//! whole is read in halves, so that one message that it cannot read (quirk 49) hides no other.

use std::collections::{BTreeSet, VecDeque};

use tokio::sync::mpsc;

use super::folders::{counted, reopen};
use crate::{
    body::Body,
    error::{Code, Disposition, Error, Result, Scope, Side},
    imap::{Attributes, Command, Event, Literal, Tag, Verdict, uidset},
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
    find_above(link, folder, which, evidence, pages, 0).await
}

/// Finds messages whose UID is higher than `above`.
pub(super) async fn find_above(
    link: &mut Link,
    folder: &FolderName,
    which: Find,
    evidence: Evidence,
    pages: mpsc::Sender<Vec<Found>>,
    above: u32,
) -> Result<FolderStatus> {
    // The counters are of no use to who asks for single messages in the folder that is open; what was appended since it was
    // opened is not among them either.
    let as_opened = match &which {
        Find::Uids(_) => link.selected(folder).map(counted),
        _ => None,
    };
    let (before, asked) = match &which {
        _ if as_opened.is_some() => (as_opened.unwrap_or_default(), None),
        Find::All => opened_with(link, folder, 1, evidence).await?,
        Find::From(first) => opened_with(link, folder, *first, evidence).await?,
        _ => (reopen(link, folder).await?, None),
    };
    if before.messages == 0 && asked.is_none() && as_opened.is_none() {
        return Ok(before);
    }
    let last = before.next.saturating_sub(1);
    let sets = match which {
        _ if asked.is_some() => Vec::new(),
        Find::All => range(1, last),
        Find::From(first) => range(first, last),
        Find::Uids(uids) => chunks(&uids),
        Find::MessageIds(ids) => chunks(&by_message_id(link, &ids).await?),
    };
    let (validity, page) = (before.validity, Vec::new());
    let highest = match &asked {
        // `n:*` names the last message even if its UID is below n (RFC 3501 §6.4.8).
        Some((_, set)) => set.split(':').next().and_then(|first| first.parse::<u32>().ok()).unwrap_or(1) - 1,
        None => 0,
    };
    let highest = highest.max(above);
    let mut search = Search { link, folder, evidence, pages, validity, page, highest };
    search.run(asked, sets).await?;
    let next = if before.next == 0 { search.highest.saturating_add(1) } else { before.next };
    Ok(FolderStatus { next, ..before })
}

/// Opens the folder with the search for everything from `first` on behind it, in one round trip, where `n:*` can be trusted.
async fn opened_with(
    link: &mut Link,
    folder: &FolderName,
    first: u32,
    evidence: Evidence,
) -> Result<(FolderStatus, Option<Asked>)> {
    if !trusts_ranges(link) {
        return Ok((reopen(link, folder).await?, None));
    }
    let set = format!("{first}:*");
    let examine = !link.profile().select_first;
    let (selected, tag) = link.reopen_then(folder, examine, ask(&set, evidence)).await?;
    Ok((counted(selected), Some((tag, set))))
}

/// Whether `n:*` may be sent before the folder's counters are known. Exchange mixes up sequence numbers and UIDs in it, and refuses it in
/// an empty folder (quirks 40, 41); Courier tells no UIDNEXT, so it must be asked for first (quirk 83).
pub(super) fn trusts_ranges(link: &Link) -> bool {
    !link.profile().groupware && link.server().has("UIDPLUS")
}

/// A FETCH that is under way, and its set.
type Asked = (Tag, String);

fn range(first: u32, last: u32) -> Vec<String> {
    if first > last { Vec::new() } else { vec![format!("{first}:{last}")] }
}

pub(super) fn chunks(uids: &[u32]) -> Vec<String> {
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

/// The command that asks for a set.
pub(super) fn ask(set: &str, evidence: Evidence) -> Command {
    let what = match evidence {
        Evidence::Attributes => "(UID FLAGS INTERNALDATE RFC822.SIZE)".to_owned(),
        Evidence::Header => {
            let fields = mime::FINGERPRINT_FIELDS.join(" ");
            format!("(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({fields})])")
        }
        Evidence::Body => "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])".to_owned(),
    };
    Command::new("UID FETCH").word(set).word(&what)
}

/// The reading of one folder.
struct Search<'a> {
    link: &'a mut Link,
    folder: &'a FolderName,
    evidence: Evidence,
    pages: mpsc::Sender<Vec<Found>>,
    validity: u32,
    page: Vec<Found>,
    /// The highest UID told, for order and against repetition.
    highest: u32,
}

impl Search<'_> {
    /// Reads what is under way, then the sets.
    async fn run(&mut self, asked: Option<Asked>, sets: Vec<String>) -> Result<()> {
        let mut sets: VecDeque<String> = sets.into();
        let mut asked: VecDeque<Asked> = asked.into_iter().collect();
        while let Some((set, refusal)) = self.read(std::mem::take(&mut asked), &mut sets, self.evidence).await? {
            // There is nothing less to ask for than attributes.
            if self.evidence == Evidence::Attributes {
                return Err(refusal);
            }
            self.read_by_halves(&set).await?;
        }
        self.flush().await
    }

    /// Reads sets, some ahead, until one is refused: gives that one, and leaves those behind it in `sets`.
    async fn read(
        &mut self,
        mut asked: VecDeque<Asked>,
        sets: &mut VecDeque<String>,
        evidence: Evidence,
    ) -> Result<Option<(String, Error)>> {
        let mut refused: Option<(String, Error)> = None;
        let mut unread = Vec::new();
        loop {
            while refused.is_none()
                && asked.len() < limits::FINDS_AHEAD
                && let Some(set) = sets.pop_front()
            {
                self.link.pacer().unheld().await;
                let tag = self.link.connection().queue(ask(&set, evidence));
                asked.push_back((tag, set));
            }
            if asked.is_empty() {
                unread.into_iter().rev().for_each(|set| sets.push_front(set));
                return Ok(refused);
            }
            match self.link.event().await? {
                Event::Fetch(told) if refused.is_none() => self.take(*told).await?,
                Event::Tagged(tagged) => {
                    self.link.check(&tagged)?;
                    let at = asked.iter().position(|(tag, _)| *tag == tagged.tag);
                    let Some((_, set)) = at.and_then(|at| asked.remove(at)) else { continue };
                    if refused.is_some() {
                        unread.push(set);
                    } else if tagged.verdict != Verdict::Ok {
                        refused = Some((set, self.link.connection().refusal(&tagged)));
                    }
                }
                _ => {}
            }
        }
    }

    /// Reads a refused set in halves; of the one message that is to blame only the attributes are told.
    async fn read_by_halves(&mut self, set: &str) -> Result<()> {
        let mut parts: VecDeque<Vec<u32>> =
            self.uids(set).await?.chunks(limits::FETCH_CHUNK).map(<[u32]>::to_vec).collect();
        while let Some(mut part) = parts.pop_front() {
            if self.link.is_worn() {
                self.link.renew().await?;
                self.link.select(self.folder, true).await?;
            }
            let sets = || VecDeque::from([uidset::compact(&part)]);
            if self.read(VecDeque::new(), &mut sets(), self.evidence).await?.is_none() {
                continue;
            }
            if part.len() > 1 {
                let other = part.split_off(part.len() / 2);
                parts.push_front(other);
                parts.push_front(part);
            } else if let Some((_, refusal)) = self.read(VecDeque::new(), &mut sets(), Evidence::Attributes).await? {
                return Err(refusal);
            }
        }
        Ok(())
    }

    /// The UIDs of a set that were not told yet.
    async fn uids(&mut self, set: &str) -> Result<Vec<u32>> {
        let tag = self.link.connection().queue(Command::new("UID FETCH").word(set).word("(UID)"));
        let mut uids = BTreeSet::new();
        loop {
            match self.link.event().await? {
                Event::Fetch(told) => uids.extend(told.uid.filter(|uid| *uid > self.highest)),
                Event::Tagged(tagged) if tagged.tag == tag => return Ok(uids.into_iter().collect()),
                _ => {}
            }
        }
    }

    /// A message's reply.
    async fn take(&mut self, told: Attributes) -> Result<()> {
        if let Some(found) = found(told, self.validity, self.highest, self.evidence)? {
            self.highest = found.at.uid;
            self.page.push(found);
        }
        if self.page.len() >= limits::LISTING_PAGE { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<()> {
        if self.page.is_empty() {
            return Ok(());
        }
        self.pages.send(std::mem::take(&mut self.page)).await.map_err(|_| Error::canceled())
    }
}

/// What a reply tells of a message above `highest`. One without a size tells a change of flags that somebody made meanwhile.
pub(super) fn found(told: Attributes, validity: u32, highest: u32, evidence: Evidence) -> Result<Option<Found>> {
    let (Some(uid), Some(size)) = (told.uid, told.size) else { return Ok(None) };
    if uid <= highest {
        return Ok(None);
    }
    let literal = match evidence {
        Evidence::Attributes => None,
        Evidence::Header => told.header,
        Evidence::Body => told.body,
    };
    let body = match &literal {
        Some(Literal::Body(body)) => Some(body),
        _ => None,
    };
    let hashed = body.filter(|_| evidence == Evidence::Body);
    Ok(Some(Found {
        at: TargetUid { validity, uid },
        flags: told.flags.unwrap_or_default(),
        received_at: told.received_at.flatten(),
        size,
        fingerprint: body.map(mime::fingerprint_body).transpose().map_err(unreadable_spool)?,
        message_id: body.map(mime::message_id).transpose().map_err(unreadable_spool)?.flatten(),
        body_hash: hashed.map(Body::hash).transpose().map_err(unreadable_spool)?,
    }))
}

fn unreadable_spool(error: std::io::Error) -> Error {
    Error::new(Code::Disk, Side::System, Scope::Run, Disposition::NeedsPerson, "spool file").with_source(error)
}
