//! Fetching bodies, pipelined: several commands in flight within a window of bytes and messages.
//!
//! A server's NO for a set condemns nobody: the set is halved until the one message is found that it cannot deliver
//! (quirks 49, 55). An OK without the message is no proof that it is gone either (quirk 36): its UID is asked for once more.
//! Rejected: waiting for one command before the next is sent, for then every set costs a round trip.

use std::collections::VecDeque;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::{
    flight::{Answer, Flight, Item, Kind, Lost},
    opening::Opening,
};
use crate::{
    body::Body,
    clock,
    error::{Code, Disposition, Error, Result, Scope},
    imap::{Attributes, Command, Event, Literal, Tag, Tagged, Verdict, uidset, utf7},
    limits,
    mailbox::Link,
    mime,
    model::{FolderName, Reason},
    source::{FetchItem, FetchResult, Fetched},
};

/// What is fetched of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Body,
    /// The header fields of its fingerprint.
    Header,
}

/// A folder that is read under one epoch.
pub(super) struct Fetcher<'a> {
    link: &'a mut Link,
    folder: &'a FolderName,
    epoch: u64,
    part: Part,
    bodies: mpsc::Sender<Fetched>,
    /// Where what cannot be read goes, if somebody else may read it.
    lost: Option<&'a mut Vec<Lost>>,
    /// Not asked for yet.
    queue: VecDeque<Item>,
    /// Halves of refused sets, and single messages to ask for again: before the queue.
    again: VecDeque<Vec<Item>>,
    flying: VecDeque<Flight>,
    /// The EXAMINE that is under way: the first sets go out behind it.
    opening: Option<(Tag, Opening)>,
    /// Why nothing more is asked for.
    stopped: Option<Error>,
    /// The set that goes next, and what it waits for.
    next: Option<(Vec<Item>, BoxFuture<'static, ()>)>,
}

impl<'a> Fetcher<'a> {
    pub(super) fn new(
        link: &'a mut Link,
        folder: &'a FolderName,
        epoch: u64,
        part: Part,
        bodies: mpsc::Sender<Fetched>,
    ) -> Self {
        let (queue, again, flying, opening) = Default::default();
        let (stopped, next) = (None, None);
        Fetcher { link, folder, epoch, part, bodies, lost: None, queue, again, flying, opening, stopped, next }
    }

    /// Keeps what cannot be read in `lost`, up to [`limits::RESCUES`], instead of telling it.
    pub(super) fn keeping(self, lost: &'a mut Vec<Lost>) -> Self {
        Fetcher { lost: Some(lost), ..self }
    }

    /// Fetches until `items` closes and everything is told.
    pub(super) async fn run(mut self, mut items: mpsc::Receiver<Vec<FetchItem>>) -> Result<()> {
        self.open();
        let mut more = true;
        loop {
            self.choose().await?;
            let hungry = more && self.stopped.is_none() && self.queue.len() < limits::FETCH_WINDOW_MESSAGES;
            let answers = !self.flying.is_empty() || self.opening.is_some();
            let (idle, due) = (hungry && !answers && self.next.is_none(), self.link.due());
            tokio::select! {
                event = self.link.event(), if answers => self.take(event?).await?,
                () = admitted(&mut self.next), if self.next.is_some() && self.stopped.is_none() => self.send(),
                batch = items.recv(), if hungry => match batch {
                    Some(batch) => self.enqueue(batch)?,
                    None => more = false,
                },
                () = due, if idle => {
                    self.link.renew().await?;
                    self.open();
                }
                else => return self.stopped.map_or(Ok(()), Err),
            }
        }
    }

    /// Opens the folder read-only, without waiting for the answer.
    fn open(&mut self) {
        match self.link.examined(self.folder).map(|selected| selected.validity) {
            Some(validity) => self.stopped = self.unlike(validity),
            None => {
                self.link.forget_selection();
                let tag = self.link.connection().queue(Command::new("EXAMINE").folder(self.folder));
                self.opening = Some((tag, Opening::default()));
            }
        }
    }

    /// The folder is open, or cannot be opened. What was asked for behind it is answered first, for the session goes on.
    fn opened(&mut self, tagged: &Tagged, opening: &Opening) {
        let side = self.link.side();
        if tagged.verdict == Verdict::Ok {
            self.link.opened(self.folder, opening.selected());
            self.stopped = self.unlike(opening.validity.unwrap_or_default());
            return;
        }
        let refusal = self.link.connection().refusal(tagged);
        self.stopped = Some(match refusal.scope() {
            Scope::Message | Scope::Folder => {
                let retry = Disposition::RetryAfter(None);
                Error::new(Code::FolderSelect, side, Scope::Folder, retry, utf7::decode(self.folder.as_bytes()))
                    .with_reply(refusal.reply().unwrap_or_default())
            }
            _ => refusal,
        });
    }

