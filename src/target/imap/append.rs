//! Appending: groups become commands, several are in flight, and replies are read while bytes are written.
//!
//! What is certain is told at once: stored, refused, or not sent. What is not (sent, and no reply came) stays in doubt in the
//! ledger; of it is told only that the server itself ended the session, and when. After the first throttle nothing is begun, and the
//! replies that are due are awaited.
//! After a BAD the connection is closed at once, for a server that did not understand the command may go on reading the
//! message's text as commands. Rejected: STORE after APPEND for flags and date, which doubles the commands.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicBool, Ordering},
};

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::{
    kept::Kept,
    refusal::{refusal, stops},
    unit::Unit,
};
use crate::{
    clock,
    error::{Code, Disposition, Error, Result, Scope},
    imap::{Event, Tag, Tagged, Verdict, utf7},
    limits,
    mailbox::Link,
    model::FolderName,
    target::{AppendItem, AppendResult, Appended},
};

/// Appends groups as they come; see [`crate::target::TargetSession::append`]. `together` allows MULTIAPPEND.
pub(super) async fn append(
    link: &mut Link,
    folder: &FolderName,
    together: &AtomicBool,
    mut groups: mpsc::Receiver<Vec<AppendItem>>,
    outcomes: mpsc::Sender<Appended>,
) -> Result<()> {
    let opened = open(link, folder).await;
    let kept = match &opened {
        Ok(kept) => kept.clone(),
        Err(_) => Kept::by(link.profile(), None),
    };
    let (waiting, flying) = Default::default();
    let mut appender = Appender {
        link,
        folder,
        outcomes,
        kept,
        together,
        waiting,
        admission: None,
        flying,
        pause: None,
        stopped: opened.err(),
        goodbye: None,
    };
    let result = appender.run(&mut groups).await.map_err(|ended| appender.cause(ended));
    appender.tell_the_rest(groups).await?;
    result
}

/// A folder that is appended to.
struct Appender<'a> {
    link: &'a mut Link,
    folder: &'a FolderName,
    outcomes: mpsc::Sender<Appended>,
    kept: Kept,
    /// Whether groups go as MULTIAPPEND; shared by the mailbox's sessions, for a BAD to it ends the session.
    together: &'a AtomicBool,
    /// Not begun.
    waiting: VecDeque<Unit>,
    /// What the next one waits for.
    admission: Option<BoxFuture<'static, ()>>,
    flying: VecDeque<(Tag, Unit)>,
    /// Until when replies gather unread.
    pause: Option<clock::Instant>,
    /// Why nothing more is begun.
    stopped: Option<Error>,
    /// When the server's goodbye was read.
    goodbye: Option<clock::Instant>,
}

