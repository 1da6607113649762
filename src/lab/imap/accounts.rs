//! Who may sign in, and to which mailbox.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    clock::Instant,
    lab::{
        entra::{Desk, Service},
        mailstore::Mailstore,
    },
};

/// The people of a server. Clones share them, so that tests can change them while it runs.
#[derive(Clone, Debug, Default)]
pub struct Accounts(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    people: BTreeMap<String, Person>,
    tokens: BTreeMap<String, Token>,
    refuse_passwords: bool,
    issuer: Option<(Desk, Service)>,
}

#[derive(Clone, Debug)]
struct Person {
    password: String,
    store: Mailstore,
    access: Access,
}

#[derive(Clone, Debug)]
struct Token {
    user: String,
    expires: Instant,
}

/// What happens behind a sign-in that succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Access {
    /// The mailbox is there.
    #[default]
    Granted,
    /// "User is authenticated but not connected" (microsoft365.md §1.4, quirk 13).
    NotConnected,
}

/// A sign-in that succeeded.
#[derive(Clone, Debug)]
pub(in crate::lab) struct SignedIn {
    pub user: String,
    pub store: Mailstore,
    pub access: Access,
    pub expires: Option<Instant>,
}

impl Accounts {
    /// The user that [`Accounts::from`] a single mailbox makes.
    pub const USER: &'static str = "user@example.org";
    /// The password of [`Accounts::USER`].
    pub const PASSWORD: &'static str = "pass word\"1";

    /// Who of this name is among the people may sign in on behalf of the others.
    pub const ADMIN: &'static str = "admin";

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds or replaces a person.
    #[must_use]
    pub fn with(self, user: &str, password: &str, store: Mailstore) -> Self {
        let person = Person { password: password.to_owned(), store, access: Access::Granted };
        self.table().people.insert(user.to_owned(), person);
        self
    }

    /// Changes what lies behind a sign-in of `user`.
    pub fn set_access(&self, user: &str, access: Access) {
        if let Some(person) = self.table().people.get_mut(user) {
            person.access = access;
        }
    }

    /// Issues a token for `user` by name; sessions under it end at `expires`.
    pub fn issue_token(&self, token: &str, user: &str, expires: Instant) {
        self.table().tokens.insert(token.to_owned(), Token { user: user.to_owned(), expires });
    }

    /// Takes the tokens of this desk that are for `service`; sessions under one end with it.
    pub fn take_tokens_of(&self, desk: Desk, service: Service) {
        self.table().issuer = Some((desk, service));
    }

    /// Refuses LOGIN and AUTHENTICATE PLAIN, as Exchange Online does (microsoft365.md §3).
    pub fn refuse_passwords(&self, refuse: bool) {
        self.table().refuse_passwords = refuse;
    }

    /// The mailbox of `user`.
    pub fn store(&self, user: &str) -> Option<Mailstore> {
        self.table().people.get(user).map(|person| person.store.clone())
    }

    /// The password of `user`, for a sign-in that proves it without sending it (APOP).
    pub(in crate::lab) fn password(&self, user: &str) -> Option<String> {
        self.table().people.get(user).map(|person| person.password.clone())
    }

    pub(in crate::lab) fn by_password(&self, user: &str, password: &str) -> Option<SignedIn> {
        let table = self.table();
        let person = table.people.get(user).filter(|p| p.password == password && !table.refuse_passwords)?;
        Some(person.signed_in(user, None))
    }

    /// `user*admin` with the administrator's password (Dovecot's master users).
    pub(super) fn by_master(&self, name: &str, password: &str) -> Option<SignedIn> {
        let (user, admin) = name.split_once('*')?;
        self.by_password(admin, password).filter(|_| admin == Accounts::ADMIN)?;
        self.as_administrator(user)
    }

    pub(super) fn as_administrator(&self, user: &str) -> Option<SignedIn> {
        self.table().people.get(user).map(|person| person.signed_in(user, None))
    }

    pub(in crate::lab) fn by_token(&self, user: &str, token: &str, now: Instant) -> Option<SignedIn> {
        let table = self.table();
        let known = table.tokens.get(token).filter(|t| t.user == user).map(|t| t.expires);
        let issued = || table.issuer.as_ref().and_then(|(desk, service)| desk.opens(token, *service, user));
        let expires = known.or_else(issued).filter(|expires| *expires > now)?;
        Some(table.people.get(user)?.signed_in(user, Some(expires)))
    }
}

impl Person {
    fn signed_in(&self, user: &str, expires: Option<Instant>) -> SignedIn {
        SignedIn { user: user.to_owned(), store: self.store.clone(), access: self.access, expires }
    }
}

impl From<Mailstore> for Accounts {
    /// One person with this mailbox.
    fn from(store: Mailstore) -> Self {
        Accounts::default().with(Accounts::USER, Accounts::PASSWORD, store)
    }
}
