//! Signs JSON Web Tokens with ring.
//!
//! `jsonwebtoken` leaves the cryptography to a provider. Ours signs with RSA (RS256 and PS256) and verifies nothing: who gets a token
//! by TLS from the authority itself need not (OpenID Connect Core §3.1.3.7).

use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    crypto::{CryptoProvider, JwtSigner, KeyUtils},
    errors::{Error as JwtError, ErrorKind},
    signature::{Error as SignatureError, Signer},
};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair},
};
use serde::Serialize;

use crate::error::{Error, Result};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match RsaSigner::new(*algorithm, key) {
        Some(signer) => Ok(Box::new(signer)),
        None => Err(unfit()),
    },
    verifier_factory: |_, _| Err(unfit()),
    key_utils: KeyUtils::new_unimplemented(),
};

fn unfit() -> JwtError {
    JwtError::from(ErrorKind::InvalidAlgorithm)
}

/// A signed token.
///
/// # Errors
/// The machine has no randomness.
pub(super) fn sign(header: &Header, claims: &impl Serialize, key: &EncodingKey) -> Result<String> {
    // Only the first call of the process installs it; the others find it there.
    let _ = PROVIDER.install_default();
    jsonwebtoken::encode(header, claims, key)
        .map_err(|cause| Error::bug("an assertion cannot be signed").with_source(cause))
}

/// Whether the key is one that ring can sign with.
pub(super) fn is_usable(key: &EncodingKey) -> bool {
    pair(key).is_some()
}

/// PKCS #8, or else PKCS #1.
fn pair(key: &EncodingKey) -> Option<RsaKeyPair> {
    let der = key.as_bytes();
    RsaKeyPair::from_pkcs8(der).or_else(|_| RsaKeyPair::from_der(der)).ok()
}

struct RsaSigner {
    pair: RsaKeyPair,
    algorithm: Algorithm,
    encoding: &'static dyn RsaEncoding,
}

impl RsaSigner {
    fn new(algorithm: Algorithm, key: &EncodingKey) -> Option<Self> {
        let encoding: &'static dyn RsaEncoding = match algorithm {
            Algorithm::RS256 => &RSA_PKCS1_SHA256,
            Algorithm::PS256 => &RSA_PSS_SHA256,
            _ => return None,
        };
        Some(RsaSigner { pair: pair(key)?, algorithm, encoding })
    }
}

impl JwtSigner for RsaSigner {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Signer<Vec<u8>> for RsaSigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        let signed = self.pair.sign(self.encoding, &SystemRandom::new(), message, &mut signature);
        signed.map(|()| signature).map_err(|_| SignatureError::new())
    }
}
