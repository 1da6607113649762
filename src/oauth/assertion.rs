//! Assertions: short-lived signed statements by which an application proves itself without sending a secret.

use jsonwebtoken::{Algorithm, Header};
use ring::rand::{SecureRandom, SystemRandom};
use serde::Serialize;

use super::{Certificate, ServiceAccountKey, signature};
use crate::{
    clock,
    error::{Error, Result},
    limits,
};

/// RFC 7523 §2.2.
pub(super) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// RFC 7523 §2.1.
pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    iat: i64,
    exp: i64,
    #[serde(flatten)]
    more: More<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum More<'a> {
    Client { jti: String, nbf: i64 },
    ServiceAccount { scope: &'a str },
}

/// The client `id` speaks, to the token end point `audience` (microsoft365.md §2.3: PS256, `x5t#S256`).
///
/// # Errors
/// The machine has no randomness.
pub(super) fn of_client(certificate: &Certificate, id: &str, audience: &str) -> Result<String> {
    let mut header = Header::new(Algorithm::PS256);
    header.x5t_s256 = Some(certificate.thumbprint.clone());
    let (iat, exp) = life();
    let more = More::Client { jti: guid()?, nbf: iat };
    signature::sign(&header, &Claims { aud: audience, iss: id, sub: id, iat, exp, more }, &certificate.key)
}

/// A service account speaks for `user`, to the token end point `audience` (microsoft365.md §2.8: RS256, `sub`).
///
/// # Errors
/// The machine has no randomness.
pub(super) fn of_service_account(key: &ServiceAccountKey, user: &str, scope: &str, audience: &str) -> Result<String> {
    let mut header = Header::new(Algorithm::RS256);
    header.kid = key.key_id.clone();
    let (iat, exp) = life();
    let more = More::ServiceAccount { scope };
    signature::sign(&header, &Claims { aud: audience, iss: key.email(), sub: user, iat, exp, more }, &key.key)
}

fn life() -> (i64, i64) {
    let now = clock::unix_now();
    (now, now.saturating_add_unsigned(limits::ASSERTION_LIFE.as_secs()))
}

/// A random GUID (RFC 9562 §5.4).
fn guid() -> Result<String> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::bug("the machine has no randomness"))?;
    let bits = u128::from_be_bytes(bytes) & !(0xf << 76) & !(0b11 << 62) | 4 << 76 | 0b10 << 62;
    let hex = format!("{bits:032x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| hex.get(part).unwrap_or_default());
    Ok(parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_random_and_of_version_4() {
        let (one, other) = (guid().unwrap(), guid().unwrap());
        assert_ne!(one, other);
        for guid in [one, other] {
            let lengths: Vec<usize> = guid.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{guid}");
            assert_eq!(&guid[14..15], "4", "{guid}");
            assert!("89ab".contains(&guid[19..20]), "{guid}");
        }
    }
}
