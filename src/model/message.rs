//! Messages: their identity at the source, their place at the target, their evidence.

use chrono::{DateTime, FixedOffset};

/// The identity of one placement at the source. The ledger compares it as bytes only.
///
/// For IMAP the namespace is the folder's name, the epoch its UIDVALIDITY and the id the UID in four big-endian
/// bytes, so that byte order is UID order. For Graph it is the folder's id, one epoch for ever, and the immutable id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageKey {
    /// Within what the id is unique.
    pub namespace: Vec<u8>,
    /// Which life of that namespace.
    pub epoch: u64,
    /// The source's id.
    pub id: Vec<u8>,
    /// Which content of that id; empty where content never changes (IMAP).
    pub version: Vec<u8>,
}

/// The source's own word that messages with equal ids are one message in several places (Gmail's X-GM-MSGID: a message with
/// k labels is in k folders, quirk 44). Unique within a mailbox; compared as bytes only.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentId(pub Vec<u8>);

/// When the message was received: INTERNALDATE (RFC 3501 §2.3.3), with the zone it was told in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReceivedAt {
    /// Seconds since 1970-01-01 UTC.
    pub unix: i64,
    /// Seconds east of UTC.
    pub offset: i32,
}

impl ReceivedAt {
    /// The date with its zone; `None` where it is outside what a calendar can say.
    pub fn to_datetime(self) -> Option<DateTime<FixedOffset>> {
        let zone = FixedOffset::east_opt(self.offset)?;
        Some(DateTime::from_timestamp(self.unix, 0)?.with_timezone(&zone))
    }
    /// From a date with its zone.
    pub fn from_datetime(date: DateTime<FixedOffset>) -> Self {
        ReceivedAt { unix: date.timestamp(), offset: date.offset().local_minus_utc() }
    }
}

/// BLAKE3 of a message's bytes as they are sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BodyHash(pub [u8; 32]);

impl std::fmt::Debug for BodyHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for byte in &self.0[..6] {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// A short hash over the decoded header fields that every server keeps (Message-ID, Date, From, To, Subject, …).
///
/// Equal fingerprints are evidence, not identity: different messages can share one (quirk 96).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub [u8; 16]);

/// The state of a target folder before an append: everything at or above it may be ours. Opaque to the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Mark(pub Vec<u8>);

/// A message's place in a target folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TargetUid {
    /// The folder's UIDVALIDITY (RFC 3501 §2.3.1.1).
    pub validity: u32,
    /// The UID in it.
    pub uid: u32,
}
