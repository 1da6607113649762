//! How fast one may go: a connection's limiter, a mailbox's pacer, an endpoint's caps.

mod caps;
mod limiter;
mod pacer;
mod throttle;

pub use caps::{Caps, CapsConfig, ConnectionPermit, MailboxPermit};
pub use limiter::{Limiter, Rates};
pub use pacer::Pacer;
pub use throttle::{Throttle, ThrottleKind, throttle};
