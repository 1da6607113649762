//! What an adapter needs to know to open connections to one mailbox.

use super::Profile;
use crate::{
    body::BodyStore,
    imap::SignIn,
    pace::{Caps, Pacer},
};

/// How one mailbox on one side is reached, and how fast. Every session of the mailbox is opened from the same settings.
#[derive(Clone)]
pub struct ImapSettings {
    /// Where the server is, who signs in, and what one connection may use of the line.
    pub sign_in: SignIn,
    /// Stable words for the mailbox (`user@host`), without a secret.
    pub describe: String,
    /// Where bodies that arrive are kept.
    pub bodies: BodyStore,
    /// The pace of the mailbox on this side, shared by all its sessions: one that is throttled stops all.
    pub pacer: Pacer,
    /// What all mailboxes of the endpoint share, if anything.
    pub caps: Option<Caps>,
    /// The profile that a person named; `None`: recognised by what the server shows.
    pub profile: Option<&'static Profile>,
}
