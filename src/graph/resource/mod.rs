//! What the service stores, as far as a transfer touches it. The names are those of Microsoft's metadata (v1.0, 2026-08).
//!
//! Every type names the properties it asks for in `SELECT`, and every property that a type needs is there; the rest is left out by the
//! service, which makes pages small.

mod exchange;
mod folder;
mod message;
mod user;

pub(super) use exchange::ImportSessionReply;
pub use exchange::{ExchangeSettings, ImportSession, Item, ItemFolder, Property};
pub use folder::{MailFolder, WellKnown};
pub use message::{Flag, FlagStatus, Importance, Message, MessagePatch};
pub use user::{LicenseDetails, MailboxPurpose, MailboxSettings, ServicePlan, User};
