//! Numbers for the items of a target that has ids and no numbers.
//!
//! Exchange's own IMAP layer does the same: the items of a folder are numbered in the order in which they are first seen, under a validity that
//! is made when the numbering begins. So everything that stands on UIDVALIDITY and UID stands here too. What is in doubt has no number yet, and is
//! among what a look at the folder numbers next. A ledger that is lost begins another numbering, under which all is recognised by
//! its content; one that is restored from a backup has numbers and placements of the same moment.
//!
//! There is no lease: what is written is what the mailbox holds, not what a pair decided, and an item that two pairs see has one
//! number. A number is never given twice; an item that comes back has its old one.

use async_trait::async_trait;

use crate::{error::Result, model::FolderName};

/// What is known of a numbered folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderNumbers {
    /// Which numbering this is.
    pub validity: u32,
    /// The number of the next item that is seen.
    pub next: u32,
    /// Items that are there.
    pub live: u64,
    /// Grows with everything that is told of the folder.
    pub changes: u64,
    /// Up to where changes were told; `None` before the first look.
    pub link: Option<String>,
    /// The whole listing that began last.
    pub round: u64,
}

/// What a part of a whole listing is to the others; two listings may be under way at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// The first: with its last one, what none of them told is gone.
    Begins,
    /// Another one, of the listing with this [`FolderNumbers::round`].
    Continues(u64),
}

/// A part of what a look at a folder told, applied at once.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Whether it is part of a whole listing.
    pub whole: Option<Whole>,
    /// Items that are there, with their revisions.
    pub here: Vec<(String, String)>,
    /// Items that are not.
    pub gone: Vec<String>,
    /// That was the last part: where the next look begins.
    pub end: Option<String>,
}

/// An item by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberedItem {
    /// Its number.
    pub number: u32,
    /// Its id.
    pub item: String,
    /// Its revision as it was left here, or as it was first seen.
    pub revision: String,
}

/// Which items to read; those that are gone are left out.
#[derive(Clone, Debug)]
pub enum Which {
    /// From this number on, ascending, at most a page.
    From(u32),
    /// These, ascending; at most a page.
    These(Vec<u32>),
}

/// Gives numbers and keeps them; see the module. `mailbox` is the target's identity in the ledger.
#[async_trait]
pub trait Numbering: Send + Sync {
    /// What is known of a folder; its numbering begins where it has none.
    async fn numbers(&self, mailbox: &str, folder: &FolderName) -> Result<FolderNumbers>;
    /// Numbers what a look told that is new, and notes what is gone.
    async fn see(&self, mailbox: &str, folder: &FolderName, seen: Seen) -> Result<FolderNumbers>;
    /// The numbers of items that were put there, in their order; the revisions are those they were left with.
    async fn place(&self, mailbox: &str, folder: &FolderName, items: Vec<(String, String)>) -> Result<Vec<u32>>;
    /// Items by their numbers.
    async fn items(&self, mailbox: &str, folder: &FolderName, which: Which) -> Result<Vec<NumberedItem>>;
}
