//! An application that asks for tokens.

use std::fmt;

use oauth2::{
    AuthType, AuthUrl, ClientId, ClientSecret, DeviceAuthorizationUrl, EndpointNotSet, EndpointSet,
    StandardRevocableToken, TokenUrl,
    basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse},
};

use super::{Authority, Certificate, ServiceAccountKey, token::Reply};
use crate::secret::Secret;

/// What an application proves itself with.
#[derive(Clone)]
pub enum Credential {
    /// Nothing: a public client, which people sign in through.
    None,
    /// A secret that it shares with the authority.
    Secret(Secret),
    /// A certificate that is registered with the authority, and its key.
    Certificate(Certificate),
    /// The key of a Google service account.
    ServiceAccount(ServiceAccountKey),
}

/// An application registered with an authority, and the way its requests go.
#[derive(Clone)]
pub struct Client {
    pub(super) authority: Authority,
    pub(super) id: String,
    pub(super) credential: Credential,
    pub(super) http: reqwest::Client,
}

/// The `oauth2` crate's client with the end points that every authority has.
pub(super) type Protocol = oauth2::Client<
    BasicErrorResponse,
    Reply,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

impl Client {
    /// The application `id` at `authority`; `http` is of [`crate::net::http::client`]. A service account's id is its mail address.
    pub fn new(authority: Authority, id: impl Into<String>, credential: Credential, http: reqwest::Client) -> Self {
        Client { authority, id: id.into(), credential, http }
    }

    /// Where it is registered.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Its id there.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The client of the `oauth2` crate for one grant. Microsoft takes the secret in the body only (microsoft365.md §2.3), Google too.
    pub(super) fn protocol(&self) -> Protocol {
        let client = oauth2::Client::new(ClientId::new(self.id.clone()))
            .set_auth_type(AuthType::RequestBody)
            .set_auth_uri(AuthUrl::from_url(self.authority.authorize.clone()))
            .set_token_uri(TokenUrl::from_url(self.authority.token.clone()))
            .set_device_authorization_url(DeviceAuthorizationUrl::from_url(self.authority.device.clone()));
        match &self.credential {
            Credential::Secret(secret) => client.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
            Credential::None | Credential::Certificate(_) | Credential::ServiceAccount(_) => client,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.id, self.authority.name())
    }
}
