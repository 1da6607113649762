//! How a session ends.

use std::io;

/// Why a session is over.
#[derive(Debug)]
pub(super) enum Ending {
    /// LOGOUT was answered, or the client went away.
    Done,
    /// The server says `* BYE` with this text and closes.
    Bye(String),
    /// The server closes without a word.
    Cut,
    /// The socket failed.
    Lost(io::Error),
}

impl From<io::Error> for Ending {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Ending::Done } else { Ending::Lost(error) }
    }
}
