//! What is to be sent: commands in order, their literals streamed from where they lie.
//!
//! It fills one buffer with as much as may be sent, across commands, so that many small ones leave in one piece and a large
//! literal never lies here as a whole. It stops where a literal waits for the server's `+`.

use std::{collections::VecDeque, io};

use super::{Command, Tag, command::Part};
use crate::{body::Body, limits};

/// Commands that are not sent, or not wholly. No `Debug`: a password may be among them.
#[derive(Default)]
pub(super) struct Outbox {
    commands: VecDeque<Pending>,
    /// Bytes that are next to be sent, from `sent` on.
    buffer: Vec<u8>,
    sent: usize,
    /// Bytes that are in `commands`.
    queued: u64,
}

struct Pending {
    tag: Tag,
    pieces: VecDeque<Piece>,
    /// Some of it left, or lies in the buffer.
    begun: bool,
}

enum Piece {
    Text(Vec<u8>),
    /// The literal after it may be sent once the server says `+`.
    Wait,
    /// The body from this offset on.
    Bytes(Body, u64),
}

impl Piece {
    fn len(&self) -> u64 {
        match self {
            Piece::Text(text) => text.len() as u64,
            Piece::Wait => 0,
            Piece::Bytes(body, offset) => body.len() - offset,
        }
    }
}

impl Outbox {
    /// Appends a command; literals of up to `at_once` bytes go without waiting for `+` (RFC 7888).
    pub(super) fn push(&mut self, tag: Tag, command: Command, at_once: u64) {
        let mut pieces = VecDeque::new();
        let mut text = format!("A{} ", tag.0).into_bytes();
        for part in command.parts {
            match part {
                Part::Text(more) => text.extend_from_slice(&more),
                Part::Literal(body) => {
                    let waits = body.len() > at_once;
                    text.extend_from_slice(
                        format!("{{{}{}}}\r\n", body.len(), if waits { "" } else { "+" }).as_bytes(),
                    );
                    pieces.push_back(Piece::Text(std::mem::take(&mut text)));
                    pieces.extend(waits.then_some(Piece::Wait));
                    pieces.push_back(Piece::Bytes(body, 0));
                }
            }
        }
        text.extend_from_slice(b"\r\n");
        pieces.push_back(Piece::Text(text));
        self.queued += pieces.iter().map(Piece::len).sum::<u64>();
        self.commands.push_back(Pending { tag, pieces, begun: false });
    }

    /// Bytes that are not sent.
    pub(super) fn unsent(&self) -> u64 {
        self.queued + (self.buffer.len() - self.sent) as u64
    }

    /// What may be sent now; empty if nothing is queued or the next literal waits for the server.
    ///
    /// # Errors
    /// A body cannot be read from the spool.
    pub(super) fn next(&mut self) -> io::Result<&[u8]> {
        if self.sent == self.buffer.len() {
            self.buffer.clear();
            self.sent = 0;
            while self.buffer.len() < limits::WRITE_BUFFER && self.fill()? {}
        }
        Ok(&self.buffer[self.sent..])
    }

    /// The first `len` bytes of [`Outbox::next`] are sent.
    pub(super) fn advance(&mut self, len: usize) {
        self.sent += len;
    }

    /// The server said `+`; returns whether a literal waited for it.
    pub(super) fn go_on(&mut self) -> bool {
        let Some(Pending { pieces, .. }) = self.commands.front_mut() else { return false };
        let waits = self.sent == self.buffer.len() && matches!(pieces.front(), Some(Piece::Wait));
        if waits {
            pieces.pop_front();
        }
        waits
    }

    /// The command is answered. If it still waited for `+`, the rest of it is not sent: the server refused it and reads
    /// the next line as a command.
    pub(super) fn answered(&mut self, tag: Tag) {
        let refused = self
            .commands
            .front()
            .is_some_and(|command| command.tag == tag && matches!(command.pieces.front(), Some(Piece::Wait)));
        if refused && let Some(command) = self.commands.pop_front() {
            self.queued -= command.pieces.iter().map(Piece::len).sum::<u64>();
        }
    }

    /// Takes back the commands of which nothing was sent; the server never hears of them.
    pub(super) fn withdraw(&mut self) -> Vec<Tag> {
        let begun = self.commands.iter().take_while(|command| command.begun).count();
        let withdrawn = self.commands.split_off(begun);
        self.queued -= withdrawn.iter().flat_map(|command| &command.pieces).map(Piece::len).sum::<u64>();
        withdrawn.into_iter().map(|command| command.tag).collect()
    }