    /// Why the folder is not the one that was listed.
    fn unlike(&self, validity: u32) -> Option<Error> {
        let subject = || utf7::decode(self.folder.as_bytes());
        let (side, retry) = (self.link.side(), Disposition::RetryAfter(None));
        (u64::from(validity) != self.epoch).then(|| Error::new(Code::Identity, side, Scope::Folder, retry, subject()))
    }

    fn enqueue(&mut self, batch: Vec<FetchItem>) -> Result<()> {
        for item in batch {
            self.queue.push_back(Item::of(&item)?);
        }
        Ok(())
    }

    /// Chooses the next set if the window has room for one. A worn session is replaced once nothing is in flight.
    async fn choose(&mut self) -> Result<()> {
        if self.next.is_some() || self.stopped.is_some() || !self.has_room() {
            return Ok(());
        }
        if self.link.is_worn() {
            if !self.flying.is_empty() {
                return Ok(());
            }
            self.link.renew().await?;
            self.open();
        }
        if let Some(set) = self.next_set() {
            let admission = self.link.admission(set.len(), set.iter().map(|item| item.size).sum());
            let room = self.link.bodies().room(limits::FETCH_CHUNK_BYTES);
            let admitted = async move {
                clock::timeout(limits::ROOM_WAIT, room).await;
                admission.await;
            };
            self.next = Some((set, Box::pin(admitted)));
        }
        Ok(())
    }

    /// A window is overstepped by one command at most: a body larger than all of it must come too. The same holds for the memory
    /// that the process has for bodies, for which the only command waits a little.
    fn has_room(&self) -> bool {
        let messages: usize = self.flying.iter().map(|flight| flight.items.len()).sum();
        let bytes: u64 = self.flying.iter().map(Flight::bytes).sum();
        let fits = self.flying.is_empty() || self.link.bodies().has_room(limits::FETCH_CHUNK_BYTES);
        messages < self.window() && bytes < limits::FETCH_WINDOW_BYTES && fits
    }

    /// Messages asked for and not yet here: few after a throttle.
    fn window(&self) -> usize {
        limits::FETCH_WINDOW_MESSAGES.min(self.link.pacer().window())
    }

    /// The messages of the next command: large bodies alone.
    fn next_set(&mut self) -> Option<Vec<Item>> {
        if let Some(group) = self.again.pop_front() {
            return Some(group);
        }
        let most = limits::FETCH_CHUNK.min(self.link.burst()).min(self.window());
        let mut group = vec![self.queue.pop_front()?];
        let mut bytes = group[0].size;
        while group.len() < most
            && let Some(next) = self.queue.pop_front_if(|item| bytes + item.size <= limits::FETCH_CHUNK_BYTES)
        {
            bytes += next.size;
            group.push(next);
        }
        group.sort_by_key(|item| item.uid);
        Some(group)
    }

    /// Sends the set that was admitted.
    fn send(&mut self) {
        if let Some((set, _)) = self.next.take() {
            self.ask(set, Kind::Bodies);
        }
    }

    fn ask(&mut self, set: Vec<Item>, kind: Kind) {
        let bytes = set.iter().map(|item| item.size).sum();
        let uids: Vec<u32> = set.iter().map(|item| item.uid).collect();
        let what = match (kind, self.part) {
            (Kind::Check, _) => "(UID)".to_owned(),
            (Kind::Bodies, Part::Body) => "(UID BODY.PEEK[])".to_owned(),
            (Kind::Bodies, Part::Header) => {
                format!("(UID BODY.PEEK[HEADER.FIELDS ({})])", mime::FINGERPRINT_FIELDS.join(" "))
            }
        };
        let command = Command::new("UID FETCH").word(&uidset::compact(&uids)).word(&what).expecting(bytes);
        let tag = self.link.connection().queue(command);
        let whole = kind == Kind::Bodies && self.part == Part::Body;
        let promise = whole.then(|| self.link.bodies().promise(set.iter().map(|item| item.size)));
        self.flying.push_back(Flight::new(tag, kind, set, promise));
    }

