//! Bytes of the server on their way to becoming events: one buffer, the framer behind it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, ReadBuf};

use super::{Event, Literal, frame::Framer, response};
use crate::{body::BodyStore, limits};

/// The reading half of a connection.
#[derive(Debug)]
pub(super) struct Intake {
    framer: Framer,
    buffer: Vec<u8>,
    /// What is read and not yet taken lies at `start..end`.
    start: usize,
    end: usize,
}

impl Intake {
    pub(super) fn new(bodies: BodyStore) -> Self {
        Intake { framer: Framer::new(bodies), buffer: Vec::new(), start: 0, end: 0 }
    }

    /// The next reply, if it is here as a whole.
    pub(super) fn event(&mut self) -> Option<Event> {
        let (text, literals) = self.reply()?;
        Some(response::read(text, literals))
    }

    /// The next reply as it came, if it is here as a whole.
    pub(super) fn reply(&mut self) -> Option<(&[u8], Vec<Literal>)> {
        let (taken, complete) = self.framer.feed(&self.buffer[self.start..self.end]);
        self.start += taken;
        complete.then(|| self.framer.complete())
    }

    /// Reads more; ready with 0 at the end of the stream. To be called only when [`Intake::reply`] found none.
    pub(super) fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut (impl AsyncRead + Unpin + ?Sized),
    ) -> Poll<io::Result<usize>> {
        self.buffer.resize(limits::READ_BUFFER, 0);
        let mut buffer = ReadBuf::new(&mut self.buffer);
        ready!(Pin::new(stream).poll_read(cx, &mut buffer))?;
        (self.start, self.end) = (0, buffer.filled().len());
        Poll::Ready(Ok(self.end))
    }

    /// Whether the stream ended inside a reply.
    pub(super) fn is_inside(&self) -> bool {
        self.framer.is_inside()
    }

    /// Takes what was read beyond the last reply.
    pub(super) fn take_rest(&mut self) -> Vec<u8> {
        let rest = self.buffer[self.start..self.end].to_vec();
        self.start = self.end;
        rest
    }

    /// Puts bytes in as if they were read.
    pub(super) fn put(&mut self, bytes: Vec<u8>) {
        (self.start, self.end) = (0, bytes.len());
        self.buffer = bytes;
    }
}
