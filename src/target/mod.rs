//! The target port: what a mailbox that is written can do, whatever its protocol.
//!
//! A connector opens sessions; a session appends ([`AppendItem`] in, [`AppendResult`] out), finds ([`Find`] in, [`Found`] out) and tells of
//! folders. No call of [`TargetSession`] removes. [`TargetEditor`] is a separate port for the few things that do.

mod capabilities;
pub mod categories;
mod delivery;
mod finding;
mod folder;
pub mod imap;
pub mod items;
mod session;

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;

pub use capabilities::TargetCapabilities;
pub use categories::{Categories, Sighted, Sought};
pub use delivery::{AppendItem, AppendResult, Appended, Fault, Refusal, Renewed};
pub use finding::{Evidence, Find, Found, Sight, Sighting};
pub use folder::{FolderStatus, NewFolder, TargetFolder};
pub use session::{TargetEditor, TargetSession};

use crate::error::Result;

/// Opens sessions to one mailbox at one target.
#[async_trait]
pub trait TargetConnector: Send + Sync {
    /// Connects and signs in: one session is one connection with one limiter.
    async fn open(&self) -> Result<Box<dyn TargetSession>>;
    /// Stable words for the mailbox (`user@host` without the password).
    fn describe(&self) -> String;
    /// Gives its messages categories, where it has such and may be asked for them.
    fn categories(&self) -> Option<Arc<dyn Categories>> {
        None
    }
    /// In what form messages go there. A pair that began in one form goes on in it: in the other it would recognise nothing.
    fn transport(&self) -> Transport {
        Transport::Mail
    }
}

/// In what form messages go to a target; the words are those of configurations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// As RFC 5322 text.
    Mail,
    /// As whole items of any class.
    Items,
}

impl Transport {
    /// A stable word, as the ledger keeps it and configurations write it.
    pub fn word(self) -> &'static str {
        match self {
            Transport::Mail => "mail",
            Transport::Items => "items",
        }
    }

    /// What goes there, for people.
    pub fn of(self) -> &'static str {
        match self {
            Transport::Mail => "mail",
            Transport::Items => "whole items: mail, calendar, contacts, tasks, notes",
        }
    }
}
