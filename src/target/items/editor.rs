//! Moves, removals and new names, as far as the service has them.
//!
//! Mail alone is moved and removed: of other classes the service moves none, and to remove an event is to cancel it before everybody who was
//! invited. What is not moved is copied to its new folder, and what is not removed stays; both are told.

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{ItemTargetSession, desk::Desk, folders};
use crate::{
    error::{Result, Scope},
    ledger::{NumberedItem, Seen, Which},
    limits,
    mailbox::items::{about_folder, folder_id},
    model::{FolderClass, FolderName, FolderPath, TargetUid},
    target::TargetEditor,
};

#[async_trait]
impl TargetEditor for ItemTargetSession {
    async fn move_messages(
        &mut self,
        from: &FolderName,
        uids: Vec<u32>,
        to: &FolderName,
    ) -> Result<Vec<(u32, Option<TargetUid>)>> {
        if !is_mail(&self.desk, from).await? {
            return Ok(Vec::new());
        }
        let mut moved = Vec::with_capacity(uids.len());
        for NumberedItem { number, item, .. } in numbered(&self.desk, from, uids).await? {
            if let Some(place) = move_one(&self.desk, from, item, to).await? {
                moved.push((number, Some(place)));
            }
        }
        Ok(moved)
    }

    async fn rename_folder(&mut self, from: &FolderName, to: &FolderPath) -> Result<FolderName> {
        let id = folder_id(from);
        let there = folders::list(&self.desk).await?;
        let stays = there.iter().any(|place| place.id == id && place.path.parent() == to.parent());
        if !stays {
            return Err(self.cannot(format!("{from:?} cannot be moved to {to}")));
        }
        let renamed = self.desk.store().await?.rename_folder(&id, to.leaf()).await.map_err(about_folder)?;
        self.listed = None;
        Ok(FolderName(renamed.id.into_bytes()))
    }

    /// Mail that is as it was left.
    async fn removable(&mut self, folder: &FolderName, uids: Vec<u32>) -> Result<Vec<u32>> {
        let desk = &self.desk;
        if !is_mail(desk, folder).await? {
            return Ok(Vec::new());
        }
        let mailbox = desk.store().await?.mailbox();
        let asked = numbered(desk, folder, uids).await?.into_iter().map(|item| async move {
            let message = mailbox.message(&item.item).await?;
            Ok(message.filter(|message| message.change_key == item.revision).map(|_| item.number))
        });
        let found: Vec<Option<u32>> =
            stream::iter(asked).buffered(limits::GRAPH_IN_FLIGHT as usize).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn remove(&mut self, folder: &FolderName, uids: Vec<u32>) -> Result<bool> {
        let mailbox = self.desk.store().await?.mailbox();
        for NumberedItem { item, .. } in numbered(&self.desk, folder, uids).await? {
            mailbox.remove(&item).await.map_err(about_folder)?;
            let seen = Seen { gone: vec![item], ..Seen::default() };
            self.desk.numbering.see(&self.desk.identity, folder, seen).await?;
        }
        Ok(true)
    }
}

/// Moves a message; `None` if the service does not, which is no fault of the others.
async fn move_one(desk: &Desk, from: &FolderName, item: String, to: &FolderName) -> Result<Option<TargetUid>> {
    let moved = match desk.store().await?.mailbox().move_to(&item, &folder_id(to)).await {
        Ok(moved) => moved,
        Err(error) if error.disposition() == crate::error::Disposition::InDoubt => {
            return Err(error.scoped(Scope::Mailbox));
        }
        Err(error) if error.scope() <= Scope::Folder => return Ok(None),
        Err(error) => return Err(error),
    };
    let (numbering, identity) = (&desk.numbering, desk.identity.as_str());
    numbering.see(identity, from, Seen { gone: vec![item], ..Seen::default() }).await?;
    let numbers = numbering.place(identity, to, vec![(moved.id, moved.change_key)]).await?;
    let validity = numbering.numbers(identity, to).await?.validity;
    Ok(numbers.first().map(|uid| TargetUid { validity, uid: *uid }))
}

async fn is_mail(desk: &Desk, folder: &FolderName) -> Result<bool> {
    let folder = desk.store().await?.folder(&folder_id(folder)).await.map_err(about_folder)?;
    Ok(folder.class.map(FolderClass).unwrap_or_default().is_mail())
}

async fn numbered(desk: &Desk, folder: &FolderName, uids: Vec<u32>) -> Result<Vec<NumberedItem>> {
    let mut items = Vec::with_capacity(uids.len());
    for page in uids.chunks(limits::LEDGER_PAGE) {
        items.extend(desk.numbering.items(&desk.identity, folder, Which::These(page.to_vec())).await?);
    }
    Ok(items)
}
