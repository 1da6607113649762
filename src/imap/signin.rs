//! How to sign in: by whom, with what, and what to switch on afterwards.

use std::time::Duration;

use secrecy::zeroize::Zeroizing;

use crate::{net::Dial, oauth, pace::Rates, sasl, secret::Secret};

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
    /// Whoever a token is for, in the name of the mailbox's user or of an application (microsoft365.md §2.1).
    Token {
        /// Whose mailbox.
        user: String,
        /// Where tokens come from.
        tokens: oauth::SignIn,
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

/// What SASL PLAIN and LOGIN need to know (RFC 4616 §2).
#[derive(Clone)]
pub(super) struct Credentials<'a> {
    /// Whose mailbox, where it is not the user's own.
    pub(super) authorization: Option<&'a str>,
    pub(super) user: String,
    pub(super) password: &'a Secret,
}

impl Login {
    /// `None` where a token is the credential.
    pub(super) fn credentials(&self) -> Option<Credentials<'_>> {
        Some(match self {
            Login::Password { user, password } => Credentials { authorization: None, user: user.clone(), password },
            Login::Admin { user, admin, password, form: AdminForm::SaslPlain } => {
                Credentials { authorization: Some(user), user: admin.clone(), password }
            }
            Login::Admin { user, admin, password, form: AdminForm::Template(template) } => Credentials {
                authorization: None,
                user: template.replace("{user}", user).replace("{admin}", admin),
                password,
            },
            Login::Token { .. } => return None,
        })
    }
}

impl Credentials<'_> {
    pub(super) fn plain(&self) -> Zeroizing<Vec<u8>> {
        sasl::plain(self.authorization.unwrap_or_default(), &self.user, self.password)
    }
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").field("dial", &self.dial).finish_non_exhaustive()
    }
}
