//! The protocol without a line: bytes in, events out; commands in, bytes out.
//!
//! It holds one buffer of [`limits::READ_BUFFER`], into which whoever drives it reads, and the message that is arriving. Replies belong to
//! commands by their order alone, so a line that cannot be one ends the session: what follows could be anybody's.

use std::{collections::VecDeque, io};

use secrecy::zeroize::Zeroizing;

use super::{
    Command, Event,
    command::{Shape, Spoken},
    reply::First,
    unstuff::{LineEnd, Unstuffer},
};
use crate::{
    body::{BodyStore, OpenSink},
    limits,
};

/// Why a session cannot go on.
#[derive(Debug)]
pub enum Fault {
    /// A line that is no reply, in words.
    Senseless(String),
    /// The disk of the spool.
    Spool(io::Error),
}

/// One session's state.
pub struct Session {
    bodies: BodyStore,
    input: Box<[u8]>,
    /// Where what was read and not used begins and ends.
    from: usize,
    to: usize,
    output: Zeroizing<Vec<u8>>,
    sent: usize,
    /// What the server owes, in its order.
    owed: VecDeque<Shape>,
    state: State,
    end: LineEnd,
}

enum State {
    /// A reply begins.
    First,
    /// Within a listing.
    Lines,
    /// Within a message.
    Message(Unstuffer, OpenSink),
}

impl Session {
    /// A session that awaits its greeting. Messages go to `bodies`.
    pub fn new(bodies: BodyStore) -> Self {
        Session {
            bodies,
            input: vec![0; limits::READ_BUFFER].into(),
            from: 0,
            to: 0,
            output: Zeroizing::default(),
            sent: 0,
            owed: VecDeque::from([Shape::Line]),
            state: State::First,
            end: LineEnd::CrLf,
        }
    }

    /// The greeting was read before TLS began; there is no other (RFC 2595 §4).
    pub(super) fn skip_greeting(&mut self) {
        self.owed.clear();
    }

    /// Queues a command.
    pub fn send(&mut self, command: &Command) {
        self.queue(command.text().as_bytes(), command.shape());
    }

    /// Queues a line of a sign-in, to which the server may answer with a challenge.
    pub(super) fn say(&mut self, line: &Spoken) {
        self.queue(line.bytes(), Shape::Dialogue);
    }

    fn queue(&mut self, line: &[u8], shape: Shape) {
        if self.sent == self.output.len() {
            self.output = Zeroizing::default();
            self.sent = 0;
        }
        self.output.reserve_exact(line.len() + 2);
        self.output.extend_from_slice(line);
        self.output.extend_from_slice(b"\r\n");
        self.owed.push_back(shape);
    }

    /// Bytes to be sent.
    pub fn outgoing(&self) -> &[u8] {
        self.output.get(self.sent..).unwrap_or_default()
    }

    /// So many of them were.
    pub fn sent(&mut self, bytes: usize) {
        self.sent = self.output.len().min(self.sent + bytes);
    }

    /// Room for bytes of the server; never empty after [`Session::event`] told that there is none.
    pub fn room(&mut self) -> &mut [u8] {
        if self.from > 0 {
            self.input.copy_within(self.from..self.to, 0);
            (self.from, self.to) = (0, self.to - self.from);
        }
        self.input.get_mut(self.to..).unwrap_or_default()
    }

    /// So many were read into it.
    pub fn filled(&mut self, bytes: usize) {
        self.to = self.input.len().min(self.to + bytes);
    }

    /// Takes what was read and not used, for bytes that came in the clear must not count as protected (RFC 2595 §4).
    pub(super) fn take_rest(&mut self) -> bool {
        let rest = self.from < self.to;
        (self.from, self.to) = (0, 0);
        rest
    }

    /// Replies that are due.
    pub fn owed(&self) -> usize {
        self.owed.len()
    }

    /// The next event in what was read; `None`: more must be read.
    ///
    /// # Errors
    /// The session cannot go on.
    pub fn event(&mut self) -> Result<Option<Event>, Fault> {
        if let State::Message(..) = self.state {
            return self.message();
        }
        let Some((line, bare)) = self.line()? else { return Ok(None) };
        match self.state {
            State::Lines => Ok(Some(self.listed(line))),
            _ => {
                self.end = if bare { LineEnd::Lf } else { LineEnd::CrLf };
                self.first(&line)
            }
        }
    }

    /// The next line without its end, and whether that is a bare newline.
    fn line(&mut self) -> Result<Option<(Vec<u8>, bool)>, Fault> {
        let read = self.input.get(self.from..self.to).unwrap_or_default();
        let Some(at) = memchr::memchr(b'\n', read) else {
            return match read.len() < self.input.len() {
                true => Ok(None),
                false => Err(Fault::Senseless("a line without an end".to_owned())),
            };
        };
        let line = read.get(..at).unwrap_or_default();
        let text = line.strip_suffix(b"\r");
        let line = (text.unwrap_or(line).to_vec(), text.is_none());
        self.from += at + 1;
        Ok(Some(line))
    }

    fn first(&mut self, line: &[u8]) -> Result<Option<Event>, Fault> {
        let senseless = || Fault::Senseless(String::from_utf8_lossy(line).chars().take(80).collect());
        match First::read(line) {
            Some(First::Challenge(text)) if self.owed.front() == Some(&Shape::Dialogue) => {
                self.owed.pop_front();
                Ok(Some(Event::Challenge(text)))
            }
            Some(First::Status(reply)) => {
                // Words that nobody asked for are the last ones of a server that hangs up.
                let shape = self.owed.pop_front().unwrap_or(Shape::Line);
                match shape {
                    Shape::Lines if reply.ok => {
                        self.state = State::Lines;
                        self.event()
                    }
                    Shape::Message if reply.ok => {
                        self.state = State::Message(Unstuffer::new(self.end), self.bodies.open_sink());
                        self.event()
                    }
                    _ => Ok(Some(Event::Status(reply))),
                }
            }
            _ => Err(senseless()),
        }
    }

    fn listed(&mut self, line: Vec<u8>) -> Event {
        match line.strip_prefix(b".") {
            Some(b"") => {
                self.state = State::First;
                Event::ListingEnd
            }
            Some(stuffed) => Event::Line(stuffed.to_vec()),
            None => Event::Line(line),
        }
    }

    fn message(&mut self) -> Result<Option<Event>, Fault> {
        let State::Message(unstuffer, sink) = &mut self.state else { return Ok(None) };
        let read = self.input.get(self.from..self.to).unwrap_or_default();
        let taken = unstuffer.take(read, |bytes| sink.write(bytes)).map_err(Fault::Spool)?;
        self.from += taken.bytes;
        if !taken.ended {
            return Ok(None);
        }
        match std::mem::replace(&mut self.state, State::First) {
            State::Message(_, sink) => Ok(Some(Event::Message(sink.finish()))),
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
