//! What a secret is called: its kind, what it belongs to, and whose it is.

use std::{fmt, str::FromStr};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// The name of a secret, as `password/ENDPOINT/USER` or `sign-in/CLIENT/USER`.
///
/// Names are no secrets: they are listed and logged. The user is in lower case, for users of one batch that differ only in case are
/// refused anyway.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretName {
    kind: Kind,
    scope: String,
    user: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Password,
    SignIn,
}

/// What would end the scope, or the line of a list.
const SCOPE: &AsciiSet = &CONTROLS.add(b'/').add(b'%');
const USER: &AsciiSet = &CONTROLS.add(b'%');

impl SecretName {
    /// The password of `user` at the endpoint of this name in the configuration.
    pub fn password(endpoint: &str, user: &str) -> Self {
        SecretName { kind: Kind::Password, scope: endpoint.to_owned(), user: user.to_lowercase() }
    }

    /// The refresh token with which `user` signed in to an OAuth client of the configuration.
    pub fn sign_in(client: &str, user: &str) -> Self {
        SecretName { kind: Kind::SignIn, scope: client.to_owned(), user: user.to_lowercase() }
    }
}

impl Kind {
    const ALL: [Kind; 2] = [Kind::Password, Kind::SignIn];

    fn word(self) -> &'static str {
        match self {
            Kind::Password => "password",
            Kind::SignIn => "sign-in",
        }
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scope, user) = (utf8_percent_encode(&self.scope, SCOPE), utf8_percent_encode(&self.user, USER));
        write!(f, "{}/{scope}/{user}", self.kind.word())
    }
}

impl FromStr for SecretName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{}` is no name of a secret: write password/ENDPOINT/USER or sign-in/CLIENT/USER",
                text.escape_debug()
            )
        };
        let mut parts = text.splitn(3, '/');
        let mut part = || parts.next().filter(|part| !part.is_empty()).ok_or_else(wrong);
        let (kind, scope, user) = (part()?, part()?, part()?);
        let kind = Kind::ALL.into_iter().find(|known| known.word() == kind).ok_or_else(wrong)?;
        let decode =
            |part: &str| percent_decode_str(part).decode_utf8().map(|part| part.into_owned()).map_err(|_| wrong());
        Ok(SecretName { kind, scope: decode(scope)?, user: decode(user)?.to_lowercase() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for (name, text) in [
            (SecretName::password("old", "Anna@Example.org"), "password/old/anna@example.org"),
            (SecretName::sign_in("a/b%", "dom/user\n"), "sign-in/a%2Fb%25/dom/user%0A"),
        ] {
            assert_eq!(name.to_string(), text);
            assert_eq!(text.parse(), Ok(name));
        }
        for wrong in ["", "password", "password/old", "password//u", "token/old/u", "password/old/", "password/%FF/u"] {
            assert!(wrong.parse::<SecretName>().unwrap_err().contains("no name of a secret"), "{wrong}");
        }
    }
}
