//! What a server offers, and when it says so.

/// The capability words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    before_login: Vec<String>,
    after_login: Vec<String>,
    /// Told unasked in the greeting and in the reply to the log-in.
    pub volunteered: bool,
}

const GENERIC: &str = "LITERAL+ UIDPLUS MULTIAPPEND CONDSTORE QRESYNC ESEARCH LIST-EXTENDED LIST-STATUS SPECIAL-USE MOVE \
                       CHILDREN NAMESPACE UNSELECT IDLE QUOTA QUOTA=RES-STORAGE APPENDLIMIT STATUS=SIZE COMPRESS=DEFLATE";

impl Capabilities {
    /// These words before and after log-in.
    pub fn new(before_login: &str, after_login: &str, volunteered: bool) -> Self {
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
        Capabilities { before_login: words(before_login), after_login: words(after_login), volunteered }
    }

    /// Everything that this server can do.
    pub fn generic() -> Self {
        let before = "IMAP4rev1 SASL-IR AUTH=PLAIN LITERAL+ ID ENABLE";
        Capabilities::new(before, &format!("IMAP4rev1 SASL-IR AUTH=PLAIN ID ENABLE {GENERIC}"), true)
    }

    /// Takes words away.
    pub fn remove(&mut self, words: &[&str]) {
        for list in [&mut self.before_login, &mut self.after_login] {
            list.retain(|have| !words.iter().any(|word| word.eq_ignore_ascii_case(have)));
        }
    }

    /// Adds words, before and after log-in.
    pub fn add(&mut self, words: &[&str]) {
        for list in [&mut self.before_login, &mut self.after_login] {
            list.extend(words.iter().map(|&word| word.to_owned()));
        }
    }

    pub(in crate::lab::imap) fn words(&self, signed_in: bool) -> &[String] {
        if signed_in { &self.after_login } else { &self.before_login }
    }

    pub(in crate::lab::imap) fn offers(&self, signed_in: bool, word: &str) -> bool {
        self.words(signed_in).iter().any(|have| have.eq_ignore_ascii_case(word))
    }
}
