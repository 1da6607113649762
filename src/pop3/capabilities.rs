//! What a server announces by CAPA (RFC 2449 §5).

use std::time::Duration;

use crate::limits;

/// What a server announces. Empty where it does not know CAPA.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Capabilities with their arguments, as told.
    lines: Vec<String>,
}

impl Capabilities {
    /// Of the lines of a reply to CAPA; what is beyond [`limits::POP3_CAPABILITIES`] is not read.
    pub(super) fn read(lines: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let lines = lines.into_iter().take(limits::POP3_CAPABILITIES);
        Capabilities { lines: lines.map(|line| String::from_utf8_lossy(&line).trim().to_owned()).collect() }
    }

    /// Whether it told any.
    pub fn is_known(&self) -> bool {
        !self.lines.is_empty()
    }

    /// Whether it announces this one, compared without case.
    pub fn has(&self, name: &str) -> bool {
        self.arguments(name).is_some()
    }

    /// Whether it announces this SASL mechanism (RFC 5034 §3).
    pub fn offers(&self, mechanism: &str) -> bool {
        self.arguments("SASL")
            .is_some_and(|all| all.split_ascii_whitespace().any(|m| m.eq_ignore_ascii_case(mechanism)))
    }

    /// The words behind IMPLEMENTATION (RFC 2449 §6.9).
    pub fn implementation(&self) -> Option<&str> {
        self.arguments("IMPLEMENTATION")
    }

    /// The least time between two sign-ins (RFC 2449 §6.5), as far as it is believed.
    pub fn login_delay(&self) -> Option<Duration> {
        let seconds: u64 = self.arguments("LOGIN-DELAY")?.split_ascii_whitespace().next()?.parse().ok()?;
        Some(Duration::from_secs(seconds).min(limits::POP3_LOGIN_DELAY))
    }

    /// Whether the server may delete what was read at the end of the session (EXPIRE 0, RFC 2449 §6.7).
    pub fn deletes_what_is_read(&self) -> bool {
        self.arguments("EXPIRE").and_then(|all| all.split_ascii_whitespace().next()) == Some("0")
    }

    /// The ways to sign in that it announces, for people.
    pub(super) fn mechanisms(&self) -> String {
        let sasl = self.arguments("SASL").unwrap_or_default();
        if self.has("USER") { format!("USER {sasl}").trim_end().to_owned() } else { sasl.to_owned() }
    }

    fn arguments(&self, name: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| {
            let (word, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
            word.eq_ignore_ascii_case(name).then_some(rest.trim())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_arguments() {
        let told =
            ["SASL LOGIN PLAIN", "Top", "login-delay 10 USER", "EXPIRE 0", "IMPLEMENTATION Courier Mail Server", ""];
        let server = Capabilities::read(told.map(|line| line.as_bytes().to_vec()));
        assert!(server.has("TOP") && !server.has("USER") && server.offers("plain") && !server.offers("PLA"));
        assert_eq!(server.login_delay(), Some(Duration::from_secs(10)));
        assert_eq!(server.implementation(), Some("Courier Mail Server"));
        assert!(server.deletes_what_is_read());
        assert_eq!(server.mechanisms(), "LOGIN PLAIN");
        let never = Capabilities::read([b"EXPIRE NEVER".to_vec(), b"LOGIN-DELAY x".to_vec()]);
        assert!(!never.deletes_what_is_read() && never.login_delay().is_none());
    }
}
