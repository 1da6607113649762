//! Exports: several items in one request, requests side by side (microsoft365.md §5.2 and §5.4).
//!
//! What a reply leaves out without a word, and what is refused in company, is asked for alone; what is then still refused is unreadable. Trouble
//! that may be the service's own counts against an item only if others came meanwhile, or if it lasts while the service answers something else.

use std::collections::VecDeque;

use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use tokio::sync::mpsc;

use crate::{
    body::{Body, BodyStore},
    clock,
    error::{Code, Disposition, Error, Result},
    graph::{Export, ItemStore},
    limits,
    model::Reason,
    pace::Limiter,
    source::{
        FetchItem, FetchResult, Fetched,
        graph::fetch::{is_gone, judge, may_pass},
    },
};

/// An item that is asked for.
struct Wanted {
    row: i64,
    id: String,
    size: u64,
    /// How often it was asked for in vain.
    tries: u32,
    /// What had come of the mailbox when it was first asked for in vain.
    came: u64,
}

/// Reads items until nobody asks for more.
pub(super) struct Fetcher<'a> {
    store: &'a ItemStore,
    bodies: &'a BodyStore,
    limiter: &'a Limiter,
    queue: VecDeque<Wanted>,
    told: VecDeque<Fetched>,
}

impl<'a> Fetcher<'a> {
    pub(super) fn new(store: &'a ItemStore, bodies: &'a BodyStore, limiter: &'a Limiter) -> Self {
        Fetcher { store, bodies, limiter, queue: VecDeque::new(), told: VecDeque::new() }
    }

    /// Fetches until `items` closes and everything is told.
    pub(super) async fn run(
        mut self,
        items: mpsc::Receiver<Vec<FetchItem>>,
        tell: mpsc::Sender<Fetched>,
    ) -> Result<()> {
        let ended = self.read_all(items, &tell).await;
        // What is known is told even if the session failed: the verdict on an item would take as long again.
        for fetched in self.told {
            tell.send(fetched).await.map_err(|_| Error::canceled())?;
        }
        ended
    }

    async fn read_all(
        &mut self,
        mut items: mpsc::Receiver<Vec<FetchItem>>,
        tell: &mpsc::Sender<Fetched>,
    ) -> Result<()> {
        let mut flying = FuturesUnordered::new();
        let mut more = true;
        loop {
            // What came and was not taken yet is memory: another export waits for it.
            while flying.len() < limits::GRAPH_IN_FLIGHT as usize
                && self.told.len() < limits::GRAPH_BATCH
                && let Some(batch) = self.batch()
            {
                flying.push(export(self.store, self.bodies, self.limiter, batch).boxed());
            }
            let hungry = more && self.queue.is_empty();
            tokio::select! {
                place = tell.reserve(), if !self.told.is_empty() => {
                    let place = place.map_err(|_| Error::canceled())?;
                    if let Some(fetched) = self.told.pop_front() {
                        place.send(fetched);
                    }
                }
                Some(landed) = flying.next(), if !flying.is_empty() => match landed {
                    Landed::Export(batch, outcome) => {
                        for suspect in self.take(batch, outcome)? {
                            flying.push(ask_else(self.store, suspect).boxed());
                        }
                    }
                    Landed::Judged(wanted, reason) => self.tell(wanted.row, FetchResult::Unreadable(reason?)),
                },
                chunk = items.recv(), if hungry => match chunk {
                    Some(chunk) => self.enqueue(&chunk)?,
                    None => more = false,
                },
                else => return Ok(()),
            }
        }
    }

    fn enqueue(&mut self, chunk: &[FetchItem]) -> Result<()> {
        for item in chunk {
            let id = super::id(&item.id)?;
            self.queue.push_back(Wanted { row: item.row, id, size: item.size, tries: 0, came: 0 });
        }
        Ok(())
    }

    /// The next items that go in one request: few enough, small enough; one that failed before goes alone.
    fn batch(&mut self) -> Option<Vec<Wanted>> {
        let first = self.queue.pop_front()?;
        let (mut bytes, alone) = (first.size, first.tries > 0);
        let mut batch = vec![first];
        while !alone
            && batch.len() < limits::GRAPH_BATCH
            && let Some(next) =
                self.queue.pop_front_if(|next| next.tries == 0 && bytes + next.size <= limits::EXPORT_BYTES)
        {
            bytes += next.size;
            batch.push(next);
        }
        Some(batch)
    }

