//! Signing in: by password, on behalf of a user by an administrator, or by a domain's key (zimbra.md §1.2 to §1.6).

use std::{sync::Arc, time::UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{
    preauth,
    refusal::{Failure, TWO_FACTORS},
    service::{Door, Service},
    soap::{self, ACCOUNT, ADMIN, Request},
    token::Token,
};
use crate::{
    clock,
    error::{Code, Disposition, Result},
    limits,
    secret::Secret,
};

/// Who opens a mailbox.
#[derive(Clone)]
pub enum Login {
    /// Its user, with the password.
    Password(Secret),
    /// An administrator; locked and closed accounts are read too (§2).
    Admin(Admin),
    /// Whoever holds the domain's pre-authentication key.
    Key(Secret),
}

/// An administrator, signed in once for all mailboxes; clones share the sign-in.
#[derive(Clone)]
pub struct Admin(Arc<Inside>);

struct Inside {
    name: String,
    password: Secret,
    token: Mutex<Option<Token>>,
}

impl Admin {
    /// An administrator by the account's name.
    pub fn new(name: impl Into<String>, password: Secret) -> Self {
        Admin(Arc::new(Inside { name: name.into(), password, token: Mutex::new(None) }))
    }

    async fn token(&self, service: &Service) -> Result<Token, Failure> {
        let mut kept = self.0.token.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| !token.is_old()) {
            return Ok(token.clone());
        }
        let content = json!({ "name": self.0.name, "password": self.0.password.expose() });
        let request = Request::new("AuthRequest", ADMIN, content);
        let token = sign_in(service, Door::Admins, &request, &self.0.name).await?;
        *kept = Some(token.clone());
        Ok(token)
    }

    /// Asks as the administrator; one token that has ended is replaced.
    pub(super) async fn call(&self, service: &Service, request: &Request) -> Result<Value, Failure> {
        let token = self.token(service).await?;
        match service.call(Door::Admins, request, Some(&token), service.desk()).await {
            Err(failure) if failure.is_of_token() => {
                *self.0.token.lock().await = None;
                let token = self.token(service).await?;
                service.call(Door::Admins, request, Some(&token), service.desk()).await
            }
            outcome => outcome,
        }
    }
}

impl Login {
    /// A token for the mailbox of `user`.
    pub(super) async fn token(&self, service: &Service, user: &str) -> Result<Token, Failure> {
        let account = json!({ "by": "name", "_content": user });
        match self {
            Login::Password(password) => {
                let content = json!({ "account": account, "password": { "_content": password.expose() } });
                sign_in(service, Door::Users, &Request::new("AuthRequest", ACCOUNT, content), user).await
            }
            Login::Key(key) => {
                let now = clock::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let timestamp = u64::try_from(now.as_millis()).unwrap_or_default();
                let proof = preauth::proof(key, user, timestamp);
                let proof = json!({ "timestamp": timestamp.to_string(), "expires": "0", "_content": proof });
                let content = json!({ "account": account, "preauth": proof });
                sign_in(service, Door::Users, &Request::new("AuthRequest", ACCOUNT, content), user).await
            }
            Login::Admin(admin) => {
                let content = json!({ "duration": limits::ZIMBRA_DELEGATION.as_secs(), "account": account });
                let response = admin.call(service, &Request::new("DelegateAuthRequest", ADMIN, content)).await;
                token_in(service, &response.map_err(|failure| about(failure, user))?, user)
            }
        }
    }
}

async fn sign_in(service: &Service, door: Door, request: &Request, user: &str) -> Result<Token, Failure> {
    service.may_sign_in().map_err(Failure::unanswered)?;
    let outcome = service.call(door, request, None, service.desk()).await;
    service.signed_in(&outcome);
    token_in(service, &outcome.map_err(|failure| about(failure, user))?, user)
}

/// The refusal names whom it concerns.
fn about(failure: Failure, user: &str) -> Failure {
    let subject = format!("{} ({user})", failure.error.subject());
    Failure { error: failure.error.about(subject), ..failure }
}

/// The token of a response. One that waits for a second factor opens nothing (§1.6).
fn token_in(service: &Service, response: &Value, user: &str) -> Result<Token, Failure> {
    let waits = response.get("twoFactorAuthRequired").is_some_and(|waits| {
        waits.as_bool() == Some(true) || soap::text(waits).is_some_and(|text| text == "true" || text == "1")
    });
    if waits {
        let error = service.error(Code::AuthMfa, format!("{user}: {TWO_FACTORS}"));
        return Err(Failure::unanswered(error.disposed(Disposition::NeedsPerson)));
    }
    let text = response.get("authToken").and_then(soap::text);
    let missing = || Failure::unanswered(service.error(Code::Protocol, format!("{user}: the answer has no token")));
    text.map(Token::new).ok_or_else(missing)
}
