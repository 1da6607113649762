//! How to sign in.

use std::time::Duration;

use crate::{error::Side, secret::Secret};

/// How a connection is opened. Cloned for every connection.
#[derive(Clone)]
pub struct SignIn {
    /// Whose side it is, for errors.
    pub side: Side,
    /// Host and port, for errors.
    pub place: String,
    /// Who signs in.
    pub login: Login,
    /// The base deadline of one command ([`crate::limits::COMMAND_DEADLINE`]).
    pub deadline: Duration,
    /// Use COMPRESS=DEFLATE where offered.
    pub compress: bool,
    /// Enable QRESYNC (or CONDSTORE) where offered.
    pub resync: bool,
    /// Enable UTF8=ACCEPT where offered.
    pub utf8: bool,
}

/// Who signs in, and how.
#[derive(Clone)]
pub enum Login {
    /// The user's own password.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// An administrator who opens somebody's mailbox.
    Admin {
        /// Whose mailbox.
        user: String,
        /// The administrator.
        admin: String,
        /// The administrator's password.
        password: Secret,
        /// How both are named.
        form: AdminForm,
    },
}

/// How an administrator names the mailbox to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminForm {
    /// SASL PLAIN with an authorization identity (RFC 4616): Dovecot, Cyrus, Zimbra.
    SaslPlain,
    /// One user name made of both, with `{user}` and `{admin}` in it: `{user}*{admin}`, `{admin}/{user}`.
    Template(String),
}
