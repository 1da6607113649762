//! By whose leave a token is asked for, and how.

use std::sync::Arc;

use oauth2::{Scope as OAuthScope, TokenResponse};
use url::form_urlencoded;

use super::{
    AccessToken, Account, Audience, Client, Credential, RefreshStore, RefreshToken,
    assertion::{self, JWT_BEARER},
    exchange::Exchange,
    refusal::Asker,
    token::Reply,
};
use crate::{
    error::{Code, Disposition, Error, Result, Scope, Side},
    secret::Secret,
};

/// By whose leave a token is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Grant {
    /// The application's own (RFC 6749 §4.4): an administrator consented.
    ClientCredentials,
    /// A user's, who signed in once (RFC 6749 §6).
    Refresh {
        /// As the [`Account`] names them.
        user: String,
    },
    /// A Google service account's, for a user of its domain (RFC 7523 §2.1, domain-wide delegation).
    ServiceAccount {
        /// The user's mail address.
        user: String,
    },
}

/// Asks the authority.
///
/// # Errors
/// What [`super::refusal`] makes of its answer, what [`crate::net::http::fault`] makes of none, and what the store says.
pub(super) async fn obtain(
    client: &Client,
    audience: &Audience,
    grant: &Grant,
    store: Option<&Arc<dyn RefreshStore>>,
) -> Result<AccessToken> {
    let reply = match grant {
        Grant::ClientCredentials => of_client(client, audience).await?,
        Grant::Refresh { user } => of_user(client, audience, user, store).await?,
        Grant::ServiceAccount { user } => of_service_account(client, audience, user).await?,
    };
    Ok(AccessToken::of_reply(&reply))
}

async fn of_client(client: &Client, audience: &Audience) -> Result<Reply> {
    let (exchange, protocol) = (Exchange::new(client, Asker::Application), client.protocol());
    let request = protocol.exchange_client_credentials().add_scopes(scopes(audience, &[]));
    let outcome = request.request_async(&exchange).await;
    exchange.settle(outcome)
}

async fn of_user(
    client: &Client,
    audience: &Audience,
    user: &str,
    store: Option<&Arc<dyn RefreshStore>>,
) -> Result<Reply> {
    let account = Account::new(client, user);
    let store = store.ok_or_else(|| not_signed_in(&account))?;
    let load = async || store.load(&account).await?.ok_or_else(|| not_signed_in(&account));
    let held = load().await?;
    let (used, reply) = match refreshed(client, audience, &held).await {
        Err(refusal) if refusal.code() == Code::SignInNeeded => {
            // Another audience or process may have used it up meanwhile, where it ends with its use (RFC 6749 §6).
            let newer = load().await?;
            if newer.0.expose() == held.0.expose() {
                return Err(refusal);
            }
            let reply = refreshed(client, audience, &newer).await?;
            (newer, reply)
        }
        outcome => (held, outcome?),
    };
    // A new one comes with each use; it is kept before anything else.
    if let Some(fresh) = reply.refresh_token().filter(|fresh| fresh.secret() != used.0.expose()) {
        store.save(&account, &RefreshToken(Secret::new(fresh.secret().clone()))).await?;
    }
    Ok(reply)
}

async fn refreshed(client: &Client, audience: &Audience, token: &RefreshToken) -> Result<Reply> {
    let (exchange, protocol) = (Exchange::new(client, Asker::User), client.protocol());
    let token = oauth2::RefreshToken::new(token.0.expose().to_owned());
    let scopes = scopes(audience, client.authority.person_scopes());
    let outcome = protocol.exchange_refresh_token(&token).add_scopes(scopes).request_async(&exchange).await;
    exchange.settle(outcome)
}

fn not_signed_in(account: &Account) -> Error {
    let place = format!("{} at {}: never signed in", account.user, account.authority);
    Error::new(Code::SignInNeeded, Side::System, Scope::Mailbox, Disposition::NeedsPerson, place)
}

async fn of_service_account(client: &Client, audience: &Audience, user: &str) -> Result<Reply> {
    let Credential::ServiceAccount(key) = &client.credential else {
        return Err(Error::config(format!("{client:?}: a service account needs its key file")));
    };
    let assertion = assertion::of_service_account(key, user, &audience.joined(), client.authority.token.as_str())?;
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", JWT_BEARER)
        .append_pair("assertion", &assertion)
        .finish();
    Exchange::new(client, Asker::ServiceAccount).form(form).await
}

/// An audience's scopes and `more` of them.
pub(super) fn scopes(audience: &Audience, more: &[&str]) -> Vec<OAuthScope> {
    let own = audience.scopes().iter().map(String::as_str);
    own.chain(more.iter().copied()).map(|scope| OAuthScope::new(scope.to_owned())).collect()
}
