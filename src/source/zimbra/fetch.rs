//! Fetching messages: archives of hundreds, and one by one what an archive did not bring (zimbra.md §5.6 and §8).
//!
//! An archive's clean end proves nothing: what was asked for and did not come is what counts. A message that is gone hides all that follow it in
//! the list; one whose bytes are lost is only left out. So the first that is missing behind the last that came is asked for alone, with those
//! left out before it, and the others again. Each round settles one message at least.

use std::collections::{HashMap, VecDeque};

use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::sync::mpsc;

use super::{ZimbraSettings, message, remarks::Remarks};
use crate::{
    clock,
    error::{Code, Disposition, Error, Result, Scope},
    limits,
    model::Reason,
    pace::Limiter,
    source::{FetchItem, FetchResult, Fetched},
    zimbra::{Single, archive},
};

/// A message that is asked for.
#[derive(Clone, Copy, Debug)]
struct Item {
    row: i64,
    id: u32,
    size: u64,
    /// How often it was asked for alone in vain.
    tries: u32,
}

impl Item {
    /// # Errors
    /// The id is not one that this adapter told.
    fn of(item: &FetchItem) -> Result<Self> {
        let id = message::id(&item.id).ok_or_else(|| Error::bug("an id of Zimbra has four bytes"))?;
        Ok(Item { row: item.row, id, size: item.size, tries: 0 })
    }
}

/// What a request left to do.
#[derive(Debug, Default)]
struct Rest {
    /// To be asked for alone.
    alone: Vec<Item>,
    /// To be asked for again.
    again: Vec<Item>,
    /// Messages that were settled.
    settled: usize,
    /// Why the request failed, where it did.
    failure: Option<Error>,
}

/// Reads messages until nobody asks for more.
pub(super) struct Fetcher<'a> {
    reader: Reader<'a>,
    queue: VecDeque<Item>,
    alone: VecDeque<Item>,
    /// Requests in a row that settled nothing.
    vain: u32,
}

/// What every request needs.
#[derive(Clone, Copy)]
struct Reader<'a> {
    settings: &'a ZimbraSettings,
    remarks: &'a Remarks,
    limiter: &'a Limiter,
    /// Whether archives are packed: where the line is far.
    packed: bool,
}

impl<'a> Fetcher<'a> {
    pub(super) fn new(settings: &'a ZimbraSettings, remarks: &'a Remarks, limiter: &'a Limiter, packed: bool) -> Self {
        let reader = Reader { settings, remarks, limiter, packed };
        Fetcher { reader, queue: VecDeque::new(), alone: VecDeque::new(), vain: 0 }
    }

    /// Fetches until `items` closes and everything is told. All requests are driven at once: one that nobody drives would keep its place among
    /// those that the allowance lets through.
    pub(super) async fn run(
        mut self,
        mut items: mpsc::Receiver<Vec<FetchItem>>,
        tell: mpsc::Sender<Fetched>,
    ) -> Result<()> {
        let mut flying: FuturesUnordered<BoxFuture<'a, Result<Rest>>> = FuturesUnordered::new();
        let mut more = true;
        loop {
            while self.queue.len() < limits::ZIMBRA_BATCH
                && let Ok(batch) = items.try_recv()
            {
                self.enqueue(&batch)?;
            }
            while flying.len() < limits::ZIMBRA_ARCHIVES
                && let Some(request) = self.next(&tell)
            {
                flying.push(request);
            }
            tokio::select! {
                Some(rest) = flying.next(), if !flying.is_empty() => self.take(rest?)?,
                batch = items.recv(), if more && self.queue.len() < limits::ZIMBRA_BATCH => match batch {
                    Some(batch) => self.enqueue(&batch)?,
                    None => more = false,
                },
                else => return Ok(()),
            }
        }
    }

