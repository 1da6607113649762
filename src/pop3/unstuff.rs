//! A message as it travels (RFC 1939 §3): lines, those that begin with a dot with one more, and a line with a dot alone at the end.
//!
//! The bytes between two such dots are passed on in one piece: nothing is looked at line by line. What ends a line is told by the reply that
//! goes before: a server whose replies end with CRLF stuffs dots behind a CRLF, and a bare LF in a message of it is text.

use std::io;

use memchr::memmem;

/// What ends the lines of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineEnd {
    /// As the standard says.
    CrLf,
    /// A bare newline.
    Lf,
}

impl LineEnd {
    fn bytes(self) -> &'static [u8] {
        match self {
            LineEnd::CrLf => b"\r\n",
            LineEnd::Lf => b"\n",
        }
    }

    /// A line end and the dot behind it.
    fn dotted(self) -> &'static [u8] {
        match self {
            LineEnd::CrLf => b"\r\n.",
            LineEnd::Lf => b"\n.",
        }
    }
}

/// The state between two pieces of a message.
#[derive(Debug)]
pub(super) struct Unstuffer {
    end: LineEnd,
    /// The next byte begins a line.
    fresh: bool,
}

/// How far a piece was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// Bytes of the piece that are done with; the rest must come again, with more behind it.
    pub(super) bytes: usize,
    /// The message is complete.
    pub(super) ended: bool,
}

impl Unstuffer {
    pub(super) fn new(end: LineEnd) -> Self {
        Unstuffer { end, fresh: true }
    }

    /// Reads a piece and passes on what is the message's.
    ///
    /// # Errors
    /// Those of `pass`.
    pub(super) fn take(&mut self, piece: &[u8], mut pass: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<Taken> {
        let mut at = 0;
        loop {
            let rest = piece.get(at..).unwrap_or_default();
            if self.fresh && rest.first() == Some(&b'.') {
                match self.dot(rest) {
                    Dot::Untold => return Ok(Taken { bytes: at, ended: false }),
                    Dot::End(len) => return Ok(Taken { bytes: at + len, ended: true }),
                    Dot::Stuffed => at += 1,
                }
                self.fresh = false;
                continue;
            }
            let Some(found) = memmem::find(rest, self.end.dotted()) else {
                let whole = self.certain(rest);
                pass_some(rest.get(..whole).unwrap_or_default(), &mut pass)?;
                if whole > 0 {
                    self.fresh = rest.get(..whole).unwrap_or_default().ends_with(self.end.bytes());
                }
                return Ok(Taken { bytes: at + whole, ended: false });
            };
            let line = found + self.end.bytes().len();
            pass_some(rest.get(..line).unwrap_or_default(), &mut pass)?;
            at += line;
            self.fresh = true;
        }
    }

    /// What a dot at the beginning of a line is.
    fn dot(&self, line: &[u8]) -> Dot {
        let ends: &[&[u8]] = match self.end {
            LineEnd::CrLf => &[b".\r\n"],
            LineEnd::Lf => &[b".\n", b".\r\n"],
        };
        if let Some(end) = ends.iter().find(|end| line.starts_with(end)) {
            return Dot::End(end.len());
        }
        if ends.iter().any(|end| end.starts_with(line)) { Dot::Untold } else { Dot::Stuffed }
    }

    /// Bytes that no later one can make a part of a line end and a dot: all but a CR at the end.
    fn certain(&self, rest: &[u8]) -> usize {
        let half = self.end == LineEnd::CrLf && rest.last() == Some(&b'\r');
        rest.len() - usize::from(half)
    }
}

enum Dot {
    /// More bytes must tell.
    Untold,
    /// The end of the message, of so many bytes.
    End(usize),
    /// One that was put before a line.
    Stuffed,
}

fn pass_some(bytes: &[u8], pass: &mut impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    if bytes.is_empty() { Ok(()) } else { pass(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `wire` in pieces of `size` as a session does; the message and what follows it.
    fn unstuffed(wire: &[u8], size: usize, end: LineEnd) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut unstuffer = Unstuffer::new(end);
        let (mut message, mut kept) = (Vec::new(), Vec::new());
        let mut pieces = wire.chunks(size);
        loop {
            kept.extend_from_slice(pieces.next()?);
            let taken = unstuffer
                .take(&kept, |bytes| {
                    message.extend_from_slice(bytes);
                    Ok(())
                })
                .unwrap();
            kept.drain(..taken.bytes);
            assert!(taken.ended || kept.len() <= 2, "little is held back");
            if taken.ended {
                return Some((message, [kept, pieces.flatten().copied().collect()].concat()));
            }
        }
    }

    fn stuffed(message: &[u8], end: &[u8]) -> Vec<u8> {
        let mut wire = Vec::new();
        let mut rest = message;
        while !rest.is_empty() {
            let line = memmem::find(rest, end).map_or(rest.len(), |at| at + end.len());
            if rest[0] == b'.' {
                wire.push(b'.');
            }
            wire.extend_from_slice(&rest[..line]);
            rest = &rest[line..];
        }
        if !message.is_empty() && !message.ends_with(end) {
            wire.extend_from_slice(end);
        }
        [&wire[..], b".", end, b"+OK next"].concat()
    }

    #[test]
    fn messages_come_back_whatever_the_pieces() {
        let messages: [&[u8]; 9] = [
            b"",
            b"a\r\n",
            b".\r\n..\r\n.a\r\n",
            b"a\r\n.\nb\n.\r\nc\r\n",
            b"\r\n\r\n.\r\r\n",
            b"no end",
            b"cr at the end\r",
            b".",
            b"\r\n.\r\n",
        ];
        for message in messages {
            for size in 1..=12 {
                let wire = stuffed(message, b"\r\n");
                let (found, rest) = unstuffed(&wire, size, LineEnd::CrLf).unwrap();
                let tail: &[u8] = if message.is_empty() || message.ends_with(b"\r\n") { b"" } else { b"\r\n" };
                assert_eq!(found, [message, tail].concat(), "{message:?} by {size}");
                assert_eq!(rest, b"+OK next");
            }
        }
    }

    #[test]
    fn a_server_of_bare_newlines_is_understood() {
        for size in 1..=9 {
            let (found, rest) = unstuffed(b"a\n..b\n.\n+OK next", size, LineEnd::Lf).unwrap();
            assert_eq!((&found[..], &rest[..]), (&b"a\n.b\n"[..], &b"+OK next"[..]));
            assert_eq!(unstuffed(b"a\r\n.\r\n", size, LineEnd::Lf).unwrap().0, b"a\r\n");
        }
    }

    #[test]
    fn a_message_without_an_end_has_none() {
        assert_eq!(unstuffed(b"a\r\n.", 1, LineEnd::CrLf), None);
        assert_eq!(unstuffed(b"a\n.\n", 2, LineEnd::CrLf), None, "a bare newline ends no line");
    }
}
