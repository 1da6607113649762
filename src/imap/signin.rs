//! How to sign in, and what to switch on afterwards.

use std::time::Duration;

use crate::{net::Dial, pace::Rates, sasl::Login};

/// How a connection is opened. Cloned for every connection.
#[derive(Clone)]
pub struct SignIn {
    /// The server, and whose side it is.
    pub dial: Dial,
    /// Who signs in.
    pub login: Login,
    /// What the connection may use of the line ([`super::Connection::limiter`]).
    pub rates: Rates,
    /// The base deadline of one command ([`crate::limits::COMMAND_DEADLINE`]).
    pub deadline: Duration,
    /// Use COMPRESS=DEFLATE where offered.
    pub compress: bool,
    /// Enable QRESYNC where offered.
    pub resync: bool,
    /// Enable UTF8=ACCEPT where offered: folder names are then UTF-8 on the wire.
    pub utf8: bool,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").field("dial", &self.dial).finish_non_exhaustive()
    }
}
