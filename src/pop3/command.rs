//! Commands, and what the server owes for each.
//!
//! DELE and RSET are not among them.

use secrecy::zeroize::Zeroizing;

use crate::secret::Secret;

/// A command of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// What the server is able to do (RFC 2449 §5).
    Capa,
    /// TLS from here on (RFC 2595 §4).
    Stls,
    /// Messages and bytes of the maildrop.
    Stat,
    /// The size of every message.
    List,
    /// The size of one message, told with its number.
    ListOne(u32),
    /// The unique id of every message.
    Uidl,
    /// The header of a message (RFC 1939 §7: TOP with no line of the body).
    Top(u32),
    /// A message.
    Retr(u32),
    /// Nothing.
    Noop,
    /// The end.
    Quit,
}

/// What a reply consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One line.
    Line,
    /// One line, or a challenge of a sign-in.
    Dialogue,
    /// After `+OK`, lines up to a dot.
    Lines,
    /// After `+OK`, a message up to a dot.
    Message,
}

impl Command {
    /// What the server owes for it.
    pub(super) fn shape(&self) -> Shape {
        match self {
            Command::Capa | Command::List | Command::Uidl => Shape::Lines,
            Command::Top(_) | Command::Retr(_) => Shape::Message,
            Command::Stls | Command::Stat | Command::ListOne(_) | Command::Noop | Command::Quit => Shape::Line,
        }
    }

    /// As it stands on the line, without its end.
    pub(super) fn text(&self) -> String {
        match self {
            Command::Capa => "CAPA".to_owned(),
            Command::Stls => "STLS".to_owned(),
            Command::Stat => "STAT".to_owned(),
            Command::List => "LIST".to_owned(),
            Command::ListOne(number) => format!("LIST {number}"),
            Command::Uidl => "UIDL".to_owned(),
            Command::Top(number) => format!("TOP {number} 0"),
            Command::Retr(number) => format!("RETR {number}"),
            Command::Noop => "NOOP".to_owned(),
            Command::Quit => "QUIT".to_owned(),
        }
    }
}

/// A line of a sign-in: it may hold a secret, so it has no Debug and leaves nothing behind.
pub(super) struct Spoken(Zeroizing<Vec<u8>>);

impl Spoken {
    /// A line of these parts.
    pub(super) fn of(parts: &[&str]) -> Self {
        let mut line = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
        parts.iter().for_each(|part| line.extend_from_slice(part.as_bytes()));
        Spoken(line)
    }

    /// A line that is one secret.
    pub(super) fn secret(secret: &Secret) -> Self {
        Spoken::of(&[secret.expose()])
    }

    /// Whether the line would hold another command behind it.
    pub(super) fn is_broken(&self) -> bool {
        memchr::memchr3(b'\r', b'\n', 0, &self.0).is_some()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}