    /// Moves one piece, or a part of it, into the buffer; `false` if nothing may move.
    fn fill(&mut self) -> io::Result<bool> {
        let Some(command) = self.commands.front_mut() else { return Ok(false) };
        let before = self.buffer.len();
        command.begun = true;
        match command.pieces.front_mut() {
            Some(Piece::Wait) => return Ok(false),
            Some(Piece::Text(text)) => {
                self.buffer.append(text);
                command.pieces.pop_front();
            }
            Some(Piece::Bytes(body, offset)) => {
                let room = limits::WRITE_BUFFER.saturating_sub(before).max(1);
                let chunk = body.chunk(*offset, room)?;
                self.buffer.extend_from_slice(&chunk);
                *offset += chunk.len() as u64;
                if *offset >= body.len() {
                    command.pieces.pop_front();
                }
            }
            None => {
                self.commands.pop_front();
            }
        }
        self.queued -= (self.buffer.len() - before) as u64;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(outbox: &mut Outbox) -> String {
        let mut all = Vec::new();
        loop {
            let next = outbox.next().unwrap().to_vec();
            if next.is_empty() {
                return String::from_utf8(all).unwrap();
            }
            // In small steps, as a slow line takes them.
            let len = next.len().min(7);
            all.extend_from_slice(&next[..len]);
            outbox.advance(len);
        }
    }

    fn append(body: &str) -> Command {
        Command::new("APPEND").string(b"a\"b").body(Body::from_bytes(body.as_bytes().to_vec()))
    }

    #[test]
    fn commands_leave_in_order_with_literals_at_once() {
        let mut outbox = Outbox::default();
        outbox.push(Tag(1), append("hello"), u64::MAX);
        outbox.push(Tag(2), Command::new("NOOP"), u64::MAX);
        assert_eq!(sent(&mut outbox), "A1 APPEND {3+}\r\na\"b {5+}\r\nhello\r\nA2 NOOP\r\n");
        assert_eq!(outbox.unsent(), 0);
    }

    #[test]
    fn large_literals_wait_and_small_ones_do_not() {
        let mut outbox = Outbox::default();
        outbox.push(Tag(1), append("hello"), 4);
        outbox.push(Tag(2), Command::new("NOOP"), 4);
        assert_eq!(sent(&mut outbox), "A1 APPEND {3+}\r\na\"b {5}\r\n");
        assert!(outbox.go_on());
        assert!(!outbox.go_on(), "one + for one literal");
        assert_eq!(sent(&mut outbox), "hello\r\nA2 NOOP\r\n");
        assert_eq!(outbox.unsent(), 0);
    }

    #[test]
    fn a_refused_literal_is_not_sent() {
        let mut outbox = Outbox::default();
        outbox.push(Tag(1), append("hello"), 4);
        outbox.push(Tag(2), Command::new("NOOP"), 4);
        sent(&mut outbox);
        outbox.answered(Tag(1));
        assert_eq!(sent(&mut outbox), "A2 NOOP\r\n");
        assert_eq!(outbox.unsent(), 0);
    }

    #[test]
    fn an_answer_inside_a_literal_does_not_break_it_off() {
        let mut outbox = Outbox::default();
        outbox.push(Tag(1), append(&"x".repeat(3 * limits::WRITE_BUFFER)), u64::MAX);
        let first = outbox.next().unwrap().len();
        outbox.advance(first);
        outbox.answered(Tag(1));
        assert_eq!(
            sent(&mut outbox).matches('x').count(),
            3 * limits::WRITE_BUFFER - (first - "A1 APPEND {3+}\r\na\"b {98304+}\r\n".len())
        );
    }

    #[test]
    fn only_what_was_not_begun_is_taken_back() {
        let mut outbox = Outbox::default();
        for tag in 1..=3 {
            outbox.push(Tag(tag), append(&"x".repeat(limits::WRITE_BUFFER)), u64::MAX);
        }
        let first = outbox.next().unwrap().len();
        outbox.advance(first);
        assert_eq!(outbox.withdraw(), [Tag(2), Tag(3)]);
        let rest = sent(&mut outbox);
        assert!(rest.ends_with("x\r\n") && !rest.contains("A2"), "the begun one is sent to its end");
        assert_eq!((outbox.unsent(), outbox.withdraw()), (0, Vec::new()));
    }

    #[test]
    fn a_body_is_read_in_pieces_of_the_buffer() {
        let mut outbox = Outbox::default();
        outbox.push(Tag(1), append(&"x".repeat(1 << 20)), u64::MAX);
        assert!(outbox.next().unwrap().len() <= limits::WRITE_BUFFER + 64);
        assert!(outbox.unsent() > 1 << 20);
    }
}
