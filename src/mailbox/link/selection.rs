//! Which folder is open on the connection: at most one, and never two answers about it. A SELECT costs a server more than any other
//! command, so a folder that is open is not opened again unless somebody wants to know what is new in it.

use super::{Link, heed};
use crate::{
    error::Result,
    imap::{Command, Selected, Tag},
    model::FolderName,
};

/// The folder that is open.
pub(super) struct Open {
    folder: FolderName,
    examine: bool,
    selected: Selected,
}

impl Link {
    /// Opens a folder, unless it is open that way already; `examine` opens it read-only.
    ///
    /// # Errors
    /// As [`crate::imap::Connection::select`].
    pub async fn select(&mut self, folder: &FolderName, examine: bool) -> Result<&Selected> {
        self.ready().await?;
        match self.open.take().filter(|open| open.folder == *folder && open.examine == examine) {
            Some(open) => Ok(&self.open.insert(open).selected),
            None => self.reopen(folder, examine).await,
        }
    }

    /// Opens a folder though it may be open already: then the server looks for what is new in it.
    ///
    /// # Errors
    /// As [`crate::imap::Connection::select`].
    pub async fn reopen(&mut self, folder: &FolderName, examine: bool) -> Result<&Selected> {
        self.ready().await?;
        self.settings.pacer.unheld().await;
        self.forget_selection();
        let selected =
            self.connection.select(folder, examine, None).await.map_err(|error| heed(&self.settings, error))?;
        self.unknown = false;
        Ok(&self.open.insert(Open { folder: folder.clone(), examine, selected }).selected)
    }

    /// Opens a folder as [`Link::reopen`] does, with `next` sent behind it in the same round trip; the replies to it follow.
    ///
    /// # Errors
    /// As [`crate::imap::Connection::select_then`].
    pub async fn reopen_then(&mut self, folder: &FolderName, examine: bool, next: Command) -> Result<(&Selected, Tag)> {
        self.ready().await?;
        self.settings.pacer.unheld().await;
        self.forget_selection();
        let opened = self.connection.select_then(folder, examine, next).await;
        let (selected, tag) = opened.map_err(|error| heed(&self.settings, error))?;
        self.unknown = false;
        Ok((&self.open.insert(Open { folder: folder.clone(), examine, selected }).selected, tag))
    }

    /// Whether this folder was opened by SELECT before.
    pub fn is_settled(&self, folder: &FolderName) -> bool {
        self.settled.contains(folder)
    }

    /// Says that these were.
    pub fn set_settled<'a>(&mut self, folders: impl IntoIterator<Item = &'a FolderName>) {
        self.settled.extend(folders.into_iter().cloned());
    }

    /// What was told of this folder when it was opened, if it is open now.
    pub fn selected(&self, folder: &FolderName) -> Option<&Selected> {
        self.open.as_ref().filter(|open| open.folder == *folder).map(|open| &open.selected)
    }

    /// Says that an EXAMINE queued by hand opened a folder.
    pub fn opened(&mut self, folder: &FolderName, selected: Selected) {
        self.open = Some(Open { folder: folder.clone(), examine: true, selected });
        self.unknown = false;
    }

    /// What was told of this folder when it was opened read-only, if it is open that way now.
    pub fn examined(&self, folder: &FolderName) -> Option<&Selected> {
        let open = self.open.as_ref().filter(|open| open.examine && open.folder == *folder)?;
        Some(&open.selected)
    }

    /// Whether this folder is open now, in whatever way.
    pub fn is_open(&self, folder: &FolderName) -> bool {
        self.open.as_ref().is_some_and(|open| open.folder == *folder)
    }

    /// Whether a folder may be open that [`Link::is_open`] does not know of.
    pub fn is_open_otherwise(&self) -> bool {
        self.unknown
    }

    /// Says that another folder is about to be open, or none.
    pub fn forget_selection(&mut self) {
        (self.open, self.unknown) = (None, true);
    }

    /// Leaves the folder that is open, if any. Never by CLOSE: that expunges (RFC 3501 §6.4.2).
    ///
    /// # Errors
    /// As [`Link::run`].
    pub async fn leave(&mut self) -> Result<()> {
        if self.open.is_none() && !self.unknown {
            return Ok(());
        }
        let unselect = self.server().has("UNSELECT");
        let command = if unselect { Command::new("UNSELECT") } else { Command::new("EXAMINE").string(b"INBOX") };
        (self.open, self.unknown) = (None, !unselect);
        self.run(command).await.map(drop)
    }
}