    async fn take(&mut self, event: Event) -> Result<()> {
        if let Some((tag, opening)) = &mut self.opening {
            match &event {
                Event::Tagged(tagged) if tagged.tag == *tag => {
                    let opening = *opening;
                    self.opening = None;
                    self.link.check(tagged)?;
                    self.opened(tagged, &opening);
                    return Ok(());
                }
                Event::Tagged(_) => {}
                // No message is taken before its folder is known to be the right one.
                event => {
                    opening.note(event);
                    return Ok(());
                }
            }
        }
        match event {
            Event::Fetch(_) if self.stopped.is_some() => Ok(()),
            Event::Fetch(attributes) => self.take_message(*attributes).await,
            Event::Tagged(tagged) => self.take_completion(tagged).await,
            _ => Ok(()),
        }
    }

    /// A message's reply. One without a body tells a change of flags, or that a message asked for again is still there.
    async fn take_message(&mut self, told: Attributes) -> Result<()> {
        let Some(uid) = told.uid else { return Ok(()) };
        let literal = match self.part {
            Part::Body => told.body,
            Part::Header => told.header,
        };
        let Some(literal) = literal else {
            self.flying.iter_mut().for_each(|flight| flight.see(uid));
            return Ok(());
        };
        let mut asked = self.flying.iter_mut().filter(|flight| flight.kind == Kind::Bodies);
        let Some(item) = asked.find_map(|flight| flight.take(uid)) else { return Ok(()) };
        match literal {
            Literal::Body(body) if self.link.profile().groupware && is_notice(&body) => {
                self.unreadable(item, "the server sent a notice that it cannot retrieve the message").await
            }
            Literal::Body(body) if !body.is_empty() => self.tell(item, FetchResult::Body(body)).await,
            Literal::Body(_) | Literal::Nil => self.ask_again(item, "the server sends no content").await,
            Literal::Dropped(why) => self.unreadable(item, &why).await,
        }
    }

    async fn take_completion(&mut self, tagged: Tagged) -> Result<()> {
        let Some(at) = self.flying.iter().position(|flight| flight.tag == tagged.tag) else { return Ok(()) };
        let Some(flight) = self.flying.remove(at) else { return Ok(()) };
        if self.stopped.is_some() {
            return Ok(());
        }
        self.link.check(&tagged)?;
        if flight.arrived() > 0 {
            self.link.pacer().succeeded(flight.arrived());
        }
        match flight.answer(&tagged) {
            Answer::Complete => Ok(()),
            Answer::Missing(group) => {
                self.link.connection().queue(Command::new("NOOP"));
                self.ask(group, Kind::Check);
                Ok(())
            }
            Answer::Halves(one, other) => {
                self.again.push_front(other);
                self.again.push_front(one);
                Ok(())
            }
            Answer::Poison(item) => self.unreadable(item, &tagged.text).await,
            Answer::Checked { there, gone } => {
                for item in there {
                    self.ask_again(item, "the server lists the message and sends nothing of it").await?;
                }
                for item in gone {
                    self.tell(item, FetchResult::Vanished).await?;
                }
                Ok(())
            }
        }
    }

    /// Asks once more (quirk 70: empty at first, right the second time); after that the message cannot be read.
    async fn ask_again(&mut self, item: Item, why: &str) -> Result<()> {
        if item.again {
            return self.unreadable(item, why).await;
        }
        self.again.push_back(vec![Item { again: true, ..item }]);
        Ok(())
    }

    async fn unreadable(&mut self, item: Item, words: &str) -> Result<()> {
        let reason = Reason { code: Code::ItemFetch, words: words.to_owned() };
        if let Some(lost) = self.lost.as_mut().filter(|lost| lost.len() < limits::RESCUES) {
            lost.push(Lost { item, reason });
            return Ok(());
        }
        self.tell(item, FetchResult::Unreadable(reason)).await
    }

    async fn tell(&mut self, item: Item, what: FetchResult) -> Result<()> {
        self.bodies.send(Fetched { row: item.row, what }).await.map_err(|_| Error::canceled())
    }
}

/// Whether it is Exchange's placeholder for what it cannot render (quirk 37), which is never copied as if it were the mail: a short message
/// with these words as its subject, or at the beginning of a line. Mail that only quotes them is mail.
pub(super) fn is_notice(body: &Body) -> bool {
    const NOTICE: &[u8] = b"Retrieval using the IMAP4 protocol failed for the following message";
    if body.len() > limits::NOTICE {
        return false;
    }
    let start = body.chunk(0, 4096).unwrap_or_default();
    start.split(|byte| *byte == b'\n').any(|line| line.strip_prefix(b"Subject: ").unwrap_or(line).starts_with(NOTICE))
}

/// Waits for the admission of the next set; pends where there is none.
async fn admitted(next: &mut Option<(Vec<Item>, BoxFuture<'static, ()>)>) {
    match next {
        Some((_, admission)) => admission.await,
        None => std::future::pending().await,
    }
}
