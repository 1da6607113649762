//! Fetching messages, several under way where the server is able to.
//!
//! A refusal condemns no message by itself: the session may have failed it. It is asked for once more in another session, which also shows
//! whether it is still there. Rejected: to take the words of the refusal for it, for every server has its own.

use std::collections::{HashMap, VecDeque};

use futures_util::{future::BoxFuture, poll};
use tokio::sync::mpsc;

use super::{
    ids,
    link::{Answer, Link, Part},
    maildrop::{Maildrop, Message},
};
use crate::{
    body::{Body, Promise},
    clock,
    error::{Code, Disposition, Error, Result},
    limits,
    model::Reason,
    source::{FetchItem, FetchResult, Fetched},
};

/// Shows `each` header of these messages with its number, one at a time; those that are refused are left out. Where there is no TOP, or it
/// fails, they are read whole.
pub(super) async fn headers(
    link: &mut Link,
    numbers: Vec<u32>,
    mut each: impl FnMut(u32, &Body) -> Result<()> + Send,
) -> Result<()> {
    let part = if link.has_top() { Part::Header } else { Part::Whole };
    let mut refused = Vec::new();
    let note = |number, answer| match answer {
        Answer::Body(body) => each(number, &body),
        Answer::Refused(_) => {
            refused.push(number);
            Ok(())
        }
    };
    link.read(part, numbers, note).await?;
    if part == Part::Whole {
        return Ok(());
    }
    let again = |number, answer| match answer {
        Answer::Body(body) => each(number, &body),
        Answer::Refused(_) => Ok(()),
    };
    link.read(Part::Whole, refused, again).await
}

/// A message that is wanted.
struct Wanted {
    row: i64,
    id: Vec<u8>,
    message: Message,
    promise: Option<Promise>,
}

/// Reads messages until nobody asks for more.
pub(super) struct Fetcher<'a> {
    link: &'a mut Link,
    bodies: mpsc::Sender<Fetched>,
    queue: VecDeque<Wanted>,
    flying: VecDeque<Wanted>,
    /// What goes next, and what it waits for.
    next: Option<(Wanted, BoxFuture<'static, ()>)>,
    /// Messages that were refused in this session, and the words.
    doubtful: Vec<(Wanted, String)>,
    /// Messages that came.
    came: u64,
    /// Messages that were asked for in this session.
    asked: u64,
}

impl<'a> Fetcher<'a> {
    pub(super) fn new(link: &'a mut Link, bodies: mpsc::Sender<Fetched>) -> Self {
        let (queue, flying, next, doubtful) = Default::default();
        Fetcher { link, bodies, queue, flying, next, doubtful, came: 0, asked: 0 }
    }

    /// Fetches until `items` closes and everything is told.
    pub(super) async fn run(mut self, mut items: mpsc::Receiver<Vec<FetchItem>>) -> Result<()> {
        let mut more = true;
        loop {
            self.renew_if_worn().await?;
            self.fill().await;
            let hungry = more && self.queue.len() < limits::FETCH_WINDOW_MESSAGES;
            let idle = self.flying.is_empty() && self.next.is_none();
            tokio::select! {
                answer = self.link.answer(), if !self.flying.is_empty() => self.take(answer?.1).await?,
                () = admitted(&mut self.next), if self.next.is_some() => self.send(),
                batch = items.recv(), if hungry => match batch {
                    Some(batch) => self.enqueue(batch).await?,
                    None => more = false,
                },
                () = clock::sleep(limits::POP3_IDLE), if idle && more => self.link.stay().await?,
                else => break,
            }
        }
        self.settle_doubts().await
    }

    /// Looks up what is wanted; what the session does not show is gone.
    async fn enqueue(&mut self, batch: Vec<FetchItem>) -> Result<()> {
        let maildrop = self.link.maildrop().await?;
        for FetchItem { row, id, .. } in batch {
            match maildrop.get(&id) {
                Some(message) => self.queue.push_back(Wanted { row, id, message, promise: None }),
                None => self.tell(row, missing(&maildrop, &id)).await?,
            }
        }
        Ok(())
    }

    /// A session that its server is about to end is replaced once nothing is under way; numbers are another session's then.
    async fn renew_if_worn(&mut self) -> Result<()> {
        if !self.is_worn() || !self.flying.is_empty() || self.next.is_some() {
            return Ok(());
        }
        self.link.renew().await?;
        self.asked = 0;
        let wanted: Vec<Wanted> = self.queue.drain(..).collect();
        let items = wanted.into_iter().map(|w| FetchItem { row: w.row, id: w.id, size: w.message.bytes });
        self.enqueue(items.collect()).await
    }

    /// Each session is of some use, however soon its server ends it.
    fn is_worn(&self) -> bool {
        self.asked > 0 && self.link.is_worn()
    }

    /// Asks for as many as the window has room for and the pace lets through at once.
    async fn fill(&mut self) {
        while self.next.is_none()
            && self.has_room()
            && let Some(wanted) = self.queue.pop_front()
        {
            let mut admission = self.admission(&wanted);
            let ready = poll!(&mut admission).is_ready();
            self.next = Some((wanted, admission));
            if !ready {
                return;
            }
            self.send();
        }
    }

