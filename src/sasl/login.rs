//! Who signs in to a mailbox, whatever the protocol.

use secrecy::zeroize::Zeroizing;

use crate::{oauth, secret::Secret};

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
pub struct Credentials<'a> {
    /// Whose mailbox, where it is not the user's own.
    pub authorization: Option<&'a str>,
    /// Who signs in.
    pub user: String,
    /// With what.
    pub password: &'a Secret,
}

impl Login {
    /// User and password; `None` where a token is the credential.
    pub fn credentials(&self) -> Option<Credentials<'_>> {
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
    /// The message of SASL PLAIN.
    pub fn plain(&self) -> Zeroizing<Vec<u8>> {
        super::plain(self.authorization.unwrap_or_default(), &self.user, self.password)
    }
}
