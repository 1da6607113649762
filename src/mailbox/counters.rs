//! The counters of many folders in one batch of STATUS (RFC 3501 §6.3.10, RFC 7162 §3.1.7).

use super::{Link, Told};
use crate::{
    error::Result,
    imap::{Command, Event, StatusReply},
    model::FolderName,
};

impl Link {
    /// The counters of `folders` now; `None` for one that does not answer.
    ///
    /// # Errors
    /// The connection is lost or throttled.
    pub async fn statuses(&mut self, folders: &[FolderName]) -> Result<Vec<Option<StatusReply>>> {
        let items = if self.condstore() {
            "(MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ)"
        } else {
            "(MESSAGES UIDNEXT UIDVALIDITY)"
        };
        // A server need not look for news in the folder that is open before it answers STATUS for it.
        let look = folders.iter().any(|folder| self.is_open(folder));
        let mut commands = Vec::with_capacity(folders.len() + 1);
        commands.extend(look.then(|| Command::new("NOOP")));
        commands.extend(folders.iter().map(|folder| Command::new("STATUS").folder(folder).word(items)));
        let told = self.run_all(commands).await?;
        Ok(told.into_iter().skip(usize::from(look)).map(reply).collect())
    }

    /// Whether the server tells modification sequences (RFC 7162).
    pub fn condstore(&self) -> bool {
        self.server().qresync || self.server().has("CONDSTORE") || self.server().has("QRESYNC")
    }
}

/// The counters that a STATUS told. Its place in the pipeline says which folder they are of, for servers spell the name anew.
fn reply(told: Told) -> Option<StatusReply> {
    let ok = told.is_ok();
    let status = told.untagged.into_iter().rev().find_map(|event| match event {
        Event::Status(status) => Some(status),
        _ => None,
    })?;
    // NOMODSEQ folders tell 0 (RFC 7162 §3.1.2.2).
    let modseq = status.modseq.filter(|modseq| *modseq > 0);
    ok.then_some(StatusReply { modseq, ..status })
}
