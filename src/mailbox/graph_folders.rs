//! The folders of a mailbox that Graph serves beside IMAP, by the paths that IMAP tells.

use std::collections::HashMap;

use tokio::sync::Mutex;

use crate::{
    error::Result,
    graph::{MailFolder, Mailbox, WellKnown},
    model::FolderPath,
};

/// The folders of one mailbox as they were listed last.
#[derive(Debug, Default)]
pub struct GraphFolders(Mutex<HashMap<FolderPath, MailFolder>>);

impl GraphFolders {
    /// The folder of a path in `mailbox`; all are listed anew where it is not known.
    ///
    /// # Errors
    /// The mailbox cannot be asked.
    pub async fn find(&self, mailbox: &Mailbox, path: &FolderPath) -> Result<Option<MailFolder>> {
        let mut known = self.0.lock().await;
        let path = folded(path);
        if !known.contains_key(&path) {
            let inbox = mailbox.well_known(WellKnown::Inbox).await?.map(|inbox| inbox.id);
            *known = by_path(mailbox.folder_tree().await?, inbox.as_deref());
        }
        Ok(known.get(&path).cloned())
    }
}

/// IMAP calls the inbox INBOX in every language, and names have no case at Exchange (quirk 20).
fn by_path(tree: Vec<MailFolder>, inbox: Option<&str>) -> HashMap<FolderPath, MailFolder> {
    let mut paths: HashMap<String, FolderPath> = HashMap::new();
    let mut folders = HashMap::new();
    for folder in tree {
        let above = folder.parent_folder_id.as_ref().and_then(|parent| paths.get(parent)).cloned().unwrap_or_default();
        let name = if inbox == Some(folder.id.as_str()) { "INBOX".to_owned() } else { folder.display_name.clone() };
        let path = FolderPath(above.0.into_iter().chain([name]).collect());
        paths.insert(folder.id.clone(), path.clone());
        folders.insert(folded(&path), folder);
    }
    folders
}

fn folded(path: &FolderPath) -> FolderPath {
    FolderPath::new(path.0.iter().map(|segment| segment.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inbox_has_one_name_in_every_language() {
        let folder = |id: &str, parent: &str, name: &str| -> MailFolder {
            serde_json::from_str(&format!(
                "{{\"id\": {id:?}, \"parentFolderId\": {parent:?}, \"displayName\": {name:?}}}"
            ))
            .unwrap()
        };
        let tree = vec![folder("1", "root", "Posteingang"), folder("2", "1", "Alt"), folder("3", "root", "Archiv")];
        let folders = by_path(tree, Some("1"));
        let id = |path: &[&str]| folders.get(&folded(&FolderPath::new(path.iter().copied()))).map(|f| f.id.as_str());
        assert_eq!((id(&["INBOX"]), id(&["inbox", "alt"]), id(&["Archiv"])), (Some("1"), Some("2"), Some("3")));
        assert_eq!(id(&["Posteingang"]), None);
    }
}
