//! What the connections of one host share.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio_rustls::TlsAcceptor;

use super::Manner;
use crate::{
    clock::{self, Instant},
    lab::imap::Accounts,
    limits,
};

/// One host behind its connections.
pub(super) struct Host {
    pub accounts: Accounts,
    /// For STLS.
    pub tls: Option<TlsAcceptor>,
    pub journal: Journal,
    manner: Mutex<Arc<Manner>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Who is signed in.
    open: BTreeSet<String>,
    signed_in: BTreeMap<String, Instant>,
    /// Messages that were refused once.
    refused: BTreeSet<(String, u32)>,
}

/// What a host was asked: every command but those of a sign-in, with its number.
#[derive(Debug, Default)]
pub struct Journal(Mutex<Vec<String>>);

impl Journal {
    pub(super) fn note(&self, command: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < limits::LAB_JOURNAL {
            all.push(command.to_owned());
        }
    }

    /// How many commands began with this word.
    pub fn count(&self, word: &str) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().filter(|line| line.starts_with(word)).count()
    }
}

impl Host {
    pub fn new(accounts: Accounts, manner: Manner, tls: Option<TlsAcceptor>) -> Self {
        let (journal, manner) = (Journal::default(), Mutex::new(Arc::new(manner)));
        Host { accounts, tls, journal, manner, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn manner(&self) -> Arc<Manner> {
        self.manner.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set_manner(&self, manner: Manner) {
        *self.manner.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(manner);
    }

    /// Lets a user in, or says why not.
    pub fn enter(self: &Arc<Self>, user: &str) -> Result<Lock, &'static str> {
        let manner = self.manner();
        let mut state = self.state();
        let now = clock::instant();
        let since = state.signed_in.get(user).map(|at| now - *at);
        if manner.login_delay.zip(since).is_some_and(|(delay, since)| since < delay) {
            return Err("-ERR [LOGIN-DELAY] minimum time between mail checks violation");
        }
        if manner.held || (manner.locks && !state.open.insert(user.to_owned())) {
            return Err("-ERR [IN-USE] Do you have another POP session running?");
        }
        state.signed_in.insert(user.to_owned(), now);
        Ok(Lock { host: Arc::clone(self), user: user.to_owned() })
    }

    /// Whether this user's message is refused for the first time.
    pub fn refuses_first(&self, user: &str, uid: u32) -> bool {
        self.state().refused.insert((user.to_owned(), uid))
    }
}

/// A session of a user; the maildrop is free again when it goes.
pub(super) struct Lock {
    host: Arc<Host>,
    user: String,
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.host.state().open.remove(&self.user);
    }
}
