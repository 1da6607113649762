//! What the service can change of items that lie there: nothing of every class alike.

use async_trait::async_trait;

use super::ItemTargetSession;
use crate::{
    error::Result,
    model::{FolderName, FolderPath, TargetUid},
    target::TargetEditor,
};

#[async_trait]
impl TargetEditor for ItemTargetSession {
    async fn move_messages(
        &mut self,
        _: &FolderName,
        _: Vec<u32>,
        _: &FolderName,
    ) -> Result<Vec<(u32, Option<TargetUid>)>> {
        Ok(Vec::new())
    }

    async fn rename_folder(&mut self, from: &FolderName, to: &FolderPath) -> Result<FolderName> {
        Err(self.cannot(format!("{from:?} cannot be renamed to {to}")))
    }

    async fn remove(&mut self, folder: &FolderName, _: Vec<u32>) -> Result<bool> {
        Err(self.cannot(format!("items of {folder:?} cannot be removed")))
    }
}
