//! Zimbra's own interfaces, which Carbonio kept: SOAP in JSON, archives by REST, tokens (zimbra.md).
//!
//! A [`Service`] is a server, a [`Mailbox`] one user's mail as a [`Login`] opens it; [`accounts`] tells who exists. Ids and their changes
//! come by [`Mailbox::listing`] and [`Mailbox::changes`], what is known of messages by [`Mailbox::messages`], their bytes in an [`archive`] of
//! hundreds or one by one. A mailbox's allowance stays below what the server takes and obeys what it asks for.
//!
//! It assumes a client of [`crate::net::http`]. It never writes to a mailbox and never marks as read; that mail is being moved it does not
//! know. The first listing ever switches the server's own change tracking on for that mailbox (§4.1), which nobody sees.
//!
//! Rejected: IMAP, which serves one FETCH at a time per account however many connections ask (§6); the export of whole folders, which leaves
//! out what it likes and cannot be resumed (§5.5).

mod allowance;
pub mod archive;
mod changes;
mod directory;
mod folder;
mod login;
mod mailbox;
mod message;
mod preauth;
mod read;
mod refusal;
mod service;
mod soap;
mod token;

pub use changes::{Changes, Listing, Placed, Since};
pub use directory::{Account, account, accounts};
pub use folder::{Folder, FolderKind};
pub use login::{Admin, Login};
pub use mailbox::{Mailbox, Unopened};
pub use message::Message;
pub use read::{Batch, Single};
pub use service::Service;

/// Reads the bytes of an answer as all that it could be an answer to; how many folders, ids and messages it told. For whoever tries what a
/// server may send.
pub fn read_answer(bytes: &[u8]) -> usize {
    match soap::read(bytes) {
        Some(soap::Reply::Response(told)) => {
            folder::read_all(&told).len() + changes::read_all(&told) + message::read_all(&told).len()
        }
        Some(soap::Reply::Fault(fault)) => usize::from(fault.item.is_some()),
        None => 0,
    }
}
