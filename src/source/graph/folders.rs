//! The folders of a mailbox: what they are for in every language, where they lie, and which are not read.

use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::EPOCH;
use crate::{
    error::{Code, Result, Scope},
    graph::{MailFolder, Mailbox},
    limits,
    mailbox::meanings::{Meaning, meanings},
    model::{FolderClass, FolderName, FolderPath, Reason, Role},
    source::SourceFolder,
};

/// Every folder, with its role and, if it is not read, the reason.
pub(super) async fn read(mailbox: &Mailbox) -> Result<Vec<SourceFolder>> {
    let meanings = meanings(mailbox).await?;
    Ok(source_folders(mailbox.every_folder().await?, &meanings))
}

fn source_folders(tree: Vec<MailFolder>, meanings: &HashMap<String, Meaning>) -> Vec<SourceFolder> {
    // Parents come first, so what a folder lies in is known before it.
    let mut known: HashMap<String, (FolderPath, Option<Reason>)> = HashMap::with_capacity(tree.len());
    let mut folders = Vec::with_capacity(tree.len());
    for folder in tree {
        let parent = folder.parent_folder_id.as_ref().and_then(|id| known.get(id));
        let meaning = meanings.get(&folder.id);
        let role = match meaning {
            Some(Meaning::Role(role)) => Some(*role),
            _ => None,
        };
        let path = path(&folder, role, parent.map(|(path, _)| path));
        let skipped = not_read(&folder, meaning).or_else(|| parent.and_then(|(_, skipped)| skipped.clone()));
        known.insert(folder.id.clone(), (path.clone(), skipped.clone()));
        folders.push(SourceFolder {
            name: FolderName(folder.id.into_bytes()),
            path,
            role,
            class: FolderClass::default(),
            subscribed: true,
            skipped,
            messages: Some(folder.total_item_count),
        });
    }
    folders
}

/// The inbox is called so in every language, as IMAP calls it; a `/` in a name is no level.
fn path(folder: &MailFolder, role: Option<Role>, parent: Option<&FolderPath>) -> FolderPath {
    match (role, parent) {
        (Some(Role::Inbox), _) => FolderPath::inbox(),
        (_, None) => FolderPath::new([folder.display_name.as_str()]),
        (_, Some(parent)) => FolderPath::new(parent.0.iter().map(String::as_str).chain([folder.display_name.as_str()])),
    }
}

fn not_read(folder: &MailFolder, meaning: Option<&Meaning>) -> Option<Reason> {
    let words = match meaning {
        Some(Meaning::NotRead(words)) => words,
        _ if folder.is_search() => "it shows messages that lie in other folders",
        _ if folder.is_hidden => "Outlook hides it",
        _ => return None,
    };
    Some(Reason { code: Code::FolderSkipped, words: words.to_owned() })
}

/// The one epoch of each of these folders; `None` for one that is not there.
pub(super) async fn epochs(mailbox: &Mailbox, folders: &[FolderName]) -> Result<Vec<Option<u64>>> {
    let ids: Vec<String> = folders.iter().map(id).collect();
    let asked = ids.into_iter().map(|id| async move {
        match mailbox.folder(&id).await {
            Ok(_) => Ok(Some(EPOCH)),
            Err(error) if error.scope() <= Scope::Folder => Ok(None),
            Err(error) => Err(error),
        }
    });
    stream::iter(asked).buffered(limits::GRAPH_IN_FLIGHT as usize).try_collect().await
}

/// The folder's id.
pub(super) fn id(folder: &FolderName) -> String {
    String::from_utf8_lossy(folder.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{graph::WellKnown, mailbox::meanings::MEANINGS};

    fn folder(id: &str, name: &str, parent: &str, more: serde_json::Value) -> MailFolder {
        let mut json = serde_json::json!({ "id": id, "displayName": name, "parentFolderId": parent });
        if let (Some(json), Some(more)) = (json.as_object_mut(), more.as_object()) {
            json.extend(more.clone());
        }
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn roles_have_no_language_and_names_no_levels() {
        let none = || serde_json::json!({});
        let tree = vec![
            folder("1", "Posteingang", "root", none()),
            folder("2", "Outlook", "root", serde_json::json!({ "@odata.type": "#microsoft.graph.mailSearchFolder" })),
            folder("3", "Secret", "root", serde_json::json!({ "isHidden": true })),
            folder("4", "Synchronisierungsprobleme", "root", none()),
            folder("5", "2019/2020", "1", none()),
            folder("6", "Konflikte", "4", none()),
        ];
        let sync = MEANINGS.iter().find(|(name, _)| *name == WellKnown::SyncIssues).unwrap().1;
        let meanings = HashMap::from([("1".to_owned(), Meaning::Role(Role::Inbox)), ("4".to_owned(), sync)]);
        let folders = source_folders(tree, &meanings);
        let read: Vec<_> = folders.iter().filter(|f| f.skipped.is_none()).map(|f| (f.path.0.clone(), f.role)).collect();
        assert_eq!(
            read,
            [(vec!["INBOX".to_owned()], Some(Role::Inbox)), (vec!["INBOX".to_owned(), "2019/2020".to_owned()], None)]
        );
        let reasons: Vec<_> = folders.iter().filter_map(|f| f.skipped.as_ref()).map(|r| r.words.as_str()).collect();
        assert_eq!(reasons.len(), 4);
        assert!(reasons[0].contains("other folders") && reasons[1].contains("hides"), "{reasons:?}");
        assert_eq!(reasons[2], reasons[3], "what lies in it is not read either");
    }
}
