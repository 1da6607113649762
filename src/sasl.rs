//! What is said while signing in, for every protocol that speaks SASL (IMAP, POP3): pure, and of one message each way.
//!
//! XOAUTH2 is Google's and Microsoft's (microsoft365.md §2.1), OAUTHBEARER the standard (RFC 7628), PLAIN RFC 4616. A server that refuses a
//! token may say why in a second challenge, as JSON; it wants an answer before it says no.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::zeroize::Zeroizing;
use serde::Deserialize;

use crate::secret::Secret;

mod login;
mod refused;

pub use login::{AdminForm, Credentials, Login};
pub use refused::{Refused, refused, without_secrets};

/// A mechanism that carries an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// `XOAUTH2`.
    XOauth2,
    /// `OAUTHBEARER`.
    OauthBearer,
}

impl Bearer {
    /// The mechanism to use, by what a server offers. XOAUTH2 comes first where both are there: Exchange and Gmail were built for it.
    pub fn choose(offers: impl Fn(&str) -> bool) -> Option<Bearer> {
        [Bearer::XOauth2, Bearer::OauthBearer].into_iter().find(|mechanism| offers(mechanism.word()))
    }

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Bearer::XOauth2 => "XOAUTH2",
            Bearer::OauthBearer => "OAUTHBEARER",
        }
    }

    /// The client's message: the mailbox to open, and the token. `host` and `port` are those that were dialled (RFC 7628 §3.1).
    pub fn message(self, mailbox: &str, token: &Secret, (host, port): (&str, u16)) -> Zeroizing<Vec<u8>> {
        let (mailbox, token) = (without_controls(mailbox), token.expose());
        let head = match self {
            Bearer::XOauth2 => format!("user={mailbox}\x01"),
            Bearer::OauthBearer => {
                let name = mailbox.replace('=', "=3D").replace(',', "=2C");
                format!("n,a={name},\x01host={host}\x01port={port}\x01")
            }
        };
        joined(&[&head, "auth=Bearer ", token, "\x01\x01"])
    }

    /// What is answered to the challenge that says why a token is refused; the refusal itself follows.
    pub fn resignation(self) -> &'static [u8] {
        match self {
            Bearer::XOauth2 => b"",
            // RFC 7628 §3.2.3.
            Bearer::OauthBearer => b"\x01",
        }
    }
}

/// `authzid NUL authcid NUL passwd` (RFC 4616 §2).
pub fn plain(authorization: &str, user: &str, password: &Secret) -> Zeroizing<Vec<u8>> {
    joined(&[authorization, "\0", user, "\0", password.expose()])
}

/// A message as it stands on the line.
pub fn encoded(message: &[u8]) -> Secret {
    Secret::new(STANDARD.encode(message))
}

/// Why a token was refused, in the words of the challenge (in base64, as it stood on the line); `None` where it holds none.
pub fn reason(challenge: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Told {
        status: String,
        #[serde(default)]
        scope: Option<String>,
    }
    let told: Told = serde_json::from_slice(&STANDARD.decode(challenge.trim()).ok()?).ok()?;
    let status = match told.status.as_str() {
        "400" => "status 400: the token is malformed or has expired".to_owned(),
        "401" | "invalid_token" => format!("status {}: the token is not accepted or has expired", told.status),
        "403" | "insufficient_scope" => format!("status {}: the token does not allow this", told.status),
        other => format!("status {other}"),
    };
    let scope = told.scope.filter(|scope| !scope.is_empty());
    Some(scope.map_or(status.clone(), |scope| format!("{status}; it asks for the scope {scope}")))
}

/// All of it in one buffer of its final size, for none that is smaller may be left behind.
fn joined(parts: &[&str]) -> Zeroizing<Vec<u8>> {
    let mut message = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
    parts.iter().for_each(|part| message.extend_from_slice(part.as_bytes()));
    message
}

/// A ^A in a name would begin a field of its own.
fn without_controls(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xoauth2_is_as_microsoft_documents_it() {
        let token = Secret::new("EwBAAl3BAAUFFpUAo7J3Ve0bjLBWZWCclRC3EoAA".to_owned());
        let message = Bearer::XOauth2.message("test@contoso.onmicrosoft.com", &token, ("h", 1));
        assert_eq!(
            encoded(&message).expose(),
            "dXNlcj10ZXN0QGNvbnRvc28ub25taWNyb3NvZnQuY29tAWF1dGg9QmVhcmVyIEV3QkFBbDNCQUFVRkZwVUFvN0ozVmUwYmpMQldaV0NjbFJDM0VvQUEBAQ=="
        );
    }

    #[test]
    fn oauthbearer_is_as_rfc_7628_documents_it() {
        // §4.1, whose token this is.
        let token = Secret::new("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==".to_owned());
        let message = Bearer::OauthBearer.message("user@example.com", &token, ("server.example.com", 143));
        assert_eq!(
            encoded(&message).expose(),
            "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB"
        );
        let message = Bearer::OauthBearer.message("a,b=c\x01", &token, ("h", 1));
        assert!(message.starts_with(b"n,a=a=2Cb=3Dc,\x01host=h\x01port=1\x01auth=Bearer "));
    }

    #[test]
    fn the_common_mechanism_comes_first() {
        let choose = |offered: &'static [&'static str]| Bearer::choose(|word| offered.contains(&word));
        assert_eq!(choose(&["PLAIN", "OAUTHBEARER", "XOAUTH2"]), Some(Bearer::XOauth2));
        assert_eq!(choose(&["OAUTHBEARER"]), Some(Bearer::OauthBearer));
        assert_eq!(choose(&["PLAIN"]), None);
    }

    #[test]
    fn a_challenge_tells_why() {
        // Gmail's own (microsoft365.md §2.8), and Dovecot's.
        let gmail = STANDARD.encode(r#"{"status":"401","schemes":"bearer mac","scope":"https://mail.google.com/"}"#);
        assert_eq!(
            reason(&gmail).as_deref(),
            Some(
                "status 401: the token is not accepted or has expired; it asks for the scope https://mail.google.com/"
            )
        );
        let dovecot = STANDARD.encode(r#"{"status":"invalid_token"}"#);
        assert_eq!(reason(&dovecot).as_deref(), Some("status invalid_token: the token is not accepted or has expired"));
        for none in ["", "????", "aGVsbG8=", "e30="] {
            assert_eq!(reason(none), None, "{none}");
        }
    }

    #[test]
    fn plain_has_three_fields() {
        assert_eq!(&**plain("u", "a", &Secret::new("p w".to_owned())), b"u\0a\0p w");
    }
}
