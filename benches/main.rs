//! How fast, how large, how costly: mailhaul beside `mbsync` and beside a bare pipe, measured in the same run.
//!
//! `cargo bench --bench peers -- [CASE…]` prints each figure with the limit it is held to; nothing fails by time.
//! `README.md` keeps the figures of the last quiet machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod archive;
mod contest;
mod cost;
mod idle;
mod mbsync;
mod memory;
mod meter;
#[path = "../tests/it/support/mod.rs"]
mod support;

/// The cases by name.
const CASES: [(&str, fn()); 9] = [
    ("eight", contest::eight_mailboxes),
    ("one", contest::one_mailbox),
    ("idle", idle::no_change),
    ("folder", memory::large_folder),
    ("message", memory::large_message),
    ("plan", memory::million_planned),
    ("crowd", memory::many_at_once),
    ("cost", cost::beside_a_bare_pipe),
    ("archive", archive::beside_tar_and_sha256),
];

fn main() {
    // The pipe of `cost` runs as a process of its own, which is this one started again.
    if cost::is_pipe() {
        return cost::pipe();
    }
    // Cargo's own arguments begin with dashes.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    for (name, case) in CASES {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            println!("\n{name}");
            case();
        }
    }
}
