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
        self.settle_validity(folders).await?;
        self.look(folders).await?;
        let commands = folders.iter().map(|folder| self.ask_status(folder)).collect();
        Ok(self.run_all(commands).await?.into_iter().map(Link::status_told).collect())
    }

    /// The command that asks for the counters of a folder; [`Link::status_told`] reads what is told.
    pub fn ask_status(&self, folder: &FolderName) -> Command {
        let items = if self.condstore() {
            "(MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ)"
        } else {
            "(MESSAGES UIDNEXT UIDVALIDITY)"
        };
        Command::new("STATUS").folder(folder).word(items)
    }

    /// The counters that a STATUS told. Its place in the pipeline says which folder they are of, for servers spell the name anew.
    pub fn status_told(told: Told) -> Option<StatusReply> {
        let ok = told.is_ok();
        let status = told.untagged.into_iter().rev().find_map(|event| match event {
            Event::Status(status) => Some(status),
            _ => None,
        })?;
        ok.then(|| counted(status))
    }

    /// Opens once what would be renumbered otherwise: a source's folder too, for there is no other way to read it. No flag but
    /// `\Recent` changes by it.
    async fn settle_validity(&mut self, folders: &[FolderName]) -> Result<()> {
        if !self.profile().validity_by_select {
            return Ok(());
        }
        let fresh: Vec<&FolderName> = folders.iter().filter(|folder| !self.is_settled(folder)).collect();
        let commands: Vec<Command> = fresh.iter().map(|folder| Command::new("SELECT").folder(folder)).collect();
        if !commands.is_empty() {
            self.forget_selection();
            self.run_all(commands).await?;
            self.set_settled(fresh);
        }
        Ok(())
    }

    /// A server need not look for news in the folder that is open before it answers STATUS for it. Dovecot does not, not even
    /// with a NOOP in the same round trip: it runs the STATUS first.
    async fn look(&mut self, folders: &[FolderName]) -> Result<()> {
        if self.is_open_otherwise() {
            return self.leave().await;
        }
        if folders.iter().any(|folder| self.is_open(folder)) {
            self.run(Command::new("NOOP")).await?;
        }
        Ok(())
    }

    /// Whether the server tells modification sequences (RFC 7162).
    pub fn condstore(&self) -> bool {
        self.server().qresync || self.server().has("CONDSTORE") || self.server().has("QRESYNC")
    }
}

/// NOMODSEQ folders tell 0 (RFC 7162 §3.1.2.2).
pub(super) fn counted(status: StatusReply) -> StatusReply {
    StatusReply { modseq: status.modseq.filter(|modseq| *modseq > 0), ..status }
}