impl Appender<'_> {
    /// A stated back-off comes before the end of the session that it led to (quirk 2), for it says when to come back.
    fn cause(&mut self, ended: Error) -> Error {
        let stated = |stop: &Error| matches!(stop.disposition(), Disposition::RetryAfter(Some(_)));
        self.stopped.take().filter(stated).unwrap_or(ended)
    }

    /// What never left is certainly not stored, whatever ended the rest; of what was on its way is told how its session ended.
    async fn tell_the_rest(mut self, mut groups: mpsc::Receiver<Vec<AppendItem>>) -> Result<()> {
        self.withdraw();
        if let Some(at) = self.goodbye {
            for (_, unit) in std::mem::take(&mut self.flying) {
                self.tell_all(unit, |_| AppendResult::Unanswered(Some(at))).await?;
            }
        }
        groups.close();
        while let Some(group) = groups.recv().await {
            self.waiting.push_back(Unit { items: group });
        }
        for unit in std::mem::take(&mut self.waiting) {
            self.tell_all(unit, |_| AppendResult::NotSent).await?;
        }
        Ok(())
    }

    /// Appends until `groups` closes and everything that was sent is answered.
    async fn run(&mut self, groups: &mut mpsc::Receiver<Vec<AppendItem>>) -> Result<()> {
        let mut more = true;
        loop {
            self.admit().await?;
            // Else the next unit would wait for a reply, and each unit cost a round trip.
            let room = (!self.waiting.is_empty() && self.is_crowded()).then_some(limits::OUTBOX as u64 - 1);
            let hungry = more && self.stopped.is_none() && self.waiting.is_empty();
            let (idle, due) = (hungry && self.flying.is_empty(), self.link.due());
            tokio::select! {
                event = self.link.event_or_room(room), if !self.flying.is_empty() && self.pause.is_none() => {
                    if let Some(event) = event? {
                        self.take_all(event).await?;
                    }
                }
                () = paused(self.pause), if self.pause.is_some() => self.pause = None,
                () = admitted(&mut self.admission), if self.admission.is_some() && self.stopped.is_none() => self.send(),
                group = groups.recv(), if hungry => match group {
                    Some(group) => self.enqueue(group),
                    None => more = false,
                },
                () = due, if idle => self.renew().await?,
                else => return self.stopped.take().map_or(Ok(()), Err),
            }
        }
    }

    fn enqueue(&mut self, group: Vec<AppendItem>) {
        self.waiting.extend(Unit::of_group(
            group,
            self.together.load(Ordering::Relaxed),
            self.link.profile().eager_literal,
        ));
    }

    /// Lets the next unit wait for its admission, if the window has room for it. A worn session is replaced once nothing is
    /// in flight.
    async fn admit(&mut self) -> Result<()> {
        if self.admission.is_some() || self.stopped.is_some() || self.waiting.is_empty() {
            return Ok(());
        }
        if !self.window_has_room() || self.is_crowded() {
            return Ok(());
        }
        if self.link.is_worn() {
            if !self.flying.is_empty() {
                return Ok(());
            }
            self.renew().await?;
        }
        if let Some(unit) = self.waiting.front() {
            self.admission = Some(self.link.admission(unit.items.len(), unit.bytes()));
        }
        Ok(())
    }

    /// The window counts messages and bytes without a reply; it is overstepped by one command at most.
    fn window_has_room(&self) -> bool {
        let suspect =
            self.waiting.front().into_iter().chain(self.flying.iter().map(|(_, unit)| unit)).any(Unit::is_suspect);
        if suspect && !self.flying.is_empty() {
            return false;
        }
        let window = self.link.profile().window;
        let most = window.messages.min(self.link.pacer().window());
        let messages: usize = self.flying.iter().map(|(_, unit)| unit.items.len()).sum();
        let bytes: u64 = self.flying.iter().map(|(_, unit)| unit.bytes()).sum();
        messages < most.max(1) && bytes < window.bytes
    }

    /// Whether much lies in the outbox: it could not be held back any more when a throttle is read.
    fn is_crowded(&mut self) -> bool {
        self.link.connection().unsent() >= limits::OUTBOX as u64
    }

    /// Begins the unit that was admitted, unless the mailbox was stopped since.
    fn send(&mut self) {
        self.admission = None;
        if self.stopped.is_some() || self.link.pacer().is_held() {
            return;
        }
        if let Some(unit) = self.waiting.pop_front() {
            self.link.set_appending(true);
            let tag = self.link.connection().queue(unit.command(self.folder, &self.kept));
            self.flying.push_back((tag, unit));
        }
    }

    /// Takes back what is queued and not begun.
    fn withdraw(&mut self) {
        let withdrawn = self.link.connection().withdraw();
        let (back, flying) = std::mem::take(&mut self.flying).into_iter().partition(|(tag, _)| withdrawn.contains(tag));
        self.flying = flying;
        self.link.set_appending(!self.flying.is_empty());
        let back: VecDeque<(Tag, Unit)> = back;
        for (_, unit) in back.into_iter().rev() {
            self.waiting.push_front(unit);
        }
    }

    /// Takes a reply and those that were read with it. While much is in flight the next ones may gather: a server that takes
    /// messages one by one answers each by itself, and to wake up for each took as much CPU time as all other work on the message.
    async fn take_all(&mut self, event: Event) -> Result<()> {
        self.take(event).await?;
        while let Some(event) = self.link.try_event()? {
            self.take(event).await?;
        }
        let flying: usize = self.flying.iter().map(|(_, unit)| unit.items.len()).sum();
        let deep = flying >= limits::REPLIES_DEEP && 2 * flying > self.link.profile().window.messages;
        self.pause = (deep && self.link.connection().unsent() == 0).then(|| clock::instant() + limits::REPLIES_LINGER);
        Ok(())
    }

    async fn take(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Tagged(tagged) => {
                let Some(at) = self.flying.iter().position(|(tag, _)| *tag == tagged.tag) else { return Ok(()) };
                let Some((_, unit)) = self.flying.remove(at) else { return Ok(()) };
                self.link.set_appending(!self.flying.is_empty());
                self.settle(unit, &tagged).await
            }
            Event::Bye(words) => self.ended(&words).await,
            _ => Ok(()),
        }
    }

    /// Tells what a completion means for the messages of its unit.
    async fn settle(&mut self, unit: Unit, tagged: &Tagged) -> Result<()> {
        if tagged.verdict == Verdict::Ok {
            self.link.pacer().succeeded(u32::try_from(unit.items.len()).unwrap_or(u32::MAX));
            let mut places = unit.places(&tagged.code).into_iter();
            return self.tell_all(unit, |_| AppendResult::Stored(places.next().flatten())).await;
        }
        let throttled = self.link.throttled(tagged);
        if let Some(stop) = throttled.or_else(|| stops(self.link.connection(), tagged)) {
            self.stopped.get_or_insert(stop);
            self.withdraw();
            return self.tell_all(unit, |_| AppendResult::NotSent).await;
        }
        let unread = tagged.verdict == Verdict::Bad && unit.is_eager(self.link.profile().eager_literal);
        if unit.items.len() > 1 {
            // All or nothing (RFC 3502): nothing was stored, and one of them is to blame, or the command itself.
            self.together.fetch_and(tagged.verdict != Verdict::Bad, Ordering::Relaxed);
            for single in unit.singles().rev() {
                self.waiting.push_front(single);
            }
        } else {
            let refusal = refusal(tagged);
            self.tell_all(unit, |_| AppendResult::Refused(refusal.clone())).await?;
        }
        if unread { self.close_at_once(tagged).await } else { Ok(()) }
    }

    /// Replaces the connection; what was in flight on it is in doubt.
    async fn close_at_once(&mut self, tagged: &Tagged) -> Result<()> {
        let in_doubt = !self.flying.is_empty();
        self.renew().await?;
        if in_doubt {
            return Err(Error::lost(self.link.side(), self.link.describe()).with_reply(&tagged.text));
        }
        Ok(())
    }

    async fn renew(&mut self) -> Result<()> {
        self.link.renew().await?;
        self.goodbye = None;
        self.kept = open(self.link, self.folder).await?;
        Ok(())
    }

    /// The server ends the session. Gmail does so at the same message each time, for a character in it (quirk 52): that is
    /// a refusal, and of the message whose turn it was.
    async fn ended(&mut self, words: &str) -> Result<()> {
        self.goodbye = Some(clock::instant());
        if words.to_ascii_lowercase().contains("invalid character in literal")
            && let Some((tag, unit)) = self.flying.pop_front()
        {
            let reply = Tagged { tag, verdict: Verdict::No, code: Default::default(), text: words.to_owned() };
            if unit.items.len() == 1 {
                let refusal = refusal(&reply);
                self.tell_all(unit, |_| AppendResult::Refused(refusal.clone())).await?;
            }
        }
        Ok(())
    }

    async fn tell_all(&mut self, unit: Unit, mut what: impl FnMut(&AppendItem) -> AppendResult) -> Result<()> {
        for item in &unit.items {
            let told = Appended { row: item.row, what: what(item) };
            self.outcomes.send(told).await.map_err(|_| Error::canceled())?;
        }
        Ok(())
    }
}

/// Opens the folder where its server wants that, and tells which flags it keeps.
async fn open(link: &mut Link, folder: &FolderName) -> Result<Kept> {
    link.fresh().await?;
    let profile = link.profile();
    if !profile.select_first {
        return Ok(Kept::by(profile, None));
    }
    let side = link.side();
    let selected = link.select(folder, false).await?;
    if selected.read_only {
        let name = utf7::decode(folder.as_bytes());
        return Err(Error::new(Code::ReadOnly, side, Scope::Folder, Disposition::NeedsPerson, name));
    }
    Ok(Kept::by(profile, Some(selected)))
}

/// Waits for the admission; pends where there is none.
async fn admitted(admission: &mut Option<BoxFuture<'static, ()>>) {
    match admission {
        Some(admission) => admission.await,
        None => std::future::pending().await,
    }
}

/// Waits for the end of a pause; pends where there is none.
async fn paused(until: Option<clock::Instant>) {
    match until {
        Some(until) => clock::sleep_until(until).await,
        None => std::future::pending().await,
    }
}
