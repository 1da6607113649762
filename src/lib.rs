//! mailhaul copies mailboxes from IMAP and POP3 servers, Zimbra and Office 365 to Microsoft 365 or any IMAP server: exact, resumable and fast.
//!
//! This page is the design. It says what holds everywhere and why; each module says the rest at its head.
//!
//! # The promise
//!
//! 1. *Nothing lost, nothing doubled, nothing altered.* Every message in scope ends in exactly one outcome, and the outcomes add up to
//!    what the source holds. Kill the process, cut the network, pull the plug, restore yesterday's ledger: the next run goes on.
//! 2. *As fast as the two servers allow*: round trips are hidden, never paid per message; memory is bounded by configuration.
//! 3. *As fast as the servers want*: throttling is obeyed to the stated instant, and shown.
//! 4. *Honest*: "finished" is not "verified"; what did not arrive is listed with the server's own words.
//!
//! # The journey of one message
//!
//! ```text
//! cli ─▶ project (pairs, batches, passes) ─▶ transfer::run_pass ─▶ pass
//!   discover    source changes since the cursor → ledger rows; the cursor never passes a row that was not written
//!   map         source folder → target folder (special use, illegal names, collisions); pure; pinned in the ledger;
//!               folders that are new are created while the source is still listed
//!   moves       what left one folder and appeared in another is moved at the target, not copied again
//!   lanes       folders side by side; each one, on one connection a side:
//!     reconcile   rows in doubt and unknown arrivals: ask the target before anything is appended there
//!     adopt       mail that is there already answers for its rows
//!     renew       an item that the source changed is changed in its place
//!     copy        fetch → hash, fingerprint, pre-checks → intents, one full sync for the group → append → outcomes
//!     refusals    the repair ladder, from the same bytes on a fresh session to every repair there is (of a whole item: as mail); then quarantine
//!     flags       differences only, so that what the target's user did stays
//!     mirror      deletions, if asked, within guards
//!     verify      the target's own answer against the ledger, for all folders of the lane at once
//!   twins       one message under several labels: copied at the target from where it arrived, in rounds until none waits
//!   categories  labels and keywords that the target's folders cannot say, where a person wants them
//!   tally       counts by query over the ledger, never from counters
//! ```
//!
//! Calls go downwards only; upwards there are [`transfer::Event`]s to an [`transfer::Observer`].
//!
//! Reconciling stands in the lane and not at the head of the pass: a folder waits for its own doubts (a settle time of seconds to a
//! minute, for servers go on executing what they hold after a connection died; less where a server said goodbye that is known to execute
//! nothing after it), and the others copy meanwhile.
//!
//! # Floors
//!
//! The modules are declared bottom floor first, and a module may import only what is declared above it, so no cycle can exist.
//! `tests/it/house.rs` reads this file and the `crate::` paths and keeps it that way, with the sizes of files and the forbidden calls.
//!
//! # Intent, effect, outcome
//!
//! An append is the only step that cannot be repeated. So a group of messages becomes durable *intents* (hash and fingerprint of the bytes
//! about to be sent, and a mark: the folder's UIDVALIDITY and a lower bound of what may arrive) with one full sync before its first byte
//! leaves; outcomes are grouped and need no sync, for a lost outcome is found again at the target and a lost intent would be a
//! duplicate. A row found `intended` at a start *is* in doubt, and only [`transfer`]'s reconciliation settles it: by evidence,
//! one target message for one row, never by Message-ID alone, and "not arrived" only after the folder stood still.
//!
//! # Evidence
//!
//! On targets that keep bytes ([`mailbox`] profiles say which, each with its source) the body's hash decides; elsewhere the decoded header
//! fields that servers keep, sizes within a ratio, and multisets. Equal headers are not equal messages. Whole items, which nobody reads
//! back, are known by their search keys alone, so of those that share one a single one is under way at a time; one that goes as mail
//! instead is known by its Message-ID and date, which its intent's mark carries.
//!
//! # Absences
//!
//! No call of a source changes mail. No call of [`target::TargetSession`] removes. No message is appended without a durable intent. No
//! byte of a message changes without being counted. No marker is written into a message. No counter beside the ledger. No queue,
//! page, batch, body, retry or wait is unbounded ([`limits`]). No secret has a `Debug`, reaches a log, an argument list or an error. Nothing
//! below the faces prints. Nothing outside [`clock`] asks the time. No certificate goes unchecked unless a person said so.
//!
//! # Choices
//!
//! - *async-imap leads the sign-in, the pipelined stream is ours* ([`imap`]): its parser closes a stream on one odd reply, buffers
//!   literals whole and its commands wait for each reply; the typed replies underneath are still its parser's where that can read them.
//! - *SQLite with one writer thread* ([`ledger`]): intents of all mailboxes that wait share one sync. The interface is narrow and carries lease
//!   numbers, so that a shared store for several machines fits behind it.
//! - *Secrets in a file of their own* ([`vault`]): encrypted to a key that whoever collects them does not have, and storable while a run
//!   holds the ledger.
//! - *Graph by requests and serde, not by a generated library* ([`graph`]): items of 150 MB pass through as they arrive, and every
//!   request keeps within the mailbox's [`graph::Allowance`].
//! - *POP3 as a state machine of its own* ([`pop3`]): bytes in, events out, so that it is fuzzed without a line. Its replies have no tags, so each
//!   pipelined message is vouched for by a reply that names it ([`source::pop3`]).
//! - *Zimbra by its own SOAP and archives, not by IMAP* ([`zimbra`]): its IMAP serves one FETCH at a time per account, and only the archives carry the
//!   digests by which every message is proven. Where it is closed IMAP reads all the same, and the pair stays with it
//!   ([`source::zimbra::ZimbraOrImap`]).
//! - *A rewritten message is another content, not another message* ([`source::SourceCapabilities::versions`]): its row is a new one, and
//!   the copy of the old content goes once the new one has arrived.
//! - *One crate*: floors kept by a test cost less than crate boundaries and read in one place.
//! - *MULTIAPPEND and windows* ([`target`]): one server transaction for dozens of messages where it is offered; all or nothing, so a refusal
//!   falls back to single appends for that group.

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
pub mod oauth;
pub mod pace;
pub mod sasl;
// Floor 2: protocols.
pub mod graph;
pub mod imap;
pub mod pop3;
pub mod zimbra;
// Floor 3: ports.
pub mod directory;
pub mod ledger;
pub mod mailbox;
pub mod source;
pub mod target;
pub mod vault;
// Floor 4: the engine.
pub mod transfer;
// Floor 5: many mailboxes.
pub mod project;
// Stand-ins of real servers on loopback; only `cli` imports them.
pub mod lab;
// Floor 6: what people touch.
pub mod cli;
