//! What comes of a grant.

use std::{fmt, time::Duration};

use oauth2::{ExtraTokenFields, StandardTokenResponse, TokenResponse, basic::BasicTokenType};
use serde::{Deserialize, Serialize};

use super::identity;
use crate::{
    clock::{self, Instant},
    error::{Code, Disposition, Error, Result, Scope, Side},
    limits,
    secret::Secret,
};

/// The reply of a token end point.
pub(super) type Reply = StandardTokenResponse<Extra, BasicTokenType>;

/// What OpenID Connect adds to it.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Extra {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
}

impl ExtraTokenFields for Extra {}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Extra")
    }
}

/// A token that opens a mailbox for a while.
#[derive(Clone)]
pub struct AccessToken {
    /// The token itself.
    pub secret: Secret,
    /// When it ends.
    pub expires: Instant,
    /// From when on there is a new one, so that sessions under this one end before they are cut (quirk 15). While a renewal fails, when
    /// it is tried again.
    pub renew_at: Instant,
}

impl AccessToken {
    /// A token with `life` from now on.
    pub fn new(secret: Secret, life: Duration) -> Self {
        let (now, life) = (clock::instant(), life.min(limits::TOKEN_LIFE_MOST));
        let renew_at = now + life * limits::TOKEN_RENEWED_PERCENT / 100;
        AccessToken { secret, expires: now + life, renew_at }
    }

    pub(super) fn of_reply(reply: &Reply) -> Self {
        let secret = Secret::new(reply.access_token().secret().clone());
        AccessToken::new(secret, reply.expires_in().unwrap_or(limits::TOKEN_LIFE_UNTOLD))
    }

    /// Whether it is too early for a new one.
    pub fn is_fresh(&self) -> bool {
        clock::instant() < self.renew_at
    }

    /// Whether a server still takes it.
    pub fn is_valid(&self) -> bool {
        clock::instant() < self.expires
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessToken for {:?}", self.expires.saturating_duration_since(clock::instant()))
    }
}

/// A person signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who, as the authority names them; `None` where it does not tell.
    pub user: Option<String>,
    /// What [`super::Grant::Refresh`] needs, for the [`super::RefreshStore`].
    pub refresh: RefreshToken,
    /// A first token.
    pub access: AccessToken,
}

/// A secret that gets access tokens for months.
#[derive(Clone)]
pub struct RefreshToken(pub Secret);

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken")
    }
}

impl SignedIn {
    /// # Errors
    /// No refresh token came: the authority does not let this application stay signed in.
    pub(super) fn of_reply(reply: &Reply, place: &str) -> Result<Self> {
        let refresh = reply.refresh_token().map(|token| RefreshToken(Secret::new(token.secret().clone())));
        let refresh = refresh.ok_or_else(|| {
            let words = format!("{place}: no refresh token: offline access is not granted to the application");
            Error::new(Code::Consent, Side::System, Scope::Endpoint, Disposition::NeedsPerson, words)
        })?;
        let user = reply.extra_fields().id_token.as_deref().and_then(identity::user);
        Ok(SignedIn { user, refresh, access: AccessToken::of_reply(reply) })
    }
}
