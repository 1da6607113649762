//! Access tokens that the sessions of a process share.
//!
//! A token is renewed when 80 % of its life are over, by one task: whoever asks meanwhile waits for it. The task is nobody's, so a session
//! that goes away takes no renewal along. A renewal that fails while the old token is still good costs nothing but a warning; any
//! [`Failure`] answers for a while, so that a wrong secret is not tried by every mailbox of a batch.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use tokio::sync::Semaphore;
use tracing::warn;

use super::{
    AccessToken, Audience, Client, Grant, RefreshStore,
    failure::{Failure, retold},
    grant,
};
use crate::{
    clock,
    error::{Error, Result, Side},
    limits,
};

/// Which token: of whom, for what, by whose leave.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The application.
    pub client: Arc<Client>,
    /// What it is good for.
    pub audience: Audience,
    /// By whose leave.
    pub grant: Grant,
}

/// Authority with tenant, application, audience, user.
type Key = (String, String, Audience, Grant);

impl Wanted {
    fn key(&self) -> Key {
        let Wanted { client, audience, grant } = self;
        (client.authority.name().to_owned(), client.id.clone(), audience.clone(), grant.clone())
    }
}

type Outcome = Result<AccessToken, Arc<Error>>;
type Renewal = Shared<BoxFuture<'static, Outcome>>;

#[derive(Default)]
struct Entry {
    token: Option<AccessToken>,
    renewal: Option<Renewal>,
    failure: Option<Failure>,
}

impl Entry {
    fn valid(&self) -> Option<&AccessToken> {
        self.token.as_ref().filter(|token| token.is_valid())
    }

    /// The answer that needs no request: a fresh token, or after a failure what is left of an old one.
    fn answer(&self) -> Option<Result<AccessToken>> {
        if let Some(token) = self.valid().filter(|token| token.is_fresh()) {
            return Some(Ok(token.clone()));
        }
        let failure = self.failure.as_ref().filter(|failure| clock::instant() < failure.until)?;
        Some(match self.valid() {
            Some(token) => Ok(AccessToken { renew_at: failure.until, ..token.clone() }),
            None => Err(failure.told()),
        })
    }
}

/// The cache; its clones share it.
#[derive(Clone)]
pub struct Tokens(Arc<Inner>);

struct Inner {
    entries: Mutex<HashMap<Key, Entry>>,
    source: Source,
    requests: Semaphore,
}

/// Where tokens come from.
type Source = Box<dyn Fn(Wanted) -> BoxFuture<'static, Result<AccessToken>> + Send + Sync>;

impl Tokens {
    /// An empty cache; `store` has the refresh tokens for [`Grant::Refresh`].
    pub fn new(store: Option<Arc<dyn RefreshStore>>) -> Self {
        Tokens::of_source(Box::new(move |Wanted { client, audience, grant }| {
            let store = store.clone();
            async move { grant::obtain(&client, &audience, &grant, store.as_ref()).await }.boxed()
        }))
    }

    fn of_source(source: Source) -> Self {
        let requests = Semaphore::new(limits::TOKEN_REQUESTS);
        Tokens(Arc::new(Inner { entries: Mutex::default(), source, requests }))
    }

    /// A token with at least a fifth of its life before it, or, while its renewal fails for now, a valid one.
    ///
    /// # Errors
    /// None could be had. Everyone who waited gets the same error, on [`Side::System`].
    pub async fn token(&self, wanted: &Wanted) -> Result<AccessToken> {
        let key = wanted.key();
        let renewal = {
            let mut entries = self.entries();
            make_room(&mut entries, &key);
            let entry = entries.entry(key.clone()).or_default();
            if let Some(answer) = entry.answer() {
                return answer;
            }
            // One that ended without its outcome being kept has broken down.
            let running = entry.renewal.take().filter(|renewal| renewal.peek().is_none());
            entry.renewal.insert(running.unwrap_or_else(|| self.renew(key.clone(), wanted.clone()))).clone()
        };
        match renewal.await {
            Ok(token) => Ok(token),
            Err(error) => {
                let kept = self.entries().get(&key).and_then(Entry::answer);
                kept.unwrap_or_else(|| Err(retold(&error)))
            }
        }
    }

    /// A server refused `token`: it is not given out again.
    pub fn refused(&self, wanted: &Wanted, token: &AccessToken) {
        if let Some(entry) = self.entries().get_mut(&wanted.key()) {
            entry.token = entry.token.take().filter(|held| held.secret.expose() != token.secret.expose());
        }
    }

    fn renew(&self, key: Key, wanted: Wanted) -> Renewal {
        let tokens = self.clone();
        let task = tokio::spawn(async move {
            let _turn = tokens.0.requests.acquire().await;
            let outcome = (tokens.0.source)(wanted).await.map_err(Arc::new);
            tokens.keep(&key, &outcome);
            outcome
        });
        let ended = |error| Err(Arc::new(Error::bug("a renewal broke down").with_source(error)));
        async move { task.await.unwrap_or_else(ended) }.boxed().shared()
    }

    fn keep(&self, key: &Key, outcome: &Outcome) {
        let mut entries = self.entries();
        let Some(entry) = entries.get_mut(key) else { return };
        entry.renewal = None;
        match outcome {
            Ok(token) => (entry.token, entry.failure) = (Some(token.clone()), None),
            Err(error) => {
                let left = entry.valid().map(|token| token.expires.saturating_duration_since(clock::instant()));
                if let Some(left) = left {
                    warn!(%error, "a token could not be renewed; the old one is good for {} s", left.as_secs());
                }
                entry.failure = Some(Failure::new(error.clone(), left));
            }
        }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
        self.0.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets go of what ends first, where there is no room for `key`.
fn make_room(entries: &mut HashMap<Key, Entry>, key: &Key) {
    if entries.len() < limits::TOKENS_KEPT || entries.contains_key(key) {
        return;
    }
    entries.retain(|_, entry| entry.renewal.is_some() || entry.valid().is_some());
    if entries.len() >= limits::TOKENS_KEPT {
        let first = entries.iter().min_by_key(|(_, entry)| entry.token.as_ref().map(|token| token.expires));
        if let Some(first) = first.map(|(key, _)| key.clone()) {
            entries.remove(&first);
        }
    }
}

/// One wanted token, as a session of one side holds it.
#[derive(Clone)]
pub struct SignIn {
    tokens: Tokens,
    wanted: Arc<Wanted>,
    side: Side,
}

impl SignIn {
    /// `wanted` from `tokens`, for sessions of `side`.
    pub fn new(tokens: Tokens, wanted: Wanted, side: Side) -> Self {
        SignIn { tokens, wanted: Arc::new(wanted), side }
    }

    /// [`Tokens::token`].
    ///
    /// # Errors
    /// The same, on the session's side.
    pub async fn access_token(&self) -> Result<AccessToken> {
        self.tokens.token(&self.wanted).await.map_err(|error| error.on(self.side))
    }

    /// [`Tokens::refused`].
    pub fn refused(&self, token: &AccessToken) {
        self.tokens.refused(&self.wanted, token);
    }

    /// Where an administrator of the tenant agrees to what its application asks for, if there is such a page.
    pub fn admin_consent(&self) -> Option<url::Url> {
        self.wanted.client.authority.admin_consent(&self.wanted.client.id)
    }

    /// Which token it is.
    pub fn wanted(&self) -> &Wanted {
        &self.wanted
    }
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.wanted.fmt(f)
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
