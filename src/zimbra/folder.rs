//! The tree of folders (zimbra.md §3).

use serde_json::{Value, json};

use super::{
    Mailbox,
    refusal::Failure,
    soap::{self, MAIL, Request},
};
use crate::{error::Result, limits};

/// One folder of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its id: below 256 one of the server's own, which are known by it in every language.
    pub id: u32,
    /// Names from the top, its own last.
    pub path: Vec<String>,
    /// What it is.
    pub kind: FolderKind,
    /// What it is made for (`message`, `contact`, …); without it anything may lie there.
    pub view: Option<String>,
    /// Whether the user is subscribed to it.
    pub subscribed: bool,
    /// Items of every kind in it.
    pub items: u64,
}

/// What a folder of the tree is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FolderKind {
    /// A folder of this mailbox.
    Own,
    /// A search: what it shows lies elsewhere.
    Search,
    /// A folder of another mailbox, mounted here; its owner's address where that exists.
    Mounted(Option<String>),
}

/// The top of what a user sees.
const USER_ROOT: u32 = 1;

impl Mailbox {
    /// Every folder that the user sees, those above before those below.
    ///
    /// # Errors
    /// The sign-in or the request is refused.
    pub async fn folders(&self) -> Result<Vec<Folder>> {
        // `view` would hide folders without one, and `tr` asks the servers of mounted folders (§3, §11.3).
        let request = Request::new("GetFolderRequest", MAIL, json!({ "depth": -1, "tr": "0" }));
        let response = self.call(&request).await.map_err(Failure::into_error)?;
        Ok(read_all(&response))
    }
}

/// Every folder of a response.
pub(super) fn read_all(response: &Value) -> Vec<Folder> {
    let mut folders = Vec::new();
    for root in soap::children(response, "folder") {
        walk(root, &[], &mut folders);
    }
    folders
}

/// Adds what lies in `parent`, whose own path is `above`.
fn walk(parent: &Value, above: &[String], folders: &mut Vec<Folder>) {
    for (name, kind) in
        [("folder", FolderKind::Own), ("search", FolderKind::Search), ("link", FolderKind::Mounted(None))]
    {
        for told in soap::children(parent, name) {
            let Some(folder) = read(told, above, kind.clone()) else { continue };
            if folders.len() >= limits::FOLDERS_MAX {
                return;
            }
            let (path, own) = (folder.path.clone(), folder.kind == FolderKind::Own);
            folders.push(folder);
            if own {
                walk(told, &path, folders);
            }
        }
    }
}

fn read(told: &Value, above: &[String], kind: FolderKind) -> Option<Folder> {
    let id = told.get("id").and_then(soap::id).filter(|id| *id != USER_ROOT)?;
    let name = told.get("name").and_then(soap::text)?;
    let kind = match kind {
        FolderKind::Mounted(_) => FolderKind::Mounted(told.get("owner").and_then(soap::text)),
        kind => kind,
    };
    Some(Folder {
        id,
        path: above.iter().cloned().chain([name]).collect(),
        kind,
        view: told.get("view").and_then(soap::text),
        subscribed: told.get("f").and_then(soap::text).is_some_and(|flags| flags.contains('*')),
        items: told.get("n").and_then(soap::number).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounted_folders_are_seen_and_not_entered() {
        let root = json!({ "id": "1", "name": "USER_ROOT", "folder": [
            { "id": "2", "name": "Inbox", "f": "u*", "n": 14, "view": "message", "folder": [{ "id": "260", "name": "a/b" }] },
            { "id": "10", "name": "Calendar", "view": "appointment" },
        ], "search": [{ "id": "300", "name": "mine", "query": "x" }],
           "link": [{ "id": "301", "name": "Ann's", "owner": "ann@b.example", "folder": [{ "id": "9f:12", "name": "in it" }] }] });
        let mut folders = Vec::new();
        walk(&root, &[], &mut folders);
        let seen: Vec<_> = folders.iter().map(|folder| (folder.id, folder.path.join("|"), folder.subscribed)).collect();
        let wanted = [
            (2, "Inbox", true),
            (260, "Inbox|a/b", false),
            (10, "Calendar", false),
            (300, "mine", false),
            (301, "Ann's", false),
        ];
        assert_eq!(seen, wanted.map(|(id, path, subscribed)| (id, path.to_owned(), subscribed)));
        assert_eq!(folders[4].kind, FolderKind::Mounted(Some("ann@b.example".to_owned())));
    }
}
