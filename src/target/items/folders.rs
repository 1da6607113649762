//! The folders of the target: listed, and created with the class of their items.

use std::collections::HashMap;

use super::desk::Desk;
use crate::{
    error::{Code, Disposition, Error, Result, Scope},
    graph::{Created, ItemFolder},
    mailbox::items::{Place, tree},
    model::{FolderClass, FolderName, FolderPath},
    target::{NewFolder, TargetFolder},
};

/// Every folder, parents before children.
pub(super) async fn list(desk: &Desk) -> Result<Vec<Place>> {
    tree(desk.store().await?).await
}

/// A folder as the engine sees it.
pub(super) fn target_folder(place: Place) -> TargetFolder {
    TargetFolder {
        name: FolderName(place.id.into_bytes()),
        path: place.path,
        role: place.role,
        class: place.class,
        selectable: place.left_alone.is_none(),
        subscribed: true,
    }
}

/// Makes sure that the folders exist; see [`crate::target::TargetSession::ensure_folders`].
pub(super) async fn ensure(
    desk: &Desk,
    listed: Option<Vec<Place>>,
    wanted: &[NewFolder],
) -> Result<Vec<Result<FolderName>>> {
    let mut known = match listed {
        Some(listed) => Known::of(listed),
        None => Known::of(list(desk).await?),
    };
    let mut names = Vec::with_capacity(wanted.len());
    for folder in wanted {
        names.push(match known.ensure(desk, folder).await {
            Ok(id) => Ok(FolderName(id.into_bytes())),
            Err(error) if error.scope() <= Scope::Folder => Err(error.about(folder.path.to_string())),
            Err(error) => return Err(error),
        });
    }
    Ok(names)
}

/// Ids by path; names have no case here.
struct Known(HashMap<Vec<String>, String>);

impl Known {
    fn of(listed: Vec<Place>) -> Self {
        Known(listed.into_iter().map(|place| (key(&place.path.0), place.id)).collect())
    }

    /// The folder's id; it and what is missing above it is created.
    async fn ensure(&mut self, desk: &Desk, folder: &NewFolder) -> Result<String> {
        let mut parent: Option<String> = None;
        for depth in 1..=folder.path.0.len() {
            let path = &folder.path.0[..depth];
            let id = match self.0.get(&key(path)) {
                Some(id) => id.clone(),
                None => self.create(desk, parent.as_deref(), path, &folder.class).await?,
            };
            parent = Some(id);
        }
        let nameless =
            || Error::new(Code::FolderName, desk.side(), Scope::Folder, Disposition::GiveUp, "a folder without a name");
        parent.ok_or_else(nameless)
    }

    async fn create(
        &mut self,
        desk: &Desk,
        parent: Option<&str>,
        path: &[String],
        class: &FolderClass,
    ) -> Result<String> {
        let name = path.last().map(String::as_str).unwrap_or_default();
        match desk.store().await?.create_folder(parent, name, &class.0).await {
            Ok(Created::New(ItemFolder { id, .. })) => {
                self.0.insert(key(path), id.clone());
                return Ok(id);
            }
            Ok(Created::Exists) => {}
            // It may have been created nevertheless, and a second one is refused: the list tells.
            Err(error) if error.disposition() == Disposition::InDoubt => {}
            Err(error) => return Err(error),
        }
        *self = Known::of(list(desk).await?);
        let there = self.0.get(&key(path)).cloned();
        let hidden = || {
            let words = format!("{} is neither listed nor created", FolderPath(path.to_vec()));
            Error::new(Code::FolderName, desk.side(), Scope::Folder, Disposition::RetryAfter(None), words)
        };
        there.ok_or_else(hidden)
    }
}

fn key(path: &[String]) -> Vec<String> {
    path.iter().map(|segment| segment.to_lowercase()).collect()
}
