//! What EXAMINE told, where other commands went out behind it without waiting for it.

use crate::{
    error::Code,
    imap::{Event, ResponseCode, Selected, StatusReply},
    model::Reason,
};

/// What EXAMINE told of the folder.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Opening {
    /// UIDVALIDITY.
    pub(super) validity: Option<u32>,
    /// UIDNEXT.
    pub(super) next: Option<u32>,
    /// Messages.
    pub(super) exists: u32,
}

impl Opening {
    /// Takes note of an untagged reply.
    pub(super) fn note(&mut self, event: &Event) {
        match event {
            Event::Exists(exists) => self.exists = *exists,
            Event::Condition(_, ResponseCode::UidValidity(validity), _) => self.validity = Some(*validity),
            Event::Condition(_, ResponseCode::UidNext(next), _) => self.next = Some(*next),
            _ => {}
        }
    }

    /// Why the folder is not the one that the plan was made for: it was replaced in between.
    pub(super) fn unlike(&self, now: &StatusReply) -> Option<Reason> {
        let replaced = self.validity.is_some_and(|validity| now.validity != Some(validity));
        replaced.then(|| Reason { code: Code::Identity, words: "the folder was renumbered while it was opened".into() })
    }

    /// What a later look at the open folder needs to know.
    pub(super) fn selected(&self) -> Selected {
        let validity = self.validity.unwrap_or_default();
        Selected { validity, next: self.next, exists: self.exists, read_only: true, ..Selected::default() }
    }
}
