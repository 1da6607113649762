//! All integration tests, in one binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod cli;
mod conformance;
mod engine;
mod fuzz;
mod graph;
mod house;
mod imap;
mod items;
mod lab;
mod ledger;
mod net;
mod oauth;
mod pop3;
mod rig;
mod side;
mod support;
mod tokens;
mod trials;
mod zimbra;
