//! Microsoft's and Google's sign-in, as much of it as a mail client meets (microsoft365.md §2 and §7.2).
//!
//! Every token that it hands out is in its book, with audience, user and end, so that the other stand-ins ask here whether one opens a
//! mailbox ([`Desk::opens`]), and Dovecot asks by token introspection (RFC 7662). It checks what it is shown: secrets, the signatures
//! of assertions, PKCE, redirect addresses, scopes; and it refuses in Microsoft's words. What a directory holds and what goes wrong
//! can be changed while it runs.
//!
//! A person's part is played by [`Answer`]s: whoever opens the sign-in page or enters a device code is signed in at once, or declines.

mod assertion;
mod book;
mod directory;
mod discovery;
mod faults;
mod grants;
mod introspection;
mod person;
mod problem;
mod proof;
mod realm;
mod server;
mod token;

pub use book::Service;
pub use directory::{App, Directory, ServiceAccount, User};
pub use faults::{Answer, Fault};
pub use server::{Desk, Entra, Settings};
