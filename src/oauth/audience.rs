//! What a token is good for, as the scopes that ask for it (microsoft365.md §2.2, §2.8).
//!
//! A token for Graph is refused by IMAP and the other way round, so the audience is part of the cache's key. Hosts are given, never
//! assumed: the presets are in [`super::Cloud`].

/// A set of scopes. Equal scopes are the same audience.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Audience {
    scopes: Vec<String>,
}

impl Audience {
    /// Exactly these scopes.
    pub fn of_scopes(scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Audience { scopes: scopes.into_iter().map(Into::into).collect() }
    }

    /// IMAP and POP for the application itself (`IMAP.AccessAsApp`); `host` is [`super::Cloud::exchange`].
    pub fn exchange_app(host: &str) -> Self {
        Audience::of_scopes([format!("https://{host}/.default")])
    }

    /// IMAP in the name of a user; `host` is [`super::Cloud::delegated`].
    pub fn imap(host: &str) -> Self {
        Audience::of_scopes([format!("https://{host}/IMAP.AccessAsUser.All")])
    }

    /// POP3 in the name of a user; `host` is [`super::Cloud::delegated`].
    pub fn pop(host: &str) -> Self {
        Audience::of_scopes([format!("https://{host}/POP.AccessAsUser.All")])
    }

    /// Microsoft Graph with every permission that was consented to, app-only or delegated; `host` is [`super::Cloud::graph`].
    pub fn graph(host: &str) -> Self {
        Audience::of_scopes([format!("https://{host}/.default")])
    }

    /// Gmail by IMAP and POP.
    pub fn google_mail() -> Self {
        Audience::of_scopes(["https://mail.google.com/"])
    }

    /// Gmail by IMAP for a service account, past the users' own folder settings; it needs the domain administrator's leave.
    pub fn google_imap_admin() -> Self {
        Audience::of_scopes(["https://www.googleapis.com/auth/gmail.imap_admin"])
    }

    /// The scopes.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// The scopes as one parameter.
    pub fn joined(&self) -> String {
        self.scopes.join(" ")
    }
}
