//! What goes upwards: events to an observer (progress bars, log, page). Calls go downwards only.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::{
    error::{Code, Side},
    model::FolderPath,
};

/// Receives the events of one pair. Called often; it must not block.
pub trait Observer: Send + Sync {
    /// Something happened.
    fn on(&self, event: &Event);
}

/// An observer for whoever does not watch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn on(&self, _: &Event) {}
}

/// What a pair is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Signing in on both sides.
    Connect,
    /// Settling what an earlier run left in doubt.
    Reconcile,
    /// Listing the source.
    Discover,
    /// Copying.
    Copy,
    /// Comparing.
    Verify,
}

/// One event.
#[derive(Clone, Debug)]
pub enum Event {
    /// A stage begins.
    Stage(Stage),
    /// What is in scope as far as it is known, and how much of it was settled before this pass.
    Scope {
        /// Messages in scope.
        messages: u64,
        /// Their bytes.
        bytes: u64,
        /// Messages settled already.
        settled: u64,
        /// Their bytes.
        settled_bytes: u64,
    },
    /// Work on a folder begins.
    Folder(FolderPath),
    /// Messages arrived (or were found to be there).
    Settled {
        /// How many.
        messages: u64,
        /// Their bytes.
        bytes: u64,
    },
    /// A side asked to wait; no command starts before `until`.
    Throttled {
        /// Which side.
        side: Side,
        /// Until when.
        until: SystemTime,
        /// Its words.
        reply: String,
    },
    /// A session was lost or refused; the next attempt starts at `until`.
    Retrying {
        /// The error's stable word.
        word: String,
        /// The error in one line.
        text: String,
        /// The attempt that follows, from 1.
        attempt: u32,
        /// When.
        until: SystemTime,
    },
    /// Something only a person can settle, or should know.
    Attention(Attention),
}

/// How urgent an [`Attention`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing moves on without a person.
    Block,
    /// A person should decide.
    Review,
    /// For information.
    Note,
}

/// A line of `RequiresAttention.csv` (product.md E3).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attention {
    /// How urgent.
    pub severity: Severity,
    /// The stable word (`ITEM-TOO-BIG`, `TGT-FOLDER-NAME`).
    pub code: String,
    /// The folder at the source, if it concerns one.
    pub folder: Option<String>,
    /// The message at the source, if it concerns one (its UID in words).
    pub message: Option<String>,
    /// How many messages.
    pub count: u64,
    /// The problem in plain words.
    pub problem: String,
    /// The server's own words, where there are some.
    pub reply: Option<String>,
    /// What to do.
    pub next_step: String,
}

impl Attention {
    /// A line about one code, with the texts of [`crate::error::Code`].
    pub fn new(severity: Severity, code: Code, side: Side, count: u64) -> Self {
        Attention {
            severity,
            code: crate::error::word(code, side),
            folder: None,
            message: None,
            count,
            problem: code.problem().to_owned(),
            reply: None,
            next_step: code.next_step().to_owned(),
        }
    }
}
