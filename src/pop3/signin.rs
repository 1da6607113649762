//! How to sign in: where, by whom, and how long to wait.

use std::time::Duration;

use crate::{net::Dial, sasl::Login};

/// How a connection is opened. Cloned for every connection.
#[derive(Clone)]
pub struct SignIn {
    /// The server, and whose side it is.
    pub dial: Dial,
    /// Who signs in.
    pub login: Login,
    /// The base deadline of one command; a sign-in may take [`crate::limits::POP3_SIGN_IN`].
    pub deadline: Duration,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").field("dial", &self.dial).finish_non_exhaustive()
    }
}
