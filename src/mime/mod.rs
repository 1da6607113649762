//! What we read of a message, and the little we ever change.
//!
//! - [`fingerprint`]: evidence that two copies are one message, over the header fields that every server keeps.
//! - [`survey`]: one streaming pass that tells hash, fingerprint and what a target may refuse a message for.
//! - [`repair`]: a copy with the fault mended and nothing else changed.
//! - [`received_at`]: a date for a message whose server tells none.
//!
//! Assumes nothing of a message but that it is bytes: mail stores hold what SMTP would refuse (quirk 81). Nothing here fails
//! on a message's form. Only repairs hold a whole message, and only up to a limit.

mod date;
mod edit;
mod encode;
mod fingerprint;
mod header;
mod inspect;
mod lines;
mod part;
mod repair;
mod scan;
mod survey;
mod text;

pub use date::received_at;
pub use fingerprint::{FINGERPRINT_FIELDS, fingerprint, fingerprint_body, message_id};
pub use inspect::Inspection;
pub use repair::{Repair, RepairNote, repair};
pub use survey::{Survey, survey};
