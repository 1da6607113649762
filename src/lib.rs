//! mailhaul copies mailboxes from IMAP servers to Microsoft 365 or any IMAP server: exact, resumable and fast.
//!
//! # The journey of one message
//!
//! ```text
//! cli ─▶ project (pairs, batches, passes) ─▶ transfer::pass
//!   1 reconcile   rows in doubt and unknown arrivals: ask the target, settle them before anything is appended there
//!   2 discover    source changes since the cursor → ledger rows; rows and cursor commit in one transaction
//!   3 map         source folder → target folder (special use, illegal names, collisions); pure; pinned in the ledger
//!   4 plan        ledger × scope × capabilities → steps (copy, update flags, move, skip + reason); pure
//!   5 copy        fetch whole body → hash, fingerprint, pre-checks → intent committed durably → append → outcome
//!   6 verify      the target's own answer against the ledger; differences become rows
//!   7 report      tallies by query over the ledger, never from counters
//! ```
//!
//! # Floors
//!
//! The modules are declared bottom floor first, and a module may import only what is declared above it.
//! So no cycle can exist; `tests/it/house.rs` reads this file and the `crate::` paths and keeps it that way.

// Floor 0: words.
pub mod error;
pub mod limits;
pub mod model;
pub mod secret;
// Floor 1: wire.
pub mod body;
pub mod clock;
pub mod mime;
pub mod net;
pub mod pace;
// Floor 2: protocols.
pub mod imap;
// Floor 3: ports.
pub mod ledger;
pub mod mailbox;
pub mod source;
pub mod target;
// Floor 4: the engine.
pub mod transfer;
// Floor 5: many mailboxes.
pub mod project;
// Stand-ins of real servers on loopback; only `cli` imports them.
pub mod lab;
// Floor 6: what people touch.
pub mod cli;
