//! One user's mailbox: requests with a token that is good.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Mutex;

use super::{
    allowance::Allowance,
    login::Login,
    refusal::Failure,
    service::{Answer, Door, Service},
    soap::{MAIL, Request},
    token::Token,
};
use crate::error::{Error, Result, Side};

/// Why a mailbox does not open.
#[derive(Debug)]
pub struct Unopened {
    /// The reason.
    pub error: Error,
    /// The interface itself is closed: the port refuses connections, or a proxy knows no such path. Never a wrong password, a throttle, a
    /// certificate or a name without an address.
    pub closed: bool,
}

/// A mailbox; clones share its token and what it may be asked.
#[derive(Clone)]
pub struct Mailbox(Arc<Inside>);

struct Inside {
    service: Service,
    user: String,
    login: Login,
    token: Mutex<Option<Token>>,
    allowance: Allowance,
}

impl Mailbox {
    /// The mailbox of `user` at `service`.
    pub fn new(service: Service, user: impl Into<String>, login: Login) -> Self {
        let (token, allowance) = (Mutex::new(None), Allowance::new());
        Mailbox(Arc::new(Inside { service, user: user.into(), login, token, allowance }))
    }

    /// Its user.
    pub fn user(&self) -> &str {
        &self.0.user
    }

    /// On which side of a move it is.
    pub fn side(&self) -> Side {
        self.0.service.side()
    }

    pub(super) fn service(&self) -> &Service {
        &self.0.service
    }

    /// The id of its account, which no other account ever has.
    ///
    /// # Errors
    /// The sign-in is refused.
    pub async fn account(&self) -> Result<String> {
        Ok(self.token().await.map_err(Failure::into_error)?.account)
    }

    /// Signs in and asks for nothing.
    ///
    /// # Errors
    /// The mailbox does not open, and whether that is because nothing answers at the door.
    pub async fn knock(&self) -> Result<(), Unopened> {
        let answered = self.call(&Request::new("NoOpRequest", MAIL, Value::Null)).await;
        answered.map(drop).map_err(|Failure { error, closed, .. }| Unopened { error, closed })
    }

    async fn token(&self) -> Result<Token, Failure> {
        let mut kept = self.0.token.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| !token.is_old()) {
            return Ok(token.clone());
        }
        let token = self.0.login.token(&self.0.service, &self.0.user).await?;
        *kept = Some(token.clone());
        Ok(token)
    }

    /// The token was refused: the next one asks for another, unless somebody did so meanwhile.
    async fn refused(&self, token: &Token) {
        let mut kept = self.0.token.lock().await;
        kept.take_if(|kept| kept.expose() == token.expose());
    }

    /// Sends a request; a token that has ended is replaced once.
    pub(super) async fn call(&self, request: &Request) -> Result<Value, Failure> {
        let Inside { service, allowance, .. } = &*self.0;
        let token = self.token().await?;
        match service.call(Door::Users, request, Some(&token), allowance).await {
            Err(failure) if failure.is_of_token() => {
                self.refused(&token).await;
                service.call(Door::Users, request, Some(&self.token().await?), allowance).await
            }
            outcome => outcome,
        }
    }

    /// The same by the REST interface.
    pub(super) async fn get(&self, query: &str, what: &str) -> Result<Answer, Failure> {
        let Inside { service, allowance, .. } = &*self.0;
        let token = self.token().await?;
        match service.get(query, what, &token, allowance).await {
            Err(failure) if failure.is_of_token() => {
                self.refused(&token).await;
                service.get(query, what, &self.token().await?, allowance).await
            }
            outcome => outcome,
        }
    }
}

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in {:?}", self.0.user, self.0.service)
    }
}
