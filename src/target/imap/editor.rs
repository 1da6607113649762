//! The few calls that move or remove; every one touches named UIDs only.
//!
//! A plain EXPUNGE is never sent: it would take what other people marked `\Deleted`.

use super::{ImapTargetSession, copy::copied};
use crate::{
    error::{Code, Disposition, Error, Result, Scope},
    imap::{Command, uidset},
    limits,
    mailbox::Link,
    model::{Flags, FolderName, FolderPath, SystemFlags, TargetUid},
    target::TargetEditor,
};

#[async_trait::async_trait]
impl TargetEditor for ImapTargetSession {
    async fn move_messages(
        &mut self,
        from: &FolderName,
        uids: Vec<u32>,
        to: &FolderName,
    ) -> Result<Vec<(u32, Option<TargetUid>)>> {
        self.link.select(from, false).await?;
        let verb = if self.link.server().has("MOVE") { "UID MOVE" } else { "UID COPY" };
        let mut moved = Vec::with_capacity(uids.len());
        for (set, taken) in uidset::chunks(&uids, limits::FETCH_CHUNK, limits::COMMAND_LINE) {
            let told = self.link.run(Command::new(verb).word(&set).folder(to)).await?;
            if !told.is_ok() {
                return Err(self.link.connection().refusal(&told.tagged));
            }
            moved.extend(copied(taken, &told));
            if verb == "UID COPY" {
                remove(&mut self.link, &set).await?;
            }
        }
        Ok(moved)
    }

    async fn rename_folder(&mut self, from: &FolderName, to: &FolderPath) -> Result<FolderName> {
        let name = self.link.names().name(to)?;
        // Dovecot ends a session whose open folder is renamed under it.
        self.link.leave().await?;
        let told = self.link.run(Command::new("RENAME").folder(from).folder(&name)).await?;
        if told.is_ok() {
            return Ok(name);
        }
        let refusal = self.link.connection().refusal(&told.tagged);
        if refusal.scope() > Scope::Folder {
            return Err(refusal);
        }
        let person = Disposition::NeedsPerson;
        Err(Error::new(Code::FolderName, self.link.side(), Scope::Folder, person, to.to_string())
            .with_reply(refusal.reply().unwrap_or_default()))
    }

    async fn remove(&mut self, folder: &FolderName, uids: Vec<u32>) -> Result<bool> {
        self.link.select(folder, false).await?;
        let mut gone = true;
        for (set, _) in uidset::chunks(&uids, limits::LISTING_PAGE, limits::COMMAND_LINE) {
            gone &= remove(&mut self.link, &set).await?;
        }
        Ok(gone)
    }
}

/// Marks a set `\Deleted` and expunges just that (RFC 4315 §2.1); without UIDPLUS it stays marked.
async fn remove(link: &mut Link, set: &str) -> Result<bool> {
    let deleted = Flags { system: SystemFlags::DELETED, ..Flags::default() };
    let mut commands = vec![Command::new("UID STORE").word(set).word("+FLAGS.SILENT").flags(&deleted)];
    let expunges = link.server().has("UIDPLUS");
    commands.extend(expunges.then(|| Command::new("UID EXPUNGE").word(set)));
    for told in link.run_all(commands).await? {
        if !told.is_ok() {
            return Err(link.connection().refusal(&told.tagged));
        }
    }
    Ok(expunges)
}
