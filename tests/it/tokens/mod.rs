//! Signing in with tokens, from the configuration to the servers: the product between stand-ins that issue and check tokens, and Dovecot.

mod access;
mod categories;
mod dovecot;
mod login;
mod maildrop;
mod office365;
mod renewal;
mod secrecy;
pub mod site;
