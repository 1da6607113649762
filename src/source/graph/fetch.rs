//! Fetching messages: several `$value` requests side by side (microsoft365.md §4.2).
//!
//! A message that cannot be had is asked for again, for the service is often only busy; what it then still refuses is unreadable. Trouble
//! that may be the service's own counts against a message only if others came meanwhile, or if it lasts while the service answers something
//! else ([`judge`]): else it is the session that failed.

use std::collections::VecDeque;

use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use tokio::sync::mpsc;

use super::message;
use crate::{
    body::{Body, BodyStore},
    clock,
    error::{Code, Disposition, Error, Result, Scope},
    graph::{Mailbox, WellKnown},
    limits,
    model::Reason,
    pace::Limiter,
    source::{FetchItem, FetchResult, Fetched},
};

/// A message that is asked for.
struct Item {
    row: i64,
    id: String,
    /// How often it was asked for in vain.
    tries: u32,
    /// What had come of the mailbox when it was first asked for in vain.
    came: u64,
}

impl Item {
    /// # Errors
    /// The id is not one that this adapter told.
    fn of(item: &FetchItem) -> Result<Self> {
        let id = message::immutable(&item.id).ok_or_else(|| Error::bug("an id of Graph is text"))?;
        Ok(Item { row: item.row, id, tries: 0, came: 0 })
    }
}

/// Reads messages until nobody asks for more.
pub(in crate::source) struct Fetcher<'a> {
    mailbox: &'a Mailbox,
    bodies: &'a BodyStore,
    limiter: &'a Limiter,
    queue: VecDeque<Item>,
    /// What is to be told.
    told: VecDeque<Fetched>,
}

impl<'a> Fetcher<'a> {
    pub(in crate::source) fn new(mailbox: &'a Mailbox, bodies: &'a BodyStore, limiter: &'a Limiter) -> Self {
        Fetcher { mailbox, bodies, limiter, queue: VecDeque::new(), told: VecDeque::new() }
    }

    /// Fetches until `items` closes and everything is told.
    ///
    /// Requests go on while what came waits to be taken: one that nobody drives would keep its place among those that the allowance lets through.
    pub(in crate::source) async fn run(
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
            while flying.len() + self.told.len() < limits::GRAPH_IN_FLIGHT as usize
                && let Some(item) = self.queue.pop_front()
            {
                flying.push(read(self.mailbox, self.bodies, self.limiter, item).boxed());
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
                    Landed::Read(item, outcome) => {
                        if let Some(suspect) = self.take(item, outcome)? {
                            flying.push(ask_else(self.mailbox, suspect).boxed());
                        }
                    }
                    Landed::Judged(row, reason) => self.tell(row, FetchResult::Unreadable(reason?)),
                },
                batch = items.recv(), if hungry => match batch {
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

    /// Takes note of what became of a request: it is told, or asked again; what was asked for in vain too often is returned.
    ///
    /// # Errors
    /// The session failed.
    fn take(&mut self, mut item: Item, outcome: Result<Body>) -> Result<Option<Suspect>> {
        let error = match outcome {
            Ok(body) if !body.is_empty() => {
                self.mailbox.content().came();
                self.tell(item.row, FetchResult::Body(body));
                return Ok(None);
            }
            Ok(_) => None,
            Err(error) if is_gone(&error) => {
                self.tell(item.row, FetchResult::Vanished);
                return Ok(None);
            }
            Err(error) if !may_pass(&error) => return Err(error),
            Err(error) => Some(error),
        };
        let came = self.mailbox.content().count();
        item.came = if item.tries == 0 { came } else { item.came };
        item.tries += 1;
        if item.tries < limits::GRAPH_ITEM_TRIES {
            self.queue.push_back(item);
            return Ok(None);
        }
        let words = match &error {
            Some(error) => error.reply().unwrap_or_else(|| error.subject()).to_owned(),
            None => "the service sends no content".to_owned(),
        };
        Ok(Some(Suspect { row: item.row, words, error, others_came: came > item.came }))
    }

    fn tell(&mut self, row: i64, what: FetchResult) {
        self.told.push_back(Fetched { row, what });
    }
}

/// What a request in flight came to.
enum Landed {
    Read(Item, Result<Body>),
    /// Why the message of this row cannot be read, or that the service answers nothing else either.
    Judged(i64, Result<Reason>),
}

/// A message that was asked for in vain, with the last word about it.
struct Suspect {
    row: i64,
    words: String,
    error: Option<Error>,
    others_came: bool,
}

async fn ask_else(mailbox: &Mailbox, suspect: Suspect) -> Landed {
    let Suspect { row, words, error, others_came } = suspect;
    let judged = judge(mailbox, error, others_came).await;
    Landed::Judged(row, judged.map(|()| Reason { code: Code::ItemFetch, words }))
}

/// Whether trouble with one thing, whose last word was `error`, is that thing's own. Where it may be the service's and nothing else came
/// meanwhile, it must have lasted ([`Content::is_doubted_for_long`](crate::graph::Content::is_doubted_for_long)), and a request about something
/// else tells: what the service knows of items it often answers while their content is not to be had.
///
/// # Errors
/// It is the service's, or may pass with it.
pub(in crate::source) async fn judge(mailbox: &Mailbox, error: Option<Error>, others_came: bool) -> Result<()> {
    let Some(error) = error else { return Ok(()) };
    match error.code() {
        Code::Throttled => Err(error),
        _ if others_came || error.scope() <= Scope::Message && error.code() != Code::Server => Ok(()),
        _ => {
            mailbox.well_known(WellKnown::Inbox).await.map_err(|error| error.scoped(Scope::Mailbox))?;
            let later = Disposition::RetryAfter(Some(limits::GRAPH_CONTENT_WAIT));
            let lasted = mailbox.content().is_doubted_for_long();
            lasted.then_some(()).ok_or_else(|| error.scoped(Scope::Mailbox).disposed(later))
        }
    }
}

/// Whether the service says that it has no such message any more. A 404 without that word may come from anything on the way.
pub(in crate::source) fn is_gone(error: &Error) -> bool {
    error.scope() <= Scope::Message && error.code() == Code::ItemVanished
}

/// Whether the same request may do better in a moment: it is about the message, or the service was short of something and named no time.
pub(in crate::source) fn may_pass(error: &Error) -> bool {
    let is_short = error.code() == Code::Server && error.disposition() == Disposition::RetryAfter(None);
    error.scope() <= Scope::Message || is_short
}

/// Asks for a message once its turn has come. Its size is known when it is here, so that the line's limit holds for what follows.
async fn read(mailbox: &Mailbox, bodies: &BodyStore, limiter: &Limiter, item: Item) -> Landed {
    if item.tries > 0 {
        clock::sleep(limits::GRAPH_ITEM_WAIT * item.tries).await;
    }
    clock::timeout(limits::ROOM_WAIT, bodies.room(limits::FETCH_CHUNK_BYTES)).await;
    limiter.take(1, 0).await;
    let outcome = mailbox.value(&item.id, bodies).await;
    if let Ok(body) = &outcome {
        limiter.take(0, body.len()).await;
    }
    Landed::Read(item, outcome)
}
