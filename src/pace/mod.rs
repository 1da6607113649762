//! How fast one may go, in three layers: a connection's [`Limiter`], a mailbox's [`Pacer`], an endpoint's [`Caps`].
//!
//! A person sets the limiter and the caps; the server sets the pacer, by its throttle replies ([`throttle`]). All waits are by
//! [`crate::clock`], all may be dropped, and none is longer than what a person or a server stated. Nothing here knows a
//! protocol, retries, or sleeps on behalf of a session beyond its permit. One limiter for all three was rejected: a
//! stated back-off must stop every connection of one mailbox and none of the others.

mod allowance;
mod caps;
mod limiter;
mod pacer;
#[cfg(test)]
mod simulation;
mod tempo;
mod throttle;

pub use allowance::Allowance;
pub use caps::{Caps, CapsConfig, ConnectionPermit, MailboxPermit};
pub use limiter::{Limiter, Rates};
pub use pacer::Pacer;
pub use throttle::{Throttle, ThrottleKind, throttle};
