//! How a server words its refusals.

/// The words of a kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wording {
    /// Response codes of RFC 5530 and plain words.
    Plain,
    /// Exchange Online (microsoft365.md §1).
    Exchange,
}

impl Wording {
    fn choose(self, plain: impl Into<String>, exchange: &str) -> String {
        match self {
            Wording::Plain => plain.into(),
            Wording::Exchange => exchange.to_owned(),
        }
    }

    pub(in crate::lab::imap) fn malformed(self, wanted: &str) -> String {
        self.choose(format!("Error in IMAP command: expected {wanted}."), "Command Argument Error. 12")
    }
    pub(in crate::lab::imap) fn wrong_state(self) -> String {
        self.choose("Command not allowed in this state.", "Command received in Invalid state.")
    }
    pub(in crate::lab::imap) fn not_offered(self, verb: &str) -> String {
        self.choose(format!("{verb} is not offered."), "Command Argument Error. 12")
    }
    pub(in crate::lab::imap) fn not_connected(self) -> String {
        self.choose("[UNAVAILABLE] Mailbox is not reachable.", "User is authenticated but not connected.")
    }
    pub(in crate::lab::imap) fn refused_login(self, verb: &str) -> String {
        self.choose("[AUTHENTICATIONFAILED] Authentication failed.", &format!("{verb} failed."))
    }
    pub(in crate::lab::imap) fn no_folder(self) -> String {
        self.choose("[NONEXISTENT] Mailbox doesn't exist.", "Mailbox doesn't exist.")
    }
    pub(in crate::lab::imap) fn try_create(self) -> String {
        self.choose("[TRYCREATE] Mailbox doesn't exist.", "[TRYCREATE] Mailbox doesn't exist.")
    }
    pub(in crate::lab::imap) fn folder_exists(self) -> String {
        self.choose("[ALREADYEXISTS] Mailbox already exists.", "Mailbox already exists.")
    }
    pub(in crate::lab::imap) fn reserved(self) -> String {
        self.choose("[CANNOT] Folder name is reserved.", "Folder name is reserved")
    }
    pub(in crate::lab::imap) fn too_big(self) -> String {
        self.choose("[TOOBIG] Message is too big.", "Maximum size of appendable message has been exceeded")
    }
    pub(in crate::lab::imap) fn long_line(self) -> String {
        self.choose("Message contains a line that is too long.", "Command Error. 10")
    }
    pub(in crate::lab::imap) fn nul(self) -> String {
        self.choose("Message contains NUL characters", "Command Argument Error. 11")
    }
    pub(in crate::lab::imap) fn bare_newline(self) -> String {
        self.choose("Message contains bare newlines", "Command Argument Error. 11")
    }
    pub(in crate::lab::imap) fn unknown_flag(self) -> String {
        self.choose("Invalid system flag.", "Command Argument Error. 11")
    }
    pub(in crate::lab::imap) fn over_quota(self) -> String {
        self.choose("[OVERQUOTA] Not enough disk quota.", "Mailbox has exceeded maximum mailbox size.")
    }
    pub(in crate::lab::imap) fn read_only(self) -> String {
        self.choose("[NOPERM] Permission denied.", "[NOPERM] Permission denied.")
    }
    pub(in crate::lab::imap) fn too_many_errors(self) -> &'static str {
        match self {
            Wording::Plain => "Too many invalid commands.",
            Wording::Exchange => "Connection closed. 14",
        }
    }
    pub(in crate::lab::imap) fn idle_too_long(self) -> &'static str {
        match self {
            Wording::Plain => "Disconnected for inactivity.",
            Wording::Exchange => "Connection is closed. 13",
        }
    }
}
