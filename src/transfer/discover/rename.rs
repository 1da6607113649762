//! A folder renamed at the source is renamed at the target, if it stands there alone and unchanged.
//!
//! The target is renamed before the ledger: cut off in between, the next pass finds the old name gone and the new one there, and only
//! records it. Where the target's own user moved things about, the folder keeps its place and new mail goes on arriving there.

use crate::{
    error::{Result, Scope},
    ledger::{FolderListing, FolderRow, PinnedTarget},
    model::{FolderName, FolderPath},
    target::{TargetFolder, TargetSession},
    transfer::{map::Mapper, run::Run},
};

/// Follows the rename of `old` to `new` at the target.
pub(super) async fn follow(
    run: &Run,
    target: &mut dyn TargetSession,
    there: &mut Vec<TargetFolder>,
    known: &[FolderRow],
    old: &FolderRow,
    new: &FolderListing,
) -> Result<()> {
    let Some(PinnedTarget { path, name: Some(name) }) = &old.target else { return Ok(()) };
    let shared = known.iter().filter(|f| f.target.as_ref().is_some_and(|pin| pin.path == *path)).count() > 1;
    if shared || path.is_inbox() {
        return Ok(());
    }
    let wanted = place(run, target, there, known, old, new);
    if wanted == *path {
        return Ok(());
    }
    let stands = there.iter().any(|f| f.name == *name);
    let name_now = match there.iter().find(|f| f.path == wanted) {
        Some(found) if !stands => found.name.clone(),
        None if stands => match renamed(target, name, &wanted).await? {
            Some(name) => {
                *there = target.folders().await?;
                name
            }
            None => return Ok(()),
        },
        _ => return Ok(()),
    };
    let pin = PinnedTarget { path: wanted, name: Some(name_now) };
    run.ledger.rename_target_folder(run.lease, name, pin).await
}

fn place(
    run: &Run,
    target: &dyn TargetSession,
    listed: &[TargetFolder],
    known: &[FolderRow],
    old: &FolderRow,
    new: &FolderListing,
) -> FolderPath {
    let mut mapper = Mapper::new(listed, target.capabilities(), &run.options.map);
    for folder in known.iter().filter(|f| f.id != old.id) {
        if let Some(pin) = &folder.target {
            mapper.pinned(&folder.path, &pin.path);
        }
    }
    mapper.place(&new.path, new.role, &new.class)
}

/// The folder's new name on the wire; `None` if the target refuses.
async fn renamed(target: &mut dyn TargetSession, from: &FolderName, to: &FolderPath) -> Result<Option<FolderName>> {
    match target.editor().rename_folder(from, to).await {
        Ok(name) => Ok(Some(name)),
        Err(error) if error.scope() <= Scope::Folder => {
            tracing::info!(%error, "The target does not rename the folder; it keeps its place.");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
