//! The proof that the holder of a domain's pre-authentication key gives instead of a password (zimbra.md §1.4).

use ring::hmac;

use super::token::hex;
use crate::secret::Secret;

/// What proves that `account` (by its name) may sign in at `timestamp` (milliseconds since 1970), for the usual life of a token.
pub(super) fn proof(key: &Secret, account: &str, timestamp: u64) -> String {
    // The key is the text of the hexadecimal digits, not what they stand for.
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.expose().trim().as_bytes());
    hex(hmac::sign(&key, format!("{account}|name|0|{timestamp}").as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Key and result are those of the vendor's own documentation (preauth.md); `openssl dgst -sha1 -hmac` agrees.
    #[test]
    fn the_proof_of_the_vendors_example_has_its_form() {
        let key = Secret::new("6b7ead4bd425836e8cf0079cd6c1a05acc127acd07c8ee4b61023e19250e929c".to_owned());
        assert_eq!(proof(&key, "john.doe@domain.com", 1_135_280_708_088), "b248f6cfd027edd45c5369f8490125204772f844");
    }
}
