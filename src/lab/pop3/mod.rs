//! A POP3 host on loopback, over the mailboxes of [`super::mailstore`]: their inbox is the maildrop.
//!
//! It shares no code with [`crate::pop3`]. It is stricter than the world (RFC 1939 §3: commands in their state, at most 255 octets of line)
//! and lies on request ([`Manner`]). DELE is refused and remembered: whoever is tested here must never send it.

mod drop;
mod host;
mod manner;
mod server;
mod session;
mod sign_in;
mod wire;

pub use host::Journal;
pub use manner::{Manner, Pipelining, Refusal, Uidl};
pub use server::Server;
