//! The folders of items of every class (microsoft365.md §5.2).

use super::{
    ItemFolder, ItemStore, Pages,
    mailbox::json as body_of,
    refusal::Failure,
    request::{Payload, Request},
};
use crate::{
    error::{Code, Disposition, Error, Result, Scope},
    limits,
};

/// What came of creating a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is new.
    New(ItemFolder),
    /// One of this name was there.
    Exists,
}

impl ItemStore {
    /// The top folders, search folders among them.
    pub fn folders(&self) -> Pages<ItemFolder> {
        self.folder_pages(&["folders"])
    }

    /// The folders that lie in `folder`.
    pub fn child_folders(&self, folder: &str) -> Pages<ItemFolder> {
        self.folder_pages(&["folders", folder, "childFolders"])
    }

    fn folder_pages(&self, segments: &[&str]) -> Pages<ItemFolder> {
        let page = limits::GRAPH_FOLDER_PAGE.to_string();
        let query = [("$select", ItemFolder::SELECT), ("$top", page.as_str())];
        let first = Request::get(self.url(segments, &query), "item folders").paged(limits::GRAPH_FOLDER_PAGE);
        Pages::new(self.caller().clone(), first)
    }

    /// The folder with this id.
    ///
    /// # Errors
    /// There is none.
    pub async fn folder(&self, id: &str) -> Result<ItemFolder> {
        let url = self.url(&["folders", id], &[("$select", ItemFolder::SELECT)]);
        self.caller().json(&Request::get(url, "an item folder").reaching(Scope::Folder)).await
    }

    /// Every folder, parents before children, without hidden ones and search folders: the items of these are those of others once more
    /// (microsoft365.md part III 4), and their type does not tell.
    ///
    /// # Errors
    /// A list cannot be read, or there are more than [`limits::FOLDERS_MAX`].
    pub async fn folder_tree(&self) -> Result<Vec<ItemFolder>> {
        let left_out = self.mailbox.left_out().await?;
        let mut tree: Vec<ItemFolder> = Vec::new();
        let mut parents = 0;
        let mut level = Some(self.folders());
        while let Some(mut pages) = level {
            while let Some(page) = pages.next().await? {
                tree.extend(page.into_iter().filter(|folder| !left_out.contains(&folder.id)));
                if tree.len() > limits::FOLDERS_MAX {
                    return Err(self.too_many());
                }
            }
            level = None;
            while let Some(parent) = tree.get(parents).filter(|_| level.is_none()) {
                parents += 1;
                if parent.child_folder_count > 0 {
                    level = Some(self.child_folders(&parent.id));
                }
            }
        }
        Ok(tree)
    }

    fn too_many(&self) -> Error {
        let words = format!("more than {} folders", limits::FOLDERS_MAX);
        let side = self.caller().service.side();
        Error::new(Code::FolderList, side, Scope::Mailbox, Disposition::GiveUp, words)
    }

    /// A new folder for items of `class` in `parent`, or at the top.
    ///
    /// # Errors
    /// In doubt where the answer was lost: list the folders then.
    pub async fn create_folder(&self, parent: Option<&str>, name: &str, class: &str) -> Result<Created> {
        let url = match parent {
            Some(parent) => self.url(&["folders", parent, "childFolders"], &[]),
            None => self.url(&["folders"], &[]),
        };
        let body = body_of(&serde_json::json!({ "displayName": name, "type": class }))?;
        let request = Request::post(url, Payload::Json(body), "a new folder").reaching(Scope::Folder);
        match self.caller().try_json(&request).await {
            Err(failure) if failure.says(&["ErrorFolderExists"]) => Ok(Created::Exists),
            outcome => outcome.map(Created::New).map_err(Failure::into_error),
        }
    }
}
