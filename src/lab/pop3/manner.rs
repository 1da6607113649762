//! How a host behaves, well or badly.

use std::{collections::BTreeMap, time::Duration};

/// A host's character.
#[derive(Clone, Debug)]
pub struct Manner {
    /// What it greets with, and whom it may be taken for by it.
    pub greeting: &'static str,
    /// Knows CAPA (RFC 2449).
    pub capa: bool,
    /// What it says of pipelining, and does.
    pub pipelining: Pipelining,
    /// What it tells by UIDL.
    pub uidl: Uidl,
    /// Knows TOP.
    pub top: bool,
    /// Greets with a time stamp and takes APOP.
    pub apop: bool,
    /// Takes USER and PASS.
    pub user: bool,
    /// The SASL mechanisms that it takes (PLAIN, LOGIN, XOAUTH2, OAUTHBEARER).
    pub sasl: Vec<&'static str>,
    /// Thinks so long about each sign-in.
    pub slow_sign_in: Duration,
    /// Lets in one session of a maildrop at a time.
    pub locks: bool,
    /// Somebody else holds every maildrop.
    pub held: bool,
    /// Announces this LOGIN-DELAY and insists on it.
    pub login_delay: Option<Duration>,
    /// Announces EXPIRE 0 and deletes what was read when it is told QUIT.
    pub expires: bool,
    /// Cuts the connection after so many messages.
    pub cut_after: Option<u32>,
    /// Messages that it does not deliver, by their UID in the store.
    pub refuse: BTreeMap<u32, Refusal>,
    /// Ends its lines with a bare newline.
    pub bare_newlines: bool,
    /// Writes in pieces of so many bytes.
    pub pieces: Option<usize>,
}

/// What a host says of pipelining, and does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pipelining {
    /// Announced, and done.
    Done,
    /// Not announced.
    Untold,
    /// Announced; what came with a command is thrown away.
    Lost,
    /// Announced; the connection is cut when more comes with a command.
    HangsUp,
    /// Announced; of what comes with a RETR the first command is thrown away, and nothing of what comes with another.
    LostAtRetr,
}

/// What a host tells by UIDL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uidl {
    /// An id of each message that lasts; another `generation` gives out others.
    Own {
        /// Which.
        generation: u32,
    },
    /// It does not know the command.
    Unknown,
    /// The same id for so many messages in a row.
    Repeated(u32),
}

/// How a message is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// In every session.
    Always,
    /// In the first session that asks.
    Once,
}

impl Default for Manner {
    /// A host of today without a fault.
    fn default() -> Self {
        Manner {
            greeting: "mailhaul lab ready",
            capa: true,
            pipelining: Pipelining::Done,
            uidl: Uidl::Own { generation: 0 },
            top: true,
            apop: false,
            user: true,
            sasl: vec!["PLAIN", "XOAUTH2"],
            slow_sign_in: Duration::ZERO,
            locks: true,
            held: false,
            login_delay: None,
            expires: false,
            cut_after: None,
            refuse: BTreeMap::new(),
            bare_newlines: false,
            pieces: None,
        }
    }
}

impl Manner {
    /// The same, changed.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Manner)) -> Self {
        change(&mut self);
        self
    }

    /// The lines of its reply to CAPA.
    pub(super) fn capabilities(&self) -> Vec<String> {
        let mut lines = vec!["RESP-CODES".to_owned(), "AUTH-RESP-CODE".to_owned()];
        let mut say = |told: bool, line: &str| lines.extend(told.then(|| line.to_owned()));
        say(self.user, "USER");
        say(self.top, "TOP");
        say(self.uidl != Uidl::Unknown, "UIDL");
        say(self.pipelining != Pipelining::Untold, "PIPELINING");
        say(self.expires, "EXPIRE 0");
        lines.extend(self.login_delay.map(|delay| format!("LOGIN-DELAY {}", delay.as_secs().max(1))));
        if !self.sasl.is_empty() {
            lines.push(format!("SASL {}", self.sasl.join(" ")));
        }
        lines
    }
}
