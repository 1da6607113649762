//! A connection that is signed in: drives a [`Session`] over a stream, with a deadline for every wait.
//!
//! All state is in the connection, so a future that waits for an event may be dropped at any time and stand in a `select!`. Silence is borne
//! for the patience of the command, and bytes buy time at [`limits::SLOWEST_RATE`], so that a server that drips is late too; time in which
//! nobody listens does not count.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Capabilities, Command, Event, Reply, Session, SignIn, handshake, refusal::Place};
use crate::{
    body::BodyStore,
    clock,
    error::{Error, Result},
    limits,
    net::Stream,
    oauth::AccessToken,
};

/// What a connection runs over.
pub trait Io: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Io for S {}

/// A connection to one maildrop, signed in. Dropping it closes it without a word, which no server takes for an end (RFC 1939 §6).
pub struct Connection<S = Stream> {
    stream: S,
    pub(super) session: Session,
    pub(super) place: Place,
    pub(super) capabilities: Capabilities,
    pub(super) greeting: String,
    /// How long a command may be silent.
    patience: Duration,
    /// What is left of it.
    left: Duration,
    /// How long a reply took to come, at the sign-in.
    pub(super) round_trip: Duration,
    /// The token it was signed in with.
    pub(super) token: Option<AccessToken>,
    flushed: bool,
}

impl Connection {
    /// Connects and signs in. Pipelining is not proved yet.
    ///
    /// # Errors
    /// The server cannot be reached, is not trusted, refuses the user ([`crate::error::Code::Auth`] and its kin), has the maildrop locked for another
    /// client ([`crate::error::Code::InUse`]), wants a sign-in later, or is no POP3 server.
    pub async fn open(how: &SignIn, bodies: BodyStore) -> Result<Connection> {
        handshake::open(how, bodies).await
    }
}

impl<S: Io> Connection<S> {
    pub(super) fn over(stream: S, bodies: BodyStore, how: &SignIn) -> Self {
        let place = Place::new(how.dial.side, &format!("{}:{}", how.dial.host, how.dial.port));
        Connection {
            stream,
            session: Session::new(bodies),
            place,
            capabilities: Capabilities::default(),
            greeting: String::new(),
            patience: how.deadline,
            left: how.deadline,
            round_trip: Duration::ZERO,
            token: None,
            flushed: true,
        }
    }

    /// Bears silence for so long from now on; the patience before.
    pub(super) fn bear(&mut self, patience: Duration) -> Duration {
        self.left = patience;
        std::mem::replace(&mut self.patience, patience)
    }

    /// The stream, with nothing of it in a buffer.
    pub(super) fn into_stream(self) -> S {
        self.stream
    }

    /// What the server announces.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// The greeting's text.
    pub fn greeting(&self) -> &str {
        &self.greeting
    }

    /// The token it was signed in with.
    pub fn token(&self) -> Option<&AccessToken> {
        self.token.as_ref()
    }

    /// How long a reply takes, about.
    pub fn round_trip(&self) -> Duration {
        self.round_trip
    }

    /// Queues a command; nothing is awaited. [`Connection::event`] sends it.
    pub fn queue(&mut self, command: &Command) {
        self.session.send(command);
        self.flushed = false;
    }

    pub(super) fn queued(&mut self) {
        self.flushed = false;
    }

    /// Replies that are due.
    pub fn owed(&self) -> usize {
        self.session.owed()
    }

    /// The next event: writes and reads until there is one.
    ///
    /// # Errors
    /// The connection is lost, is silent for too long, or says what makes no sense.
    pub async fn event(&mut self) -> Result<Event> {
        loop {
            if let Some(event) = self.session.event().map_err(|fault| self.place.fault(fault))? {
                self.left = self.patience;
                return Ok(event);
            }
            let begun = clock::instant();
            let exchanged = clock::timeout(self.left, poll_fn(|cx| self.poll_exchange(cx))).await;
            let bytes = exchanged.ok_or_else(|| self.place.late())??;
            let bought = Duration::from_secs(bytes as u64) / u32::try_from(limits::SLOWEST_RATE).unwrap_or(u32::MAX);
            self.left = (self.left.saturating_sub(begun.elapsed()) + bought).min(self.patience);
        }
    }

    /// Sends one command and awaits its one line. Nothing else may be due.
    ///
    /// # Errors
    /// As [`Connection::event`]. A refusal is no error here, but [`Reply::ok`].
    pub async fn ask(&mut self, command: &Command) -> Result<Reply> {
        self.queue(command);
        self.status().await
    }

    pub(super) async fn status(&mut self) -> Result<Reply> {
        match self.event().await? {
            Event::Status(reply) => Ok(reply),
            _ => Err(self.place.protocol("a listing where a line was due")),
        }
    }

    /// What a refusal means that is not about one message.
    pub fn refusal(&self, reply: &Reply) -> Error {
        self.place.refusal(reply)
    }

    /// Ends the session, at most within [`limits::GOODBYE`]; errors do not matter any more. Where the server deletes what was read it is
    /// left without a word.
    pub async fn quit(mut self) {
        if !self.capabilities.deletes_what_is_read() && self.owed() == 0 {
            let _ = clock::timeout(limits::GOODBYE, self.ask(&Command::Quit)).await;
        }
    }

    /// Sends what is to be sent and reads what is there; the bytes that were read.
    fn poll_exchange(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize>> {
        self.poll_send(cx);
        let mut buffer = ReadBuf::new(self.session.room());
        let read = Pin::new(&mut self.stream).poll_read(cx, &mut buffer);
        let bytes = buffer.filled().len();
        match read {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) if bytes > 0 => {
                self.session.filled(bytes);
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Ok(())) => Poll::Ready(Err(self.place.lost())),
            Poll::Ready(Err(error)) => Poll::Ready(Err(self.place.lost().with_source(error))),
        }
    }

    /// Sends as far as the stream takes it. What breaks shows when its reply is read: the server may have said why before it closed.
    fn poll_send(&mut self, cx: &mut Context<'_>) {
        while !self.session.outgoing().is_empty() {
            match Pin::new(&mut self.stream).poll_write(cx, self.session.outgoing()) {
                Poll::Ready(Ok(bytes)) if bytes > 0 => self.session.sent(bytes),
                _ => return,
            }
        }
        if !self.flushed {
            self.flushed = Pin::new(&mut self.stream).poll_flush(cx).is_ready();
        }
    }
}

impl<S> std::fmt::Debug for Connection<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("place", &self.place).finish_non_exhaustive()
    }
}
