//! The command line of mailhaul.
fn main() {}
