//! The folders of the mailbox, and the counters that were told with them.

use super::{Link, heed};
use crate::{
    error::{Code, Disposition, Error, Result, Scope},
    imap::{Command, Event, StatusReply, list},
    mailbox::counters::counted,
    model::FolderName,
};

impl Link {
    /// Asks for the hierarchy delimiter where NAMESPACE did not tell it.
    ///
    /// # Errors
    /// As [`Link::run`].
    pub async fn learn_delimiter(&mut self) -> Result<()> {
        if self.names.delimiter().is_none() {
            let told = self.run(Command::new("LIST").string(b"").string(b"")).await?;
            self.names.listed_with(told.untagged.iter().find_map(|event| match event {
                Event::List(entry) => entry.delimiter,
                _ => None,
            }));
        }
        Ok(())
    }

    /// The folders of the mailbox.
    ///
    /// # Errors
    /// As [`list::folders`]; a mailbox without a folder is refused, for every mailbox has its inbox (quirk 67).
    pub async fn folders(&mut self) -> Result<Vec<list::Folder>> {
        self.ready().await?;
        self.settings.pacer.unheld().await;
        let folders = list::folders(&mut self.connection).await.map_err(|error| heed(&self.settings, error))?;
        if folders.is_empty() {
            let later = Disposition::RetryAfter(None);
            return Err(Error::new(Code::FolderList, self.side(), Scope::Mailbox, later, self.describe()));
        }
        self.names.listed_with(folders.iter().find_map(|folder| folder.delimiter));
        self.listed.clear();
        if self.open.is_none() && !self.unknown {
            let told = folders.iter().filter_map(|folder| Some((folder.name.clone(), counted(folder.status.clone()?))));
            self.listed.extend(told);
        }
        Ok(folders)
    }

    /// The counters of all these folders as the last list told them (LIST-STATUS, RFC 5819): once, for they grow old. `None`
    /// where it told none, or a folder was open, whose counters may be old already.
    pub fn take_listed(&mut self, folders: &[FolderName]) -> Option<Vec<Option<StatusReply>>> {
        let mut listed = std::mem::take(&mut self.listed);
        let told: Vec<Option<StatusReply>> = folders.iter().map(|folder| listed.remove(folder)).collect();
        told.iter().all(Option::is_some).then_some(told)
    }

    /// Takes note of counters that were told in passing, as if the last list had told them.
    pub fn note_counters(&mut self, folder: &FolderName, status: StatusReply) {
        self.listed.insert(folder.clone(), status);
    }
}
