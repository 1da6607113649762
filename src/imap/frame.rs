//! Cuts the stream of a server into replies and takes message bodies out of it as they pass.
//!
//! A reply is a line, or several where literals stand between them (RFC 3501 §4.3). Bodies go into a [`BodyStore`] chunk by
//! chunk and never into memory as a whole unless the store says so; other literals (names, labels) stay in the text. It
//! does no input or output, so that every cut of the stream can be tried.
//!
//! Only untagged data holds literals: the text of a condition may end with `{5}` and mean nothing by it.

use std::io;

use super::{Literal, fetch, reader::DIVERTED};
use crate::{
    body::{BodySink, BodyStore},
    limits,
};

/// One reply: its text with the line ends, and the bodies that were taken out of it.
#[derive(Debug, Default)]
pub(super) struct Frame {
    pub(super) text: Vec<u8>,
    pub(super) literals: Vec<Literal>,
}

/// Cuts replies out of bytes as they come.
#[derive(Debug)]
pub(super) struct Framer {
    bodies: BodyStore,
    frame: Frame,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Text up to the next line end.
    Line,
    /// So many bytes of a literal that stays in the text.
    Inline(u64),
    /// A literal that goes into the store.
    Body(BodySink),
    /// So many bytes of a literal that is read past, and why.
    Dropped(u64, String),
    /// A line that is too long, up to its end.
    TooLong,
    /// The frame was handed out.
    Done,
}

impl Framer {
    pub(super) fn new(bodies: BodyStore) -> Self {
        Framer { bodies, frame: Frame::default(), state: State::Done }
    }

    /// Takes bytes from `input`; returns how many, and whether a reply is complete. Call it again with the rest.
    pub(super) fn feed(&mut self, input: &[u8]) -> (usize, bool) {
        let mut taken = 0;
        if matches!(self.state, State::Done) {
            self.frame.text.clear();
            self.frame.text.shrink_to(limits::REPLY_ROOM);
            self.state = State::Line;
        }
        while taken < input.len() && !matches!(self.state, State::Done) {
            taken += self.step(&input[taken..]);
        }
        (taken, matches!(self.state, State::Done))
    }

    /// The reply that is complete. Its literals are handed over; its text is to be read before the next call of
    /// [`Framer::feed`].
    pub(super) fn complete(&mut self) -> (&[u8], Vec<Literal>) {
        (&self.frame.text, std::mem::take(&mut self.frame.literals))
    }

    /// Whether a reply has begun and is not complete.
    pub(super) fn is_inside(&self) -> bool {
        match self.state {
            State::Done => false,
            State::Line => !self.frame.text.is_empty(),
            _ => true,
        }
    }

    fn step(&mut self, input: &[u8]) -> usize {
        match &mut self.state {
            State::Done => 0,
            State::Line => self.line(input),
            State::TooLong => {
                let (line, ended) = to_line_end(input);
                if ended {
                    self.frame = Frame { text: b"(a reply line that is too long)\r\n".to_vec(), literals: Vec::new() };
                    self.state = State::Done;
                }
                line.len()
            }
            State::Inline(left) => {
                let now = first(input, *left);
                self.frame.text.extend_from_slice(now);
                *left -= now.len() as u64;
                if *left == 0 {
                    self.state = State::Line;
                }
                now.len()
            }
            State::Body(sink) => {
                let now = first(input, sink.missing());
                let (len, missing) = (now.len(), sink.missing() - now.len() as u64);
                match sink.write(now) {
                    Ok(()) if missing == 0 => self.end_body(),
                    Ok(()) => {}
                    Err(error) => self.drop_literal(missing, spool_failed(&error)),
                }
                len
            }
            State::Dropped(left, why) => {
                let now = first(input, *left);
                *left -= now.len() as u64;
                if *left == 0 {
                    self.frame.literals.push(Literal::Dropped(std::mem::take(why)));
                    self.state = State::Line;
                }
                now.len()
            }
        }
    }

    fn line(&mut self, input: &[u8]) -> usize {
        let (line, ended) = to_line_end(input);
        if self.frame.text.len() + line.len() > limits::REPLY_LINE {
            self.state = State::TooLong;
            return 0;
        }
        self.frame.text.extend_from_slice(line);
        if ended {
            match announced(&self.frame.text) {
                Some((at, len)) => self.literal(at, len),
                None => self.state = State::Done,
            }
        }
        line.len()
    }

