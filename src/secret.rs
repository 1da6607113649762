//! A value that no log, error or page can show.

use secrecy::{ExposeSecret, SecretString};

/// A password or token: zeroed when dropped, without `Debug`, `Display` or serialisation.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes over a secret.
    pub fn new(value: String) -> Self {
        Secret(SecretString::from(value))
    }

    /// The secret itself, for the one call that sends it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}
