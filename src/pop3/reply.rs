//! The first line of a reply: `+OK`, `-ERR`, or a challenge (RFC 1939 §3, RFC 5034 §4), with its response code (RFC 2449 §8).

use crate::limits;

/// A reply's first line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// `+OK`, not `-ERR`.
    pub ok: bool,
    /// The extended response code, in upper case: `IN-USE`, `SYS/TEMP`, `AUTH` (RFC 2449 §8.1, RFC 3206).
    pub code: Option<String>,
    /// The words behind it, for people; of an `+OK` they may be data.
    pub text: String,
}

impl Reply {
    /// The words as a person would see them, with their code.
    pub fn in_full(&self) -> String {
        let verdict = if self.ok { "+OK" } else { "-ERR" };
        match &self.code {
            Some(code) => format!("{verdict} [{code}] {}", self.text),
            None => format!("{verdict} {}", self.text),
        }
    }
}

/// What a line is where a reply begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum First {
    /// `+OK` or `-ERR`.
    Status(Reply),
    /// `+ …`: the server's part of a sign-in, in base64.
    Challenge(String),
}

impl First {
    /// Reads a line without its end; `None` where it is none of them.
    pub(super) fn read(line: &[u8]) -> Option<First> {
        if let Some(rest) = after(line, b"+OK") {
            return Some(First::Status(status(true, rest)));
        }
        if let Some(rest) = after(line, b"-ERR") {
            return Some(First::Status(status(false, rest)));
        }
        after(line, b"+").map(|rest| First::Challenge(words(rest)))
    }
}

/// What follows a word, compared without case and ended by a blank or by the line.
fn after<'a>(line: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = line.split_at_checked(word.len())?;
    let ends = rest.first().is_none_or(|byte| matches!(byte, b' ' | b'\t'));
    (head.eq_ignore_ascii_case(word) && ends).then_some(rest)
}

fn status(ok: bool, rest: &[u8]) -> Reply {
    let text = words(rest);
    // Codes are for refusals (RFC 2449 §8); a bracket behind +OK is the server's own.
    let coded = text.strip_prefix('[').filter(|_| !ok).and_then(|inner| inner.split_once(']'));
    match coded {
        Some((code, text)) => Reply { ok, code: Some(code.to_ascii_uppercase()), text: text.trim_start().to_owned() },
        None => Reply { ok, code: None, text },
    }
}

/// Bytes of a server as text to show and keep: control characters become blanks, the end is cut at [`limits::REPLY_KEPT`].
fn words(bytes: &[u8]) -> String {
    let cut = bytes.get(..limits::REPLY_KEPT).unwrap_or(bytes);
    String::from_utf8_lossy(cut).trim().replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<First> {
        First::read(line.as_bytes())
    }

    fn reply(ok: bool, code: Option<&str>, text: &str) -> Option<First> {
        Some(First::Status(Reply { ok, code: code.map(str::to_owned), text: text.to_owned() }))
    }

    #[test]
    fn a_line_is_a_verdict_a_challenge_or_nothing() {
        assert_eq!(read("+OK"), reply(true, None, ""));
        assert_eq!(read("+ok 2 320"), reply(true, None, "2 320"));
        assert_eq!(
            read("-ERR [in-use] Do you have another session?"),
            reply(false, Some("IN-USE"), "Do you have another session?")
        );
        assert_eq!(read("-ERR [SYS/TEMP]"), reply(false, Some("SYS/TEMP"), ""));
        assert_eq!(read("+OK [a] b"), reply(true, None, "[a] b"));
        assert_eq!(read("+ "), Some(First::Challenge(String::new())));
        assert_eq!(read("+ PDE4OTY="), Some(First::Challenge("PDE4OTY=".to_owned())));
        for none in ["", "+OKAY", "-ERROR", "OK", ".", "* OK"] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn words_are_cut_and_cleaned() {
        let long = format!("-ERR {}\x07", "x".repeat(10_000));
        let Some(First::Status(reply)) = First::read(long.as_bytes()) else { panic!() };
        assert!(reply.text.len() < limits::REPLY_KEPT);
    }
}
