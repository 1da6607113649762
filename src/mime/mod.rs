//! What we read of a message, and the little we ever change.
//!
//! - [`fingerprint`]: evidence that two copies are one message, over the header fields that every server keeps.
//! - [`received_at`]: a date for a message whose server tells none.
//!
//! Assumes nothing of a message but that it is bytes: mail stores hold what SMTP would refuse (quirk 81). Nothing here fails
//! on a message's form, and nothing holds a whole message that may be large.

mod date;
mod fingerprint;
mod header;
mod text;

pub use date::received_at;
pub use fingerprint::{FINGERPRINT_FIELDS, fingerprint, fingerprint_body};
