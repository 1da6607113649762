//! What the trials stand on: real servers on loopback, real messages, and a reader that is not ours.
//!
//! Nothing here uses the product: a reader of mailboxes that shared its code would share its mistakes.
//! `benches/` includes this module by path, so whatever both need lives here.

// The trials and the benches each use their own part of it.
#![allow(dead_code)]

pub mod corpus;
pub mod courier;
pub mod cyrus;
pub mod dovecot;
pub mod fill;
pub mod haul;
pub mod image;
pub mod place;
pub mod pop3;
pub mod process;
pub mod project;
pub mod proxy;
pub mod raw;
pub mod utf7;
