//! Where refresh tokens lie between runs.

use async_trait::async_trait;

use super::{Client, RefreshToken};
use crate::error::Result;

/// Whose refresh token it is. One serves every audience (microsoft365.md §2.6), so that is not part of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Account {
    /// [`super::Authority::name`].
    pub authority: String,
    /// The application's id.
    pub client: String,
    /// Who signed in.
    pub user: String,
}

impl Account {
    /// The account of `user` for `client`.
    pub fn new(client: &Client, user: &str) -> Self {
        Account {
            authority: client.authority().name().to_owned(),
            client: client.id().to_owned(),
            user: user.to_owned(),
        }
    }
}

/// Keeps refresh tokens, encrypted.
#[async_trait]
pub trait RefreshStore: Send + Sync {
    /// The token of `account`, if there is one.
    ///
    /// # Errors
    /// The store cannot be read or decrypted.
    async fn load(&self, account: &Account) -> Result<Option<RefreshToken>>;

    /// Keeps the token of `account` in the place of an earlier one, durably.
    ///
    /// # Errors
    /// The store cannot be written.
    async fn save(&self, account: &Account, token: &RefreshToken) -> Result<()>;
}
