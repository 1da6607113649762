//! Signing in with a browser on this machine: authorization code with PKCE (RFC 6749 §4.1, RFC 7636, RFC 8252 §7.3).

use std::{fmt, sync::Arc};

use oauth2::{AuthorizationCode, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl};
use url::Url;

use super::{
    Audience, Client, SignedIn,
    exchange::Exchange,
    grant,
    loopback::{Declined, Loopback},
    refusal::{self, Asker},
};
use crate::{
    clock::{self, Instant},
    error::{Error, Result},
    limits,
    net::http as web,
};

/// A sign-in that waits for a person's browser.
pub struct BrowserSignIn {
    client: Arc<Client>,
    url: Url,
    loopback: Loopback,
    redirect: RedirectUrl,
    verifier: PkceCodeVerifier,
    until: Instant,
}

impl BrowserSignIn {
    /// Listens on a free port of this machine for the browser's return. `user` is proposed to the person, if given.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn begin(client: Arc<Client>, audience: &Audience, user: Option<&str>) -> Result<Self> {
        let state = CsrfToken::new_random();
        let loopback = Loopback::open(state.secret().clone()).await?;
        // Microsoft lets `localhost` have any port (microsoft365.md §2.5), Google too.
        let redirect = RedirectUrl::new(format!("http://localhost:{}", loopback.port()))
            .map_err(|e| Error::bug(format!("redirect URL: {e}")))?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let protocol = client.protocol().set_redirect_uri(redirect.clone());
        let mut request = protocol
            .authorize_url(move || state)
            .add_scopes(grant::scopes(audience, client.authority.person_scopes()))
            .set_pkce_challenge(challenge);
        for &(name, value) in client.authority.browser_parameters() {
            request = request.add_extra_param(name, value);
        }
        if let Some(user) = user {
            request = request.add_extra_param("login_hint", user);
        }
        let (url, _) = request.url();
        let until = clock::instant() + limits::SIGN_IN_DEADLINE;
        Ok(BrowserSignIn { client, url, loopback, redirect, verifier, until })
    }

    /// What the browser opens. It holds no secret.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Until when the person must have finished.
    pub fn expires(&self) -> Instant {
        self.until
    }

    /// Waits for the browser and redeems what it brings.
    ///
    /// # Errors
    /// Declined, not finished in time, or what the authority says.
    pub async fn finish(self) -> Result<SignedIn> {
        let place = web::server(&self.client.authority.token);
        let returned = self.loopback.wait(self.until, &place).await?;
        let refused = |told: Declined| refusal::of_redirect(&place, &told.error, &told.description);
        let code = returned.map_err(|told| refusal::with_consent(refused(told), &self.client))?;
        let (exchange, protocol) = (Exchange::new(&self.client, Asker::Person), self.client.protocol());
        let protocol = protocol.set_redirect_uri(self.redirect);
        let request = protocol.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(self.verifier);
        let outcome = request.request_async(&exchange).await;
        let reply = exchange.settle(outcome)?;
        SignedIn::of_reply(&reply, &place)
    }
}

impl fmt::Debug for BrowserSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BrowserSignIn of {:?}", self.client)
    }
}
