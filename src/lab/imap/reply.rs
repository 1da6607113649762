//! The tagged completion of a command (RFC 3501 §7.1).

/// `OK`, `NO` or `BAD` with its code and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub verdict: Verdict,
    pub text: String,
}

/// The verdict's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Ok,
    No,
    Bad,
}

impl Reply {
    pub fn ok(text: impl Into<String>) -> Self {
        Reply { verdict: Verdict::Ok, text: text.into() }
    }
    pub fn no(text: impl Into<String>) -> Self {
        Reply { verdict: Verdict::No, text: text.into() }
    }
    pub fn bad(text: impl Into<String>) -> Self {
        Reply { verdict: Verdict::Bad, text: text.into() }
    }

    /// The line without tag and end.
    pub fn line(&self) -> String {
        let word = match self.verdict {
            Verdict::Ok => "OK",
            Verdict::No => "NO",
            Verdict::Bad => "BAD",
        };
        format!("{word} {}", self.text)
    }
}
