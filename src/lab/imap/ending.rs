//! How a session ends.

use std::io;

/// Why a session is over.
#[derive(Debug)]
pub(super) enum Ending {
    /// LOGOUT was answered.
    Done,
    /// The server says `* BYE` with this text and closes.
    Bye(String),
    /// The server closes without a word.
    Cut,
    /// The client is gone or its socket failed.
    Lost,
}

impl From<io::Error> for Ending {
    fn from(_: io::Error) -> Self {
        Ending::Lost
    }
}
