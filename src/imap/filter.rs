//! What async-imap reads and writes through while it signs in.
//!
//! Its parser closes the stream on a line it does not know, panics on some, and its authenticator takes a `+` after
//! anything untagged for noise and waits for ever. So it gets the dialogue alone, each line in a form that surely parses: the greeting,
//! `+` with its challenge, tagged replies with their verdict. What the server said in full is told in [`Filter::take_told`].

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Event, Tagged, Verdict, intake::Intake, response};
use crate::limits;

/// A stream that shows async-imap only what it can read.
#[derive(Debug)]
pub(super) struct Filter<S> {
    stream: S,
    intake: Intake,
    told: Vec<Event>,
    /// A line that async-imap has not wholly read.
    line: Vec<u8>,
    greeted: bool,
    preauth: bool,
    /// The server said BYE: whether it closes or not, nothing follows (quirk 58).
    ended: bool,
}

impl<S> Filter<S> {
    /// Begins with the greeting, or after it (`greeted`, as after STARTTLS).
    pub(super) fn new(stream: S, intake: Intake, greeted: bool) -> Self {
        Filter { stream, intake, told: Vec::new(), line: Vec::new(), greeted, preauth: false, ended: false }
    }

    /// Everything that the server told since the last call.
    pub(super) fn take_told(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.told)
    }

    /// Whether the greeting says that there is nothing to sign in to (PREAUTH).
    pub(super) fn preauth(&self) -> bool {
        self.preauth
    }

    pub(super) fn into_inner(self) -> (S, Intake) {
        (self.stream, self.intake)
    }

    /// Takes the replies that are here; `Ok(true)` once there is a line to read.
    fn translate(&mut self) -> io::Result<bool> {
        while self.line.is_empty() && !self.ended {
            let Some((text, literals)) = self.intake.reply() else { return Ok(false) };
            let preauth = text.get(..9).is_some_and(|start| start.eq_ignore_ascii_case(b"* PREAUTH"));
            let event = response::read(text, literals);
            if self.told.len() >= limits::REPLIES_WAITING {
                return Err(io::Error::other("too many replies while signing in"));
            }
            if !std::mem::replace(&mut self.greeted, true) {
                self.preauth = preauth;
                self.line = greeting(&event).to_vec();
            } else {
                self.line = dialogue(&event).unwrap_or_default();
            }
            self.ended |= matches!(event, Event::Bye(_));
            self.told.push(event);
        }
        Ok(true)
    }
}

/// Anything that is not a greeting ends the conversation.
fn greeting(event: &Event) -> &'static [u8] {
    match event {
        Event::Condition(Verdict::Ok, ..) => b"* OK ready\r\n",
        _ => b"* BYE no greeting\r\n",
    }
}

fn dialogue(event: &Event) -> Option<Vec<u8>> {
    let line = match event {
        Event::Continue(challenge) if STANDARD.decode(challenge).is_ok() => format!("+ {challenge}\r\n"),
        Event::Continue(_) => "+ \r\n".to_owned(),
        Event::Tagged(Tagged { tag, verdict, .. }) => format!("A{:04} {} done\r\n", tag.0, verdict.word()),
        _ => return None,
    };
    Some(line.into_bytes())
}

impl<S: AsyncRead + Unpin> AsyncRead for Filter<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while !this.translate()? {
            if ready!(this.intake.poll_fill(cx, &mut this.stream))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
        let len = this.line.len().min(buf.remaining());
        buf.put_slice(&this.line[..len]);
        this.line.drain(..len);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Filter<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
