//! The words of the field: mailbox, folder, message, flags, states.
//!
//! *Mailbox* is a person's whole store, *folder* a container in it, `received_at` the INTERNALDATE.

mod flags;
mod folder;
mod message;
mod state;

pub use flags::{FlagChange, Flags, SystemFlags};
pub use folder::{FolderClass, FolderName, FolderPath, Role};
pub use message::{BodyHash, ContentId, Fingerprint, Mark, MessageKey, ReceivedAt, TargetUid};
pub use state::{Reason, RowState};
