//! What is asked of the messages that a target holds, and what is told: the evidence by which a ledger's rows find their messages.

use super::FolderStatus;
use crate::{
    error::Error,
    mailbox::items::mail_evidence,
    model::{BodyHash, Fingerprint, Flags, ReceivedAt, TargetUid},
};

/// Which messages of a folder to find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Find {
    /// Every message.
    All,
    /// Every message whose UID is at least this.
    From(u32),
    /// These UIDs, ascending.
    Uids(Vec<u32>),
    /// Messages with one of these Message-IDs; may be incomplete where SEARCH is unreliable (quirk 87).
    MessageIds(Vec<String>),
}

/// How much to tell of each message found. Each level holds the ones before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// UID, flags, date and size.
    Attributes,
    /// And the fingerprint of its header.
    Header,
    /// And the hash of its bytes.
    Body,
}

/// A message found at the target.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its place.
    pub at: TargetUid,
    /// Its flags now.
    pub flags: Flags,
    /// Its date.
    pub received_at: Option<ReceivedAt>,
    /// Its size by the server's account.
    pub size: u64,
    /// The fingerprint, from [`Evidence::Header`] on.
    pub fingerprint: Option<Fingerprint>,
    /// Its Message-ID, from [`Evidence::Header`] on and where it has one.
    pub message_id: Option<String>,
    /// The body's hash, for [`Evidence::Body`].
    pub body_hash: Option<BodyHash>,
}

impl Found {
    /// What it would be recognised by if it came as mail to a target of whole items: see [`mail_evidence`](crate::mailbox::items::mail_evidence).
    pub fn as_mail(&self) -> Option<Fingerprint> {
        Some(mail_evidence(self.message_id.as_deref()?, self.received_at?))
    }
}

/// What [`super::TargetSession::find_each`] tells of the folder at this place among those asked for.
#[derive(Debug)]
pub struct Sighting {
    /// The place, from 0.
    pub at: usize,
    /// What it holds.
    pub what: Sight,
}

/// A part of what is told of one folder.
#[derive(Debug)]
pub enum Sight {
    /// Messages; over all pages in ascending UID order.
    Found(Vec<Found>),
    /// All were told. The folder's counters from before.
    Complete(FolderStatus),
    /// The folder cannot be read now, and nothing is concluded about it.
    Unreadable(Error),
}