    fn admission(&self, wanted: &Wanted) -> BoxFuture<'static, ()> {
        let admission = self.link.admission(wanted.message.bytes);
        let room = self.flying.is_empty().then(|| self.link.bodies().room(limits::FETCH_CHUNK_BYTES));
        Box::pin(async move {
            if let Some(room) = room {
                clock::timeout(limits::ROOM_WAIT, room).await;
            }
            admission.await;
        })
    }

    /// A window is overstepped by one message at most: one larger than all of it must come too.
    fn has_room(&self) -> bool {
        if self.flying.is_empty() {
            return !self.is_worn();
        }
        let bytes: u64 = self.flying.iter().map(|wanted| wanted.message.bytes).sum();
        let fits = self.link.bodies().has_room(limits::FETCH_CHUNK_BYTES);
        self.flying.len() < self.link.room() && bytes < limits::FETCH_WINDOW_BYTES && fits
    }

    fn send(&mut self) {
        if let Some((mut wanted, _)) = self.next.take() {
            wanted.promise = Some(self.link.bodies().promise(std::iter::once(wanted.message.bytes)));
            self.link.ask(wanted.message.number, Part::Whole);
            self.asked += 1;
            self.flying.push_back(wanted);
        }
    }

    async fn take(&mut self, answer: Answer) -> Result<()> {
        let Some(wanted) = self.flying.pop_front() else { return Ok(()) };
        match answer {
            Answer::Refused(reply) => match self.link.more_than_a_message(&reply) {
                Some(error) => Err(error),
                None => self.refused(wanted, reply.in_full()).await,
            },
            Answer::Body(body) if body.is_empty() => {
                self.refused(wanted, "the server sends no content".to_owned()).await
            }
            Answer::Body(body) => self.arrived(wanted, body).await,
        }
    }

    async fn arrived(&mut self, wanted: Wanted, body: Body) -> Result<()> {
        self.came += 1;
        if ids::is_by_content(&wanted.id) && !ids::fits(&wanted.id, body.hash().map_err(super::link::spool)?) {
            return Err(self.link.other_maildrop());
        }
        if self.link.is_stub(&body) {
            let words = "the server sent a notice that it cannot retrieve the message".to_owned();
            return self.tell(wanted.row, unreadable(words)).await;
        }
        self.tell(wanted.row, FetchResult::Body(body)).await
    }

    /// A message that two sessions refuse cannot be read.
    async fn refused(&mut self, mut wanted: Wanted, words: String) -> Result<()> {
        wanted.promise = None;
        match self.link.habits().refused_before(&wanted.id) {
            true => self.tell(wanted.row, unreadable(words)).await,
            false => {
                self.doubtful.push((wanted, words));
                Ok(())
            }
        }
    }

    /// Asks another session for what this one refused.
    async fn settle_doubts(mut self) -> Result<()> {
        let doubtful = std::mem::take(&mut self.doubtful);
        let Some((_, words)) = doubtful.first() else { return Ok(()) };
        self.link.habits().doubt(doubtful.iter().map(|(wanted, _)| wanted.id.clone()));
        if doubtful.len() > 1 && self.came == 0 {
            // Nothing came at all: it may be the session that failed. Another one tells.
            return Err(self.link.error(Code::Server, Disposition::RetryAfter(None)).with_reply(words));
        }
        self.link.renew().await?;
        let maildrop = self.link.maildrop().await?;
        for (wanted, _) in doubtful {
            match maildrop.get(&wanted.id) {
                None => self.tell(wanted.row, missing(&maildrop, &wanted.id)).await?,
                Some(message) => {
                    self.link.ask(message.number, Part::Whole);
                    self.flying.push_back(Wanted { message, ..wanted });
                    let (_, answer) = self.link.answer().await?;
                    self.take(answer).await?;
                }
            }
        }
        Ok(())
    }

    async fn tell(&mut self, row: i64, what: FetchResult) -> Result<()> {
        self.bodies.send(Fetched { row, what }).await.map_err(|_| Error::canceled())
    }
}

/// What a message is that the session does not show: gone, unless it may be one of those that nobody could read.
fn missing(maildrop: &Maildrop, id: &[u8]) -> FetchResult {
    match maildrop.is_gone(id) {
        true => FetchResult::Vanished,
        false => unreadable(
            "the server has no unique ids and does not deliver every message: it may be one of those".to_owned(),
        ),
    }
}

fn unreadable(words: String) -> FetchResult {
    FetchResult::Unreadable(Reason { code: Code::ItemFetch, words })
}

/// Waits for the admission of the next message; pends where there is none.
async fn admitted(next: &mut Option<(Wanted, BoxFuture<'static, ()>)>) {
    match next {
        Some((_, admission)) => admission.await,
        None => std::future::pending().await,
    }
}

/// The rows of `items` by the numbers that their messages have in this session.
pub(super) fn numbered(items: &[FetchItem], number: impl Fn(&[u8]) -> Option<u32>) -> HashMap<u32, i64> {
    items.iter().filter_map(|item| Some((number(&item.id)?, item.row))).collect()
}
