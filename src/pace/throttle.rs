//! Recognises the replies by which servers ask to go slower.

use std::time::Duration;

/// A server's request to go slower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// How long it asks to wait, where it says so.
    pub wait: Option<Duration>,
    /// What there was too much of.
    pub kind: ThrottleKind,
}

/// What there was too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ThrottleKind {
    /// Commands or messages in a time.
    Rate,
    /// Connections at a time: the ones that exist may go on.
    Connections,
    /// Bytes or commands of a day: the account rests for hours (quirk 47).
    Daily,
    /// The server is short of something, whoever asks.
    Busy,
}

/// Whether a status reply with response code `code` and human text `text` asks to go slower; without regard to case.
pub fn throttle(text: &str, code: Option<&str>) -> Option<Throttle> {
    let _ = (text, code);
    None
}