    fn enqueue(&mut self, batch: &[FetchItem]) -> Result<()> {
        for item in batch {
            self.queue.push_back(Item::of(item)?);
        }
        Ok(())
    }

    /// The next request; after several in vain, one for a single message.
    fn next(&mut self, tell: &mpsc::Sender<Fetched>) -> Option<BoxFuture<'a, Result<Rest>>> {
        let (reader, tell) = (self.reader, tell.clone());
        if self.vain >= limits::ZIMBRA_VAIN {
            self.alone.extend(self.queue.pop_front());
        }
        if let Some(item) = self.alone.pop_front() {
            return Some(Box::pin(reader.single(item, tell)));
        }
        let mut batch = Vec::new();
        let mut bytes = 0;
        while batch.len() < limits::ZIMBRA_BATCH
            && let Some(item) = self.queue.front()
            && (batch.is_empty() || bytes + item.size <= limits::ZIMBRA_BATCH_BYTES)
        {
            bytes += item.size;
            batch.extend(self.queue.pop_front());
        }
        if batch.is_empty() { None } else { Some(Box::pin(reader.archive(batch, bytes, tell))) }
    }

    /// # Errors
    /// Request after request settles nothing: it is the session that failed.
    fn take(&mut self, Rest { alone, again, settled, failure }: Rest) -> Result<()> {
        self.alone.extend(alone);
        for item in again.into_iter().rev() {
            self.queue.push_front(item);
        }
        self.vain = if settled > 0 { 0 } else { self.vain + 1 };
        match failure {
            Some(error) if self.vain > limits::ZIMBRA_VAIN || !is_passing(&error) => Err(error),
            Some(error) => {
                tracing::debug!(%error, "A request for messages failed and is repeated.");
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// Whether the same request may do better.
fn is_passing(error: &Error) -> bool {
    matches!(error.disposition(), Disposition::RetryAfter(_)) && error.scope() <= Scope::Mailbox
}

impl Reader<'_> {
    /// Reads an archive of `batch` and tells every message that it proves.
    async fn archive(self, batch: Vec<Item>, bytes: u64, tell: mpsc::Sender<Fetched>) -> Result<Rest> {
        let ZimbraSettings { mailbox, bodies, patience, .. } = self.settings;
        clock::timeout(limits::ROOM_WAIT, bodies.room(bytes.min(limits::FETCH_CHUNK_BYTES))).await;
        self.limiter.take(u32::try_from(batch.len()).unwrap_or(u32::MAX), bytes).await;
        let ids: Vec<u32> = batch.iter().map(|item| item.id).collect();
        let answer = match mailbox.archive(&ids, self.packed).await {
            Ok(answer) => answer,
            Err(failure) => return Ok(Rest { again: batch, failure: Some(failure), ..Rest::default() }),
        };
        let (send, mut arriving) = mpsc::channel::<archive::Item>(limits::ZIMBRA_ITEMS);
        let places: HashMap<u32, usize> = ids.iter().copied().zip(0..).collect();
        let mut seen = vec![Seen::Missing; batch.len()];
        let collect = async {
            while let Some(item) = arriving.recv().await {
                let Some((place, asked)) = places.get(&item.meta.id).and_then(|at| Some((*at, batch.get(*at)?))) else {
                    continue;
                };
                let Some(seen) = seen.get_mut(place).filter(|seen| **seen == Seen::Missing) else { continue };
                *seen = Seen::Wrong;
                if let archive::Content::Whole(body) = item.content {
                    let told = Fetched { row: asked.row, what: FetchResult::Body(body) };
                    tell.send(told).await.map_err(|_| Error::canceled())?;
                    *seen = Seen::Told;
                }
            }
            Ok(())
        };
        let (ended, told) = tokio::join!(answer.read(bodies.clone(), *patience, send), collect);
        told?;
        let rest = sort_out(&batch, &seen, &ended?);
        Ok(rest)
    }

    /// Reads one message, and tells it or why there is none.
    async fn single(self, mut item: Item, tell: mpsc::Sender<Fetched>) -> Result<Rest> {
        let ZimbraSettings { mailbox, bodies, .. } = self.settings;
        self.limiter.take(1, item.size).await;
        clock::sleep(limits::ZIMBRA_ITEM_WAIT * item.tries).await;
        item.tries += 1;
        let what = match mailbox.single(item.id, bodies).await {
            Ok(Single::Body(body)) => {
                if body.len() != item.size {
                    let (id, stated, stored) = (item.id, item.size, body.len());
                    let words = format!("message {id}: the server states {stated} bytes and has stored {stored}");
                    self.remarks.add(item.row, words);
                }
                FetchResult::Body(body)
            }
            Ok(Single::Vanished) => FetchResult::Vanished,
            Ok(Single::Unreadable(words)) if item.tries >= limits::ZIMBRA_ITEM_TRIES => {
                FetchResult::Unreadable(Reason {
                    code: Code::ItemFetch,
                    words: format!("its bytes are lost at the server ({words})"),
                })
            }
            // Asking was an answer: this is no vain request.
            Ok(Single::Unreadable(_)) => return Ok(Rest { alone: vec![item], settled: 1, ..Rest::default() }),
            Err(failure) => return Ok(Rest { alone: vec![item], failure: Some(failure), ..Rest::default() }),
        };
        tell.send(Fetched { row: item.row, what }).await.map_err(|_| Error::canceled())?;
        Ok(Rest { settled: 1, ..Rest::default() })
    }
}

/// What an archive brought of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Missing,
    /// Bytes that are not those that are stored.
    Wrong,
    Told,
}

/// What an archive that ended so left to do.
fn sort_out(batch: &[Item], seen: &[Seen], end: &archive::End) -> Rest {
    let reached = seen.iter().rposition(|seen| *seen != Seen::Missing).map_or(0, |last| last + 1);
    let mut rest = Rest::default();
    for (place, (item, seen)) in batch.iter().zip(seen).enumerate() {
        let hides_others = place == reached && *end == archive::End::Complete;
        match seen {
            Seen::Told => rest.settled += 1,
            Seen::Wrong => rest.alone.push(*item),
            Seen::Missing if place < reached || hides_others => rest.alone.push(*item),
            Seen::Missing => rest.again.push(*item),
        }
    }
    // What is to be asked for alone is as good as settled: its answer is an answer.
    rest.settled += rest.alone.len();
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zimbra::archive::End;

    fn sorted(seen: &[Seen], end: &End) -> (Vec<u32>, Vec<u32>) {
        let batch: Vec<Item> =
            (0..seen.len()).map(|n| Item { row: n as i64, id: n as u32, size: 1, tries: 0 }).collect();
        let rest = sort_out(&batch, seen, end);
        let ids = |items: Vec<Item>| items.into_iter().map(|item| item.id).collect();
        (ids(rest.alone), ids(rest.again))
    }

    #[test]
    fn what_did_not_come_is_classified() {
        use Seen::{Missing, Told, Wrong};
        let (complete, damaged) = (End::Complete, End::Damaged(String::new()));
        assert_eq!(sorted(&[Told, Told], &complete), (vec![], vec![]));
        assert_eq!(sorted(&[Told, Missing, Told], &complete), (vec![1], vec![]), "left out: its bytes are lost");
        assert_eq!(
            sorted(&[Told, Missing, Missing, Missing], &complete),
            (vec![1], vec![2, 3]),
            "hidden by one that is gone"
        );
        assert_eq!(sorted(&[Missing, Missing], &complete), (vec![0], vec![1]));
        assert_eq!(sorted(&[Told, Missing, Missing], &damaged), (vec![], vec![1, 2]), "cut");
        assert_eq!(sorted(&[Missing, Wrong, Missing], &damaged), (vec![0, 1], vec![2]));
    }
}
