//! How it behaves, and what goes wrong on request (zimbra.md §9.7).

use std::{collections::VecDeque, time::Duration};

/// How it behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The life of a user's token.
    pub token_life: Duration,
    /// The life of an administrator's token.
    pub admin_life: Duration,
    /// How long each request takes.
    pub latency: Duration,
    /// Changes of one answer (§4.3).
    pub changes: usize,
    /// Requests a second of one account before the filter refuses; 0: it refuses none.
    pub filter: usize,
    /// The filter's status: 429, or 503 in old versions.
    pub filter_status: u16,
    /// Requests of one account at once before the others wait a second.
    pub concurrent: usize,
    /// The key that proves who may sign in without a password.
    pub preauth_key: Option<String>,
    /// Whether SOAP and REST answer at all.
    pub closed: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            token_life: Duration::from_secs(2 * 86_400),
            admin_life: Duration::from_secs(12 * 3600),
            latency: Duration::ZERO,
            changes: 3990,
            filter: 30,
            filter_status: 429,
            concurrent: 10,
            preauth_key: None,
            closed: false,
        }
    }
}

/// What goes wrong with one request for bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// One message of the list is removed for good just before: all behind it are left out without a word (§5.6).
    Vanish,
    /// The connection ends after this share (of a hundred) of the archive.
    Cut(u8),
    /// Nothing more comes for so long after the first half; then it ends.
    Stall(Duration),
    /// The filter refuses it, and so many after it.
    Refuse(u32),
    /// All tokens of users end first.
    EndTokens,
    /// A draft of the list is saved anew just before.
    Rewrite,
}

/// Faults of the requests to come.
#[derive(Debug, Default)]
pub(super) struct Faults(VecDeque<Fault>);

impl Faults {
    pub(super) fn inject(&mut self, fault: Fault) {
        self.0.push_back(fault);
    }

    pub(super) fn next(&mut self) -> Option<Fault> {
        self.0.pop_front()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
