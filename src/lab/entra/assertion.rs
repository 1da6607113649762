//! Checks JSON Web Tokens that applications show (RFC 7519, RFC 7515): nothing of the product's is used here.

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ring::{digest, signature};
use serde::{Deserialize, de::DeserializeOwned};
use x509_parser::parse_x509_certificate;

use crate::clock;

/// A token taken apart; nothing of it is believed yet.
pub(super) struct Shown<'a> {
    header: Header,
    pub(super) claims: Claims,
    signed: &'a str,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(rename = "x5t#S256")]
    x5t_s256: Option<String>,
    x5t: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) sub: String,
    aud: String,
    // Seconds with a fraction, if the client likes (RFC 7519 §2, NumericDate); `msal` does.
    exp: f64,
    iat: Option<f64>,
    nbf: Option<f64>,
    pub(super) jti: Option<String>,
    pub(super) scope: Option<String>,
}

/// Seconds that clocks may differ.
const SKEW: f64 = 300.0;

impl<'a> Shown<'a> {
    pub(super) fn parse(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        Some(Shown { header: part(header)?, claims: part(claims)?, signed, signature: decoded(signature)? })
    }

    /// Whether an application with `certificate` signed it: PS256, or RS256 with the older thumbprint (microsoft365.md §2.3).
    pub(super) fn is_by(&self, certificate: &[u8]) -> bool {
        let named =
            |name: &Option<String>, digest: &[u8]| name.as_deref().and_then(decoded).is_some_and(|told| told == digest);
        let sha256 = digest::digest(&digest::SHA256, certificate);
        let sha1 = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, certificate);
        let is_named = named(&self.header.x5t_s256, sha256.as_ref()) || named(&self.header.x5t, sha1.as_ref());
        is_named && self.is_signed(certificate)
    }

    /// Whether the key of `certificate` signed it.
    pub(super) fn is_signed(&self, certificate: &[u8]) -> bool {
        let algorithm: &dyn signature::VerificationAlgorithm = match self.header.alg.as_str() {
            "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
            "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
            _ => return false,
        };
        let Ok((_, certificate)) = parse_x509_certificate(certificate) else { return false };
        let key = certificate.public_key().subject_public_key.data.as_ref();
        signature::UnparsedPublicKey::new(algorithm, key).verify(self.signed.as_bytes(), &self.signature).is_ok()
    }

    pub(super) fn algorithm(&self) -> &str {
        &self.header.alg
    }

    /// Whether it is for this audience, and for now: at most `most` seconds long.
    pub(super) fn is_for(&self, audience: &str, most: f64) -> bool {
        let now = clock::unix_now() as f64;
        let begins = self.claims.iat.or(self.claims.nbf).unwrap_or(now);
        let not_yet = [self.claims.iat, self.claims.nbf].into_iter().flatten().any(|time| time > now + SKEW);
        self.claims.aud == audience && self.claims.exp > now && self.claims.exp - begins <= most && !not_yet
    }
}

fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&decoded(text)?).ok()
}

/// base64url; `x5t` may be padded (microsoft365.md III 6).
fn decoded(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&URL_SAFE, config).decode(text).ok()
}
