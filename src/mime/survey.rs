//! All that a copy wants to know of a message, from one reading of its bytes and one walk over its header.

use std::io;

use super::{
    fingerprint, header,
    inspect::{Inspection, Inspector},
};
use crate::{
    body::Body,
    model::{BodyHash, Fingerprint},
};

/// What [`survey`] tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// What a target may refuse the message for.
    pub inspection: Inspection,
    /// The hash of its bytes.
    pub hash: BodyHash,
    /// The fingerprint of its header.
    pub fingerprint: Fingerprint,
    /// Its header, up to [`HEADER_READ`](crate::limits::HEADER_READ) bytes, for what is seldom asked of it
    /// ([`received_at`](super::received_at)).
    pub head: Vec<u8>,
}

/// Reads the whole message once; only the header is held.
///
/// # Errors
/// The spool cannot be read.
pub fn survey(body: &Body) -> io::Result<Survey> {
    let mut inspector = Inspector::default();
    let hash = body.hash_and(|chunk| inspector.take(chunk))?;
    let head = header::readable(&inspector.head);
    let fields: Vec<_> = header::fields(&head).collect();
    let inspection = inspector.tell(&head, &fields);
    let fingerprint = fingerprint::of_fields(&head, fields);
    Ok(Survey { inspection, hash, fingerprint, head: inspector.head })
}
