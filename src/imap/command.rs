//! One command to be sent, built from typed parts, so that nothing a person or a server named can break out of its place.
//!
//! Text goes quoted only where every server reads a quoted string alike: without `"`, `\`, control and 8-bit characters.
//! Everything else is a literal (quirk 79: `BAD Invalid characters in atom`). How a literal is announced (`{n+}` or `{n}` and a wait
//! for `+`) is decided when the command is queued, by what the server offers (RFC 7888).

use super::date;
use crate::{
    body::Body,
    model::{Flags, FolderName, ReceivedAt},
};

/// A command without its tag. The calls append arguments in order, each after a blank.
///
/// It may hold a password, so it has no `Debug` that shows more than its name.
#[derive(Clone)]
pub struct Command {
    pub(super) parts: Vec<Part>,
    expected: u64,
}

/// A piece of a command.
#[derive(Clone)]
pub(super) enum Part {
    /// As it is.
    Text(Vec<u8>),
    /// A literal: its announcement and its bytes.
    Literal(Body),
}

impl Command {
    /// A command of this name (`UID FETCH`, `APPEND`, …).
    pub fn new(name: &str) -> Self {
        Command { parts: vec![Part::Text(name.as_bytes().to_vec())], expected: 0 }
    }

    /// An argument that is ours and goes as it is: an atom, a list in parentheses, a set.
    #[must_use]
    pub fn word(mut self, word: &str) -> Self {
        self.raw(b" ");
        self.raw(word.as_bytes());
        self
    }

    /// A string of somebody else's: quoted or literal, by its content.
    #[must_use]
    pub fn string(mut self, string: &[u8]) -> Self {
        self.raw(b" ");
        if string.iter().all(|c| (0x20..0x7f).contains(c) && !matches!(c, b'"' | b'\\')) {
            self.raw(b"\"");
            self.raw(string);
            self.raw(b"\"");
        } else {
            self.parts.push(Part::Literal(Body::from_bytes(string.to_vec())));
        }
        self
    }

    /// A user name or password: quoted only if it is made of letters, digits and what mail addresses are made of.
    #[must_use]
    pub(super) fn secret(mut self, secret: &[u8]) -> Self {
        if !secret.is_empty() && secret.iter().all(|c| c.is_ascii_alphanumeric() || b"@._-".contains(c)) {
            return self.string(secret);
        }
        self.raw(b" ");
        self.parts.push(Part::Literal(Body::from_bytes(secret.to_vec())));
        self
    }

    /// A folder's name.
    #[must_use]
    pub fn folder(self, name: &FolderName) -> Self {
        self.string(name.as_bytes())
    }

    /// A list of flags in parentheses; keywords that no atom can hold are left out.
    #[must_use]
    pub fn flags(self, flags: &Flags) -> Self {
        let names: Vec<&str> = flags.names().filter(|name| is_flag(name)).collect();
        self.word(&format!("({})", names.join(" ")))
    }

    /// A date-time in quotes.
    #[must_use]
    pub fn date(self, received_at: ReceivedAt) -> Self {
        match date::format(received_at) {
            Some(date) => self.word(&format!("\"{date}\"")),
            None => self,
        }
    }

    /// A message as a literal, streamed from where it lies. Repeated with flags and date it makes a MULTIAPPEND (RFC 3502).
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.raw(b" ");
        self.parts.push(Part::Literal(body));
        self
    }

    /// Bytes of bodies that the reply will carry: they lengthen the deadline.
    #[must_use]
    pub fn expecting(mut self, bytes: u64) -> Self {
        self.expected = bytes;
        self
    }

    /// Bytes that travel for this command both ways, headlines aside: what its deadline allows time for.
    pub(super) fn weight(&self) -> u64 {
        self.len() + self.expected
    }

    /// Bytes to send.
    pub(super) fn len(&self) -> u64 {
        let len = |part: &Part| match part {
            Part::Text(text) => text.len() as u64,
            Part::Literal(body) => body.len(),
        };
        self.parts.iter().map(len).sum()
    }

    fn raw(&mut self, bytes: &[u8]) {
        match self.parts.last_mut() {
            Some(Part::Text(text)) => text.extend_from_slice(bytes),
            _ => self.parts.push(Part::Text(bytes.to_vec())),
        }
    }
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self.parts.first() {
            Some(Part::Text(text)) => text.split(|c| *c == b' ').next().unwrap_or_default(),
            _ => b"",
        };
        write!(f, "Command({})", String::from_utf8_lossy(name))
    }
}

/// Whether `name` can stand in a flag list: an atom (RFC 3501 §9), with a backslash before it or not.
pub fn is_flag(name: &str) -> bool {
    let atom = name.strip_prefix('\\').unwrap_or(name);
    !atom.is_empty() && atom.bytes().all(|c| (0x21..0x7f).contains(&c) && !br#"(){%*"\]"#.contains(&c))
}
