//! The commands by name: what a log entry, a latency or a fault is about.

macro_rules! verbs {
    ($($name:ident = $word:literal),* $(,)?) => {
        /// A command's name. `UID …` commands are their own verbs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)]
        pub enum Verb { $($name),*, Unknown }

        impl Verb {
            const WORDS: &'static [(&'static str, Verb)] = &[$(($word, Verb::$name)),*];
        }
    };
}

verbs! {
    Append = "APPEND", Authenticate = "AUTHENTICATE", Capability = "CAPABILITY", Check = "CHECK", Close = "CLOSE",
    Compress = "COMPRESS", Copy = "COPY", Create = "CREATE", Delete = "DELETE", Enable = "ENABLE", Examine = "EXAMINE",
    Expunge = "EXPUNGE", Fetch = "FETCH", GetQuota = "GETQUOTA", GetQuotaRoot = "GETQUOTAROOT", Id = "ID", Idle = "IDLE",
    List = "LIST", Login = "LOGIN", Logout = "LOGOUT", Lsub = "LSUB", Move = "MOVE", Namespace = "NAMESPACE", Noop = "NOOP",
    Rename = "RENAME", Search = "SEARCH", Select = "SELECT", Status = "STATUS", Store = "STORE", Subscribe = "SUBSCRIBE",
    UidCopy = "UID COPY", UidExpunge = "UID EXPUNGE", UidFetch = "UID FETCH", UidMove = "UID MOVE",
    UidSearch = "UID SEARCH", UidStore = "UID STORE", Unselect = "UNSELECT", Unsubscribe = "UNSUBSCRIBE",
}

impl Verb {
    /// The verb of this word, compared without case.
    pub fn named(word: &str) -> Verb {
        Self::WORDS.iter().find(|(w, _)| w.eq_ignore_ascii_case(word)).map_or(Verb::Unknown, |(_, verb)| *verb)
    }

    /// Whether it names messages by sequence number.
    pub fn counts_messages(self) -> bool {
        matches!(self, Verb::Fetch | Verb::Store | Verb::Search | Verb::Copy | Verb::Move)
    }

    /// Whether its reply may not tell of removed messages (RFC 3501 §7.4.1), so that sequence numbers hold behind it.
    pub fn keeps_sequence(self) -> bool {
        matches!(self, Verb::Fetch | Verb::Store | Verb::Search)
    }

    /// The word in capitals.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, verb)| *verb == self).map_or("COMMAND", |(word, _)| word)
    }
}
