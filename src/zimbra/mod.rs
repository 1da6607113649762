//! Zimbra's own interfaces, which Carbonio kept: SOAP in JSON, archives by REST, tokens (zimbra.md).
//!
//! It knows how to sign in, list and read; that mail is being moved it does not know. Nothing here writes to a mailbox.
//!
//! Rejected: IMAP, which serves one FETCH at a time per account however many connections ask (§6); the export of whole folders, which leaves
//! out what it likes and cannot be resumed (§5.5).

pub mod archive;
