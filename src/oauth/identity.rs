//! Who signed in, as the ID token says (OpenID Connect Core §2).
//!
//! The token came by TLS from the authority, so its signature is not looked at (§3.1.3.7); it decides nothing but a name.

use jsonwebtoken::dangerous::insecure_decode_claims;
use serde::Deserialize;

#[derive(Deserialize)]
struct Claims {
    preferred_username: Option<String>,
    upn: Option<String>,
    email: Option<String>,
}

/// The user's mail address, as far as the token tells it.
pub(super) fn user(id_token: &str) -> Option<String> {
    let claims: Claims = insecure_decode_claims(id_token).ok()?;
    claims.preferred_username.or(claims.upn).or(claims.email)
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    #[test]
    fn the_name_that_signs_in_comes_before_a_mail_address() {
        let token = |claims: &str| {
            let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
            format!("{}.{}.{}", part(r#"{"typ":"JWT","alg":"RS256"}"#), part(claims), part("signature"))
        };
        let both = token(r#"{"email":"a@example.org","preferred_username":"b@example.org"}"#);
        assert_eq!(user(&both).as_deref(), Some("b@example.org"));
        assert_eq!(user(&token(r#"{"email":"a@example.org","sub":"1"}"#)).as_deref(), Some("a@example.org"));
        assert_eq!(user(&token("{}")), None);
        assert_eq!(user("not.a.token"), None);
    }
}