    /// Takes note of what became of a request: items are told, or asked for again; those that were asked for in vain too often are returned,
    /// with the last word about them.
    ///
    /// # Errors
    /// The session failed.
    fn take(&mut self, batch: Vec<Wanted>, outcome: Result<Vec<Export>>) -> Result<Vec<Suspect>> {
        let mut suspects = Vec::new();
        match outcome {
            Ok(exports) => {
                for (wanted, export) in batch.into_iter().zip(exports) {
                    match export {
                        Export::Item { stream, .. } if !stream.is_empty() => {
                            self.store.mailbox().content().came();
                            self.tell(wanted.row, FetchResult::Sealed(stream));
                        }
                        Export::Item { .. } | Export::Omitted => suspects.extend(self.again(wanted, None)),
                        Export::Refused(error) => suspects.extend(self.refused(wanted, error)?),
                    }
                }
            }
            Err(error) => match <[Wanted; 1]>::try_from(batch) {
                Ok([wanted]) => suspects.extend(self.refused(wanted, error)?),
                // Each has to be asked alone to know about which this is.
                Err(several) if is_no_back_off(&error) => {
                    suspects.extend(several.into_iter().filter_map(|wanted| self.again(wanted, None)));
                }
                Err(_) => return Err(error),
            },
        }
        Ok(suspects)
    }

    fn refused(&mut self, wanted: Wanted, error: Error) -> Result<Option<Suspect>> {
        if is_gone(&error) {
            self.tell(wanted.row, FetchResult::Vanished);
            return Ok(None);
        }
        // An answer that breaks off may break off at this item each time.
        if !may_pass(&error) && !is_no_back_off(&error) {
            return Err(error);
        }
        Ok(self.again(wanted, Some(error)))
    }

    /// Asks for an item once more; `Some` if that was done often enough.
    fn again(&mut self, mut wanted: Wanted, error: Option<Error>) -> Option<Suspect> {
        let came = self.store.mailbox().content().count();
        wanted.came = if wanted.tries == 0 { came } else { wanted.came };
        wanted.tries += 1;
        if wanted.tries <= limits::GRAPH_ITEM_TRIES {
            self.queue.push_back(wanted);
            return None;
        }
        let others_came = came > wanted.came;
        Some(Suspect { wanted, error, others_came })
    }

    fn tell(&mut self, row: i64, what: FetchResult) {
        self.told.push_back(Fetched { row, what });
    }
}

/// An item that was asked for in vain, with the last word about it, and whether others came meanwhile.
struct Suspect {
    wanted: Wanted,
    error: Option<Error>,
    others_came: bool,
}

/// What a request in flight came to.
enum Landed {
    Export(Vec<Wanted>, Result<Vec<Export>>),
    /// Why the item cannot be read, or that the service answers nothing else either.
    Judged(Wanted, Result<Reason>),
}

/// Whether trouble names no time to wait for, so that another request may do better at once.
fn is_no_back_off(error: &Error) -> bool {
    error.disposition() == Disposition::RetryAfter(None)
}

/// Whether it is the item or the service.
async fn ask_else(store: &ItemStore, suspect: Suspect) -> Landed {
    let Suspect { wanted, error, others_came } = suspect;
    let words = match &error {
        Some(error) => error.reply().unwrap_or_else(|| error.subject()).to_owned(),
        None => "the service leaves it out of its answers without a word".to_owned(),
    };
    let judged = judge(store.mailbox(), error, others_came).await;
    Landed::Judged(wanted, judged.map(|()| Reason { code: Code::ItemFetch, words }))
}

/// Exports a batch once its turn has come.
async fn export(store: &ItemStore, bodies: &BodyStore, limiter: &Limiter, batch: Vec<Wanted>) -> Landed {
    let tries = batch.first().map_or(0, |wanted| wanted.tries);
    if tries > 1 {
        clock::sleep(limits::GRAPH_ITEM_WAIT * (tries - 1)).await;
    }
    clock::timeout(limits::ROOM_WAIT, bodies.room(limits::EXPORT_BYTES)).await;
    limiter.take(u32::try_from(batch.len()).unwrap_or(u32::MAX), 0).await;
    let ids: Vec<String> = batch.iter().map(|wanted| wanted.id.clone()).collect();
    let outcome = store.export(&ids, bodies).await;
    if let Ok(exports) = &outcome {
        limiter.take(0, exports.iter().map(length).sum()).await;
    }
    Landed::Export(batch, outcome)
}

fn length(export: &Export) -> u64 {
    match export {
        Export::Item { stream, .. } => Body::len(stream),
        Export::Refused(_) | Export::Omitted => 0,
    }
}
