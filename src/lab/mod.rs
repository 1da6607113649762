//! Stand-ins of real servers on loopback: what `mailhaul demo` and `mailhaul lab` start and what the tests run against.
//!
//! A stand-in is an independent server: it has its own small strict parser and shares no code with [`crate::imap`], so
//! that a misunderstanding of ours cannot agree with itself. It is stricter than the world (what no sane client sends is
//! refused) and lies on request (throttles, cuts, stalls, forgets). It speaks on loopback only and holds no real mail.
//!
//! Rejected: canned transcripts. They cannot tell whether a message arrived twice.

mod certificate;
pub mod entra;
pub mod generate;
pub mod graph;
pub mod imap;
pub mod mailstore;
mod office;
mod passage;
pub mod pop3;
mod pop_host;
mod rehearsal;
mod web;
pub mod zimbra;
mod zimbra_host;

pub use certificate::Certificate;
pub use rehearsal::{Lab, LabMailbox, LabOptions};