    /// Begins the literal whose announcement stands at `at`, at the end of the text.
    fn literal(&mut self, at: usize, len: u64) {
        let inline = len.saturating_add(self.frame.text.len() as u64) <= limits::REPLY_LINE as u64
            && len <= limits::REPLY_LITERAL;
        if inline && !wants_body(&self.frame.text[..at]) {
            self.state = if len == 0 { State::Line } else { State::Inline(len) };
            return;
        }
        let number = self.frame.literals.len();
        self.frame.text.truncate(at);
        self.frame.text.extend_from_slice(DIVERTED);
        self.frame.text.extend_from_slice(format!("{number}}}\r\n").as_bytes());
        if len > limits::BODY_MAX || number >= limits::REPLY_BODIES {
            return self.drop_literal(len, format!("announced with {len} bytes, as number {}", number + 1));
        }
        match self.bodies.sink(len) {
            Ok(sink) => self.state = State::Body(sink),
            Err(error) => return self.drop_literal(len, spool_failed(&error)),
        }
        if len == 0 {
            self.end_body();
        }
    }

    fn end_body(&mut self) {
        if let State::Body(sink) = std::mem::replace(&mut self.state, State::Line) {
            self.frame.literals.push(match sink.finish() {
                Ok(body) => Literal::Body(body),
                Err(error) => Literal::Dropped(spool_failed(&error)),
            });
        }
    }

    fn drop_literal(&mut self, left: u64, why: String) {
        if left == 0 {
            self.frame.literals.push(Literal::Dropped(why));
            self.state = State::Line;
        } else {
            self.state = State::Dropped(left, why);
        }
    }
}

fn spool_failed(error: &io::Error) -> String {
    format!("cannot be kept here: {error}")
}

/// `input` up to its first line end and with it, and whether there is one.
fn to_line_end(input: &[u8]) -> (&[u8], bool) {
    match input.iter().position(|c| *c == b'\n') {
        Some(at) => (&input[..=at], true),
        None => (input, false),
    }
}

fn first(input: &[u8], most: u64) -> &[u8] {
    &input[..usize::try_from(most).unwrap_or(usize::MAX).min(input.len())]
}

/// Where the announcement of a literal stands at the end of `text`, and its length: `{n}`, `~{n}` (RFC 3516).
fn announced(text: &[u8]) -> Option<(usize, u64)> {
    let line = text.strip_suffix(b"\n")?;
    let line = line.strip_suffix(b"\r").unwrap_or(line).strip_suffix(b"}")?;
    let open = line.iter().rposition(|c| *c == b'{')?;
    let digits = &line[open + 1..];
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) || !holds_literals(text) {
        return None;
    }
    let len = std::str::from_utf8(digits).ok()?.parse().unwrap_or(u64::MAX);
    let at = if open > 0 && line[open - 1] == b'~' { open - 1 } else { open };
    Some((at, len))
}

/// Whether this is untagged data and no condition.
fn holds_literals(text: &[u8]) -> bool {
    let word = |text: &[u8]| text.split(|c| *c == b' ').next().unwrap_or_default().to_ascii_uppercase();
    let Some(data) = text.strip_prefix(b"* ") else { return false };
    !matches!(word(data).as_slice(), b"OK" | b"NO" | b"BAD" | b"BYE" | b"PREAUTH")
}

/// Whether the literal that follows `text` is a message or a part of one.
fn wants_body(text: &[u8]) -> bool {
    let mut words = text.splitn(4, |c| *c == b' ');
    let is_fetch = words.nth(2).is_some_and(|word| word.eq_ignore_ascii_case(b"FETCH"));
    is_fetch && fetch::is_body(last_item(text.trim_ascii_end()))
}

/// The name of the item at the end of `text`: `BODY[HEADER.FIELDS (DATE)]<0>` holds blanks in its brackets.
fn last_item(text: &[u8]) -> &[u8] {
    let origin = text.strip_suffix(b">").and_then(|t| t.iter().rposition(|c| *c == b'<')).unwrap_or(text.len());
    let section = text[..origin].ends_with(b"]").then(|| text.iter().rposition(|c| *c == b'[')).flatten();
    let before = &text[..section.unwrap_or(origin)];
    let start = before.iter().rposition(|c| matches!(c, b' ' | b'(' | b')' | b'\n')).map_or(0, |at| at + 1);
    &text[start..]
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
