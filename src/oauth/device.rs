//! Signing in on another device with a code (RFC 8628, microsoft365.md §2.4).
//!
//! The crate asks at the stated interval, five seconds slower each time it is told so, and goes on through failures that pass.

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};
use oauth2::{DeviceCodeErrorResponseType, RequestTokenError, StandardDeviceAuthorizationResponse};

use super::{Audience, Client, SignedIn, exchange::Exchange, grant, refusal::Asker};
use crate::{
    clock::{self, Instant},
    error::{Code, Disposition, Error, Result, Scope, Side},
    limits,
};

/// A sign-in that waits for a person to enter a code.
pub struct DeviceSignIn {
    client: Arc<Client>,
    code: StandardDeviceAuthorizationResponse,
    begun: Instant,
}

impl DeviceSignIn {
    /// Asks for a code.
    ///
    /// # Errors
    /// The authority gives none.
    pub async fn begin(client: Arc<Client>, audience: &Audience) -> Result<Self> {
        let (exchange, protocol) = (Exchange::new(&client, Asker::Person), client.protocol());
        let scopes = grant::scopes(audience, client.authority.person_scopes());
        let outcome = protocol.exchange_device_code().add_scopes(scopes).request_async(&exchange).await;
        let code = exchange.settle(outcome)?;
        Ok(DeviceSignIn { client, code, begun: clock::instant() })
    }

    /// What the person enters.
    pub fn user_code(&self) -> &str {
        self.code.user_code().secret()
    }

    /// Where the person enters it.
    pub fn uri(&self) -> &str {
        self.code.verification_uri().as_str()
    }

    /// Until when.
    pub fn expires(&self) -> Instant {
        self.begun + self.code.expires_in().min(limits::DEVICE_CODE_MOST)
    }

    /// Waits until the person has done so.
    ///
    /// # Errors
    /// Declined, expired, or what the authority says.
    pub async fn finish(self) -> Result<SignedIn> {
        let (exchange, protocol) = (Exchange::new(&self.client, Asker::Person), self.client.protocol());
        let place = exchange.place();
        let (begun, wall) = (self.begun, clock::now());
        // The monotonic clock decides; the crate wants it as a date.
        let time = move || DateTime::<Utc>::from(wall + begun.elapsed());
        let left = self.expires().saturating_duration_since(clock::instant());
        let request = protocol.exchange_device_access_token(&self.code);
        let request = request.set_time_fn(time).set_max_backoff_interval(limits::DEVICE_POLL_MOST);
        let outcome = request.request_async(&exchange, clock::sleep, Some(left)).await;
        let reply = match outcome {
            Err(RequestTokenError::ServerResponse(told))
                if *told.error() == DeviceCodeErrorResponseType::ExpiredToken =>
            {
                // The last answer may have been that the code is still pending.
                let told = exchange.kept_refusal().filter(|refusal| refusal.code() == Code::SignInExpired);
                return Err(told.unwrap_or_else(|| expired(&place)));
            }
            outcome => exchange.settle(outcome)?,
        };
        SignedIn::of_reply(&reply, &place)
    }
}

fn expired(place: &str) -> Error {
    let subject = format!("{place}: the code was not entered in time");
    Error::new(Code::SignInExpired, Side::System, Scope::Mailbox, Disposition::NeedsPerson, subject)
}

impl fmt::Debug for DeviceSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceSignIn of {:?}", self.client)
    }
}
