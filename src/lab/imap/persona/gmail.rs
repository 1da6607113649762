//! Gmail (microsoft365.md §2.8; quirks 44–53): a folder for each label, `All Mail` beside them.

use super::{Capabilities, Persona};

impl Persona {
    /// Gmail as a source: X-GM-MSGID tells which message is which, under whatever label it is seen.
    pub fn gmail() -> Self {
        let before = "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID CHILDREN X-GM-EXT-1 SASL-IR AUTH=PLAIN AUTH=XOAUTH2";
        let after = "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID CHILDREN X-GM-EXT-1 UIDPLUS ENABLE MOVE CONDSTORE ESEARCH \
                     LIST-EXTENDED LIST-STATUS LITERAL- SPECIAL-USE APPENDLIMIT=35651584";
        Persona::generic().with(|persona| {
            persona.greeting = "Gimap ready for requests from 127.0.0.1 a1b2".to_owned();
            persona.farewell = "LOGOUT Requested".to_owned();
            persona.capabilities = Capabilities::new(before, after, true);
        })
    }
}
