//! Private keys that applications sign with: RSA, as Entra and Google take no other for this.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::EncodingKey;
use ring::digest;
use serde::Deserialize;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use super::signature;
use crate::{
    error::{Error, Result},
    secret::Secret,
};

/// A certificate that is registered with Entra, and its key.
#[derive(Clone)]
pub struct Certificate {
    pub(super) key: EncodingKey,
    /// SHA-256 of the certificate in base64url, the header `x5t#S256` (RFC 7515 §4.1.8).
    pub(super) thumbprint: String,
}

impl Certificate {
    /// The first certificate of a PEM text and its RSA key, PKCS #8 or PKCS #1.
    ///
    /// # Errors
    /// One of them cannot be read; the words hold nothing of either.
    pub fn from_pem(certificate: &str, key: &Secret) -> Result<Self> {
        let der = CertificateDer::from_pem_slice(certificate.as_bytes())
            .map_err(|_| Error::config("client-certificate: holds no certificate in PEM form"))?;
        let digest = digest::digest(&digest::SHA256, &der);
        Ok(Certificate { key: rsa_key(key, "client-key")?, thumbprint: URL_SAFE_NO_PAD.encode(digest) })
    }
}

/// The key of a Google service account.
#[derive(Clone)]
pub struct ServiceAccountKey {
    pub(super) key: EncodingKey,
    pub(super) key_id: Option<String>,
    email: String,
}

#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key: String,
    private_key_id: Option<String>,
}

impl ServiceAccountKey {
    /// Of the JSON file that Google hands out.
    ///
    /// # Errors
    /// It is none; the words hold nothing of it.
    pub fn from_json(json: &Secret) -> Result<Self> {
        let wrong = || Error::config("service account key: no JSON file with client_email and private_key");
        let KeyFile { client_email, private_key, private_key_id } =
            serde_json::from_str(json.expose()).map_err(|_| wrong())?;
        let key = rsa_key(&Secret::new(private_key), "private_key")?;
        Ok(ServiceAccountKey { key, key_id: private_key_id, email: client_email })
    }

    /// The account's mail address, which is its client id.
    pub fn email(&self) -> &str {
        &self.email
    }
}

fn rsa_key(pem: &Secret, name: &str) -> Result<EncodingKey> {
    let wrong =
        || Error::config(format!("{name}: holds no RSA key of 2048 bits or more in PEM form without a passphrase"));
    let der = PrivateKeyDer::from_pem_slice(pem.expose().as_bytes()).map_err(|_| wrong())?;
    let key = EncodingKey::from_rsa_der(der.secret_der());
    if signature::is_usable(&key) { Ok(key) } else { Err(wrong()) }
}
