//! What the words of a refused sign-in mean, whatever the protocol; and those words without what they echo.

use crate::limits;

/// Why a sign-in was refused, where the words tell more than that it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The provider wants an app password.
    AppPassword,
    /// Switched off for this mailbox, this client or this place.
    Blocked,
    /// Closed for a time.
    Locked,
    /// The server's trouble, not the user's.
    Passing,
}

/// Gmail, Yahoo, iCloud, and the "authorization code" of 163.com.
const APP_PASSWORD: &[&str] = &["application-specific", "app password", "app-specific", "authorization code"];
const BLOCKED: &[&str] =
    &["disabled", "blocked", "blacklist", "web browser", "not allowed", "unsafe login", "not enabled"];
const LOCKED: &[&str] = &["locked", "suspended", "too many failed"];
const PASSING: &[&str] = &["temporar", "internal error"];

/// What `text` says (quirks 14, 51, 59, 92); `lower` is in lower case.
pub fn refused(lower: &str) -> Option<Refused> {
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let meanings = [
        (APP_PASSWORD, Refused::AppPassword),
        (BLOCKED, Refused::Blocked),
        (LOCKED, Refused::Locked),
        (PASSING, Refused::Passing),
    ];
    meanings.into_iter().find(|(words, _)| says(words)).map(|(_, refused)| refused)
}

/// A server's words with dots for each of `secrets` that they echo, whole or in part: a long answer is often cut.
pub fn without_secrets(words: &str, secrets: &[&str]) -> String {
    secrets.iter().fold(words.to_owned(), |words, secret| without_parts(&without(&words, secret), secret))
}

/// `words` with dots for `secret` wherever it stands as a word of its own.
fn without(words: &str, secret: &str) -> String {
    let mut kept = String::with_capacity(words.len());
    let mut from = 0;
    for (at, found) in words.match_indices(secret).filter(|(_, found)| !found.is_empty()) {
        let (before, after) = (&words[..at], &words[at + found.len()..]);
        if !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric) {
            kept.push_str(&words[from..at]);
            kept.push('…');
            from = at + found.len();
        }
    }
    kept + &words[from..]
}

/// `words` with dots for whatever they share with `secret` that is too long to be there by chance.
fn without_parts(words: &str, secret: &str) -> String {
    let mut kept = String::with_capacity(words.len());
    let mut rest = words;
    while let Some(first) = rest.chars().next() {
        match shared(rest, secret) {
            length if length >= limits::SECRET_PART => {
                kept.push('…');
                rest = &rest[length..];
            }
            _ => {
                kept.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    kept
}

/// How much of the beginning of `words` stands somewhere in `secret` (bytes).
fn shared(words: &str, secret: &str) -> usize {
    let equal = |tail: &str| {
        let pairs = words.chars().zip(tail.chars());
        pairs.take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum::<usize>()
    };
    secret.char_indices().map(|(at, _)| equal(&secret[at..])).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_one_meaning() {
        for (text, meaning) in [
            ("application-specific password required", Some(Refused::AppPassword)),
            ("pop access is disabled for this account", Some(Refused::Blocked)),
            ("too many failed logins", Some(Refused::Locked)),
            ("temporary authentication failure", Some(Refused::Passing)),
            ("invalid user name or password", None),
        ] {
            assert_eq!(refused(text), meaning, "{text}");
        }
    }

    #[test]
    fn an_echoed_secret_is_taken_out() {
        assert_eq!(without_secrets("bad password 'hunter2' for x", &["hunter2", ""]), "bad password '…' for x");
        assert_eq!(without_secrets("password", &["pass"]), "password", "a part of a word is none");
    }

    #[test]
    fn a_part_of_a_secret_is_taken_out_too() {
        let sasl = "dXNlcj10ZXN0QGNvbnRvc28ub25taWNyb3NvZnQuY29tAWF1dGg9QmVhcmVyIEV3QkFBbA==";
        let cut = format!("Invalid SASL argument: {}", &sasl[..40]);
        assert_eq!(without_secrets(&cut, &[sasl]), "Invalid SASL argument: …");
        let middle = format!("near '{}'.", &sasl[20..60]);
        assert_eq!(without_secrets(&middle, &[sasl]), "near '…'.");
        let words = "the user dXNlcj1 is unknown: größer als erlaubt";
        assert_eq!(without_secrets(words, &[sasl, "größe"]), words, "a few letters are chance");
    }
}
