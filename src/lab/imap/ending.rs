//! How a session ends.

use std::io;

/// Why a session is over.
#[derive(Debug)]
pub(super) enum Ending {
    /// LOGOUT was answered.
    Done,
    /// The server says `* BYE` with this text and closes.
    Bye(Cause, String),
    /// The server closes without a word.
    Cut,
    /// The client is gone or its socket failed.
    Lost,
}

/// Why a server ends a session with `* BYE`; Exchange has one text for most of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Too many commands were refused (quirk 5).
    Errors,
    /// The back-off says so (quirk 2).
    Throttled,
    /// The sign-in has no mailbox behind it (quirk 13).
    NotConnected,
    /// The client was silent for too long.
    Idle,
    /// The token expired (quirk 15).
    TokenExpired,
    /// The client's bytes are no commands.
    Syntax,
    /// The selected folder is gone or was renumbered.
    FolderGone,
    /// A planned fault.
    Fault,
}

impl From<io::Error> for Ending {
    fn from(_: io::Error) -> Self {
        Ending::Lost
    }
}
