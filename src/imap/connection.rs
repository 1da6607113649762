//! A connection that is signed in: commands go out pipelined, replies come in as events.
//!
//! Writing and reading are driven by one future, so no full buffer on both sides can stop it, and every state is in the
//! connection, so that future may be dropped at any time. A command never waits for the reply to the one before, unless it
//! holds a literal that the server must agree to.

use std::{
    collections::VecDeque,
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::io::AsyncWrite;

use super::{
    Command, Completed, Event, Server, SignIn, Tag, deflate::Deflated, handshake, handshake::Io, intake::Intake,
    outbox::Outbox, refusal::Place, token::TokenSession,
};
use crate::{
    body::BodyStore,
    clock,
    error::{Code, Disposition, Error, Result, Scope},
    limits,
    oauth::{self, AccessToken},
    pace::Limiter,
};

/// A connection to one mailbox, signed in. Dropping it closes it.
pub struct Connection {
    stream: Box<dyn Io>,
    intake: Intake,
    outbox: Outbox,
    server: Server,
    place: Place,
    limiter: Limiter,
    /// The base deadline of a command.
    patience: Duration,
    next_tag: u32,
    /// Commands without a tagged reply and the bytes that travel for each.
    in_flight: VecDeque<(Tag, u64)>,
    /// When a byte came or went, or a command was queued into silence.
    progress: clock::Instant,
    /// Until when somebody listened: silence counts only while somebody does. A source whose target rests for five
    /// minutes is not late.
    heard: clock::Instant,
    /// Literals up to this many bytes are sent without waiting for `+`.
    at_once: u64,
    /// A reply that [`Connection::drive`] found and nobody took.
    ahead: Option<Event>,
    flushed: bool,
    /// Why nothing can be written any more; replies may still come.
    broken: Option<io::Error>,
    /// The words with which the server ended it.
    bye: Option<String>,
    /// What it was signed in with, where that ends.
    session: Option<TokenSession>,
}

impl Connection {
    /// Connects, signs in and learns what the server is able to do; the set-up is pipelined.
    ///
    /// # Errors
    /// The server cannot be reached, is not trusted, refuses the user ([`Code::Auth`] and its kin), signs in and then
    /// does not answer ([`Code::AuthAccess`], quirk 13), or is not an IMAP server.
    pub async fn open(how: &SignIn, bodies: BodyStore) -> Result<Connection> {
        handshake::open(how, bodies).await
    }

    /// Goes on over a stream that is signed in or about to.
    pub(super) fn over(stream: Box<dyn Io>, intake: Intake, server: Server, how: &SignIn, place: Place) -> Self {
        let at_once = server.literals_at_once();
        Connection {
            stream,
            intake,
            outbox: Outbox::default(),
            server,
            place,
            limiter: Limiter::new(how.rates),
            patience: how.deadline,
            next_tag: 1,
            in_flight: VecDeque::new(),
            progress: clock::instant(),
            heard: clock::instant(),
            at_once,
            ahead: None,
            flushed: true,
            broken: None,
            bye: None,
            session: None,
        }
    }

    /// What is known of the server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Whether it should be replaced before its server ends it, for the token it was signed in with grows old (quirk 15).
    pub fn is_due(&self) -> bool {
        self.due().is_some_and(|due| clock::instant() >= due)
    }

    /// When [`Connection::is_due`] begins; `None`: never.
    pub fn due(&self) -> Option<clock::Instant> {
        self.session.as_ref().map(TokenSession::due)
    }

    /// Says what it was signed in with.
    pub(super) fn lasts_as(&mut self, tokens: oauth::SignIn, token: AccessToken) {
        self.session = Some(TokenSession::new(tokens, token));
    }

    /// The limits that a person set for this connection; the caller takes from it before it queues.
    pub fn limiter(&self) -> &Limiter {
        &self.limiter
    }

    /// Appends a command to the outbox; nothing is awaited. [`Connection::event`] and [`Connection::drive`] send it.
    pub fn queue(&mut self, command: Command) -> Tag {
        let tag = Tag(self.next_tag);
        self.next_tag = self.next_tag.wrapping_add(1);
        if self.in_flight.is_empty() {
            self.progress = clock::instant();
        }
        self.in_flight.push_back((tag, command.weight()));
        self.outbox.push(tag, command, self.at_once);
        tag
    }

    /// The next reply. Writes and reads until there is one; without a command in flight it waits for what the server tells
    /// by itself, without a deadline.
    ///
    /// Dropping the future loses nothing: it may stand in a `tokio::select!` beside other sources of work.
    ///
    /// # Errors
    /// The connection is lost, or nothing came or went within the deadline of the commands in flight. After
    /// [`Event::Bye`] and what was read with it: lost, with the server's words ([`Code::Throttled`] if they say so).
    pub async fn event(&mut self) -> Result<Event> {
        loop {
            if let Some(event) = self.try_event()? {
                return Ok(event);
            }
            self.progress().await?;
        }
    }

    /// A reply that has been read already, without waiting.
    ///
    /// # Errors
    /// As [`Connection::event`].
    pub fn try_event(&mut self) -> Result<Option<Event>> {
        if let Some(event) = self.ahead.take() {
            return Ok(Some(event));
        }
        while let Some(event) = self.intake.event() {
            match &event {
                Event::Tagged(tagged) => self.answered(tagged.tag),
                Event::Continue(_) if self.outbox.go_on() => continue,
                Event::Bye(words) => {
                    self.session.iter().for_each(|session| session.ended(words));
                    self.bye = Some(words.clone());
                }
                _ => {}
            }
            return Ok(Some(event));
        }
        if self.bye.is_some() { Err(self.lost()) } else { Ok(None) }
    }

    /// Sends until at most `most` bytes of the outbox are left, or a reply waits for [`Connection::event`].
    /// May be dropped at any time.
    ///
    /// # Errors
    /// As [`Connection::event`].
    pub async fn drive(&mut self, most: u64) -> Result<()> {
        while self.unsent() > most || (most == 0 && !self.flushed) {
            self.ahead = self.try_event()?;
            if self.ahead.is_some() {
                break;
            }
            self.progress().await?;
        }
        Ok(())
    }

    /// Bytes of the outbox that are not sent, literals counted.
    pub fn unsent(&self) -> u64 {
        self.outbox.unsent()
    }

    /// Takes back the queued commands of which no byte was sent, in their order: they are certainly not executed.
    pub fn withdraw(&mut self) -> Vec<Tag> {
        let withdrawn = self.outbox.withdraw();
        self.in_flight.retain(|(tag, _)| !withdrawn.contains(tag));
        withdrawn
    }

    /// Commands without a tagged reply.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Literals above this many bytes wait for the server's `+`, so that a refusal costs no upload. It lowers what the
    /// server offers (LITERAL+: any size, LITERAL-: 4,096 bytes, else none; RFC 7888) and never raises it.
    pub fn synchronise_above(&mut self, bytes: u64) {
        self.at_once = self.server.literals_at_once().min(bytes);
    }

    /// Sends one command and collects what is told until its completion. Nothing else may be in flight.
    ///
    /// # Errors
    /// As [`Connection::event`]; more than [`limits::REPLIES_KEPT`] replies. A NO or BAD is no error here, but in
    /// [`Completed::ok`].
    pub async fn run(&mut self, command: Command) -> Result<Completed> {
        let tag = self.queue(command);
        self.completion(tag).await
    }

    /// Collects what is told until the completion of a command that is in flight.
    pub(super) async fn completion(&mut self, tag: Tag) -> Result<Completed> {
        let mut untagged = Vec::new();
        loop {
            match self.event().await? {
                Event::Tagged(tagged) if tagged.tag == tag => {
                    return Ok(Completed { tagged, untagged, place: self.place.clone() });
                }
                _ if untagged.len() >= limits::REPLIES_KEPT => return Err(self.place.protocol("too many replies")),
                event => untagged.push(event),
            }
        }
    }

    /// Closes the connection at once, without a word. What is in flight is in doubt; every later call finds it lost.
    pub fn hang_up(&mut self) {
        self.stream = Box::new(tokio::io::empty());
    }

    /// Says goodbye and awaits the answer, at most for [`limits::GOODBYE`]; errors do not matter any more.
    pub async fn logout(mut self) {
        self.patience = self.patience.min(limits::GOODBYE);
        let _ = clock::timeout(limits::GOODBYE, self.run(Command::new("LOGOUT"))).await;
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    pub(super) fn server_mut(&mut self) -> &mut Server {
        &mut self.server
    }

    /// Goes on deflated; the server agreed, and what was read since is deflated already.
    pub(super) fn deflate(&mut self) {
        let stream = std::mem::replace(&mut self.stream, Box::new(tokio::io::empty()));
        self.stream = Box::new(Deflated::new(stream, self.intake.take_rest()));
        self.server.compressed = true;
    }

    fn answered(&mut self, tag: Tag) {
        self.outbox.answered(tag);
        self.in_flight.retain(|(other, _)| *other != tag);
    }

    fn lost(&self) -> Error {
        self.place.lost(self.bye.as_deref())
    }

    /// Waits until bytes came or went, at most until the deadline of what is in flight.
    async fn progress(&mut self) -> Result<()> {
        let now = clock::instant();
        self.progress = now.min(self.progress + (now - self.heard));
        let deadline = (!self.in_flight.is_empty()).then(|| self.progress + self.allowed());
        let result = {
            let listener = Listener(&mut *self);
            let step = poll_fn(|cx| listener.0.poll_progress(cx));
            match deadline {
                Some(deadline) => clock::deadline(deadline, step).await,
                None => Some(step.await),
            }
        };
        let late = || self.place.error(Code::Timeout, Scope::Mailbox, Disposition::RetryAfter(None));
        result.unwrap_or_else(|| Err(late()))
    }

    /// How long silence may last: the base, and time for what may lie in buffers on the way.
    fn allowed(&self) -> Duration {
        let weight: u64 = self.in_flight.iter().map(|(_, weight)| weight).sum();
        self.patience + Duration::from_secs(weight / limits::SLOWEST_RATE)
    }

    fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let sent = self.poll_send(cx)?;
        let read = match self.intake.poll_fill(cx, &mut self.stream) {
            Poll::Ready(Ok(0)) => return Poll::Ready(Err(self.ended())),
            Poll::Ready(Err(error)) => return Poll::Ready(Err(self.lost().with_source(error))),
            Poll::Ready(Ok(_)) => Poll::Ready(()),
            Poll::Pending => Poll::Pending,
        };
        if sent.is_pending() && read.is_pending() {
            return Poll::Pending;
        }
        self.progress = clock::instant();
        Poll::Ready(Ok(()))
    }

    /// Sends one buffer, or flushes after the last; ready if either went on.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if self.broken.is_some() {
            return Poll::Pending;
        }
        let bytes = match self.outbox.next() {
            Ok(bytes) => bytes,
            Err(error) => return Poll::Ready(Err(spool_unreadable(error))),
        };
        let sent = if !bytes.is_empty() {
            Pin::new(&mut self.stream).poll_write(cx, bytes)
        } else if !self.flushed {
            Pin::new(&mut self.stream).poll_flush(cx).map_ok(|()| 0)
        } else {
            return Poll::Pending;
        };
        self.flushed = bytes.is_empty();
        match ready!(sent) {
            Ok(sent) => self.outbox.advance(sent),
            // The server may have said why before it closed: what it said is still to be read.
            Err(error) => self.broken = Some(error),
        }
        Poll::Ready(Ok(()))
    }

    /// The stream is at its end.
    fn ended(&mut self) -> Error {
        let lost = self.lost();
        match self.broken.take() {
            Some(error) => lost.with_source(error),
            None if self.intake.is_inside() => lost.with_source(io::Error::from(io::ErrorKind::UnexpectedEof)),
            None => lost,
        }
    }
}

/// Somebody who waits for the connection, and notes when the waiting ended: with a result or by being dropped.
struct Listener<'a>(&'a mut Connection);

impl Drop for Listener<'_> {
    fn drop(&mut self) {
        self.0.heard = clock::instant();
    }
}

fn spool_unreadable(error: io::Error) -> Error {
    let disk = Error::new(Code::Disk, crate::error::Side::System, Scope::Run, Disposition::NeedsPerson, "spool file");
    disk.with_source(error)
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("place", &self.place).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
