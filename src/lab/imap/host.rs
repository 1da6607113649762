//! What the connections of one server share.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    Accounts, Faults, Journal, Persona,
    persona::{BackOff, Bucket},
};
use crate::clock;

/// One server behind its connections.
#[derive(Debug)]
pub(super) struct Host {
    pub accounts: Accounts,
    pub faults: Faults,
    pub journal: Journal,
    persona: Mutex<Arc<Persona>>,
    signed_in: Mutex<HashMap<String, usize>>,
    buckets: Mutex<HashMap<String, Bucket>>,
}

impl Host {
    pub fn new(accounts: Accounts, persona: Persona) -> Self {
        Host {
            accounts,
            faults: Faults::default(),
            journal: Journal::default(),
            persona: Mutex::new(Arc::new(persona)),
            signed_in: Mutex::default(),
            buckets: Mutex::default(),
        }
    }

    pub fn persona(&self) -> Arc<Persona> {
        self.persona.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set_persona(&self, persona: Persona) {
        *self.persona.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(persona);
    }

    /// Pays for messages from the throttle of a mailbox; nothing is free while it is backed off.
    pub fn pay(&self, user: &str, messages: usize, bytes: u64) -> Result<(), BackOff> {
        let persona = self.persona();
        let Some(throttle) = &persona.throttle else { return Ok(()) };
        let now = clock::instant();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(user.to_owned()).or_insert_with(|| Bucket::new(throttle, now));
        let paid = bucket.pay(throttle, messages as f64, bytes as f64, now);
        if let Err(back_off) = &paid
            && back_off.first
        {
            self.journal.back_off(user, now, back_off.until);
        }
        paid
    }

    /// Counts a sign-in; the count of this user's connections falls when the guard goes.
    pub fn sign_in(self: &Arc<Self>, user: &str) -> SignInGuard {
        let mut counts = self.signed_in.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(user.to_owned()).or_default();
        *count += 1;
        SignInGuard { host: self.clone(), user: user.to_owned(), rank: *count }
    }
}

/// A connection that is signed in.
#[derive(Debug)]
pub(super) struct SignInGuard {
    host: Arc<Host>,
    user: String,
    /// Connections of this user when it signed in, itself among them.
    pub rank: usize,
}

impl Drop for SignInGuard {
    fn drop(&mut self) {
        let mut counts = self.host.signed_in.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.user) {
            *count = count.saturating_sub(1);
        }
    }
}
