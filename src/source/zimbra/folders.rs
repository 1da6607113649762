//! Zimbra's folders in the engine's words: roles by id, for names are the user's language (zimbra.md §3).

use crate::{
    error::{Code, Result},
    model::{FolderClass, FolderName, FolderPath, Reason, Role},
    source::SourceFolder,
    zimbra::{Folder, FolderKind, Mailbox},
};

/// Every folder that the user sees.
pub(super) async fn read(mailbox: &Mailbox) -> Result<Vec<SourceFolder>> {
    Ok(mailbox.folders().await?.into_iter().map(told).collect())
}

fn told(folder: Folder) -> SourceFolder {
    let role = role(folder.id);
    let mut path = folder.path.clone();
    if role == Some(Role::Inbox) {
        path = vec!["INBOX".to_owned()];
    } else if path.first().is_some_and(|top| top == "Inbox") {
        // Folders in the inbox lie in what the engine calls so.
        path.splice(..1, ["INBOX".to_owned()]);
    }
    SourceFolder {
        name: name(folder.id),
        path: FolderPath(path),
        role,
        class: FolderClass::default(),
        subscribed: folder.subscribed,
        skipped: skipped(&folder).map(|words| Reason { code: Code::FolderSkipped, words }),
        messages: None,
    }
}

fn role(id: u32) -> Option<Role> {
    Some(match id {
        2 => Role::Inbox,
        3 => Role::Trash,
        4 => Role::Junk,
        5 => Role::Sent,
        6 => Role::Drafts,
        _ => return None,
    })
}

/// Why a folder is not read. One without a view may hold mail.
fn skipped(folder: &Folder) -> Option<String> {
    match (&folder.kind, folder.view.as_deref()) {
        (FolderKind::Search, _) => Some("a search: what it shows lies in other folders".to_owned()),
        (FolderKind::Mounted(Some(owner)), _) => Some(format!("a folder of {owner}, only mounted here")),
        (FolderKind::Mounted(None), _) => Some("a folder of another mailbox, only mounted here".to_owned()),
        (FolderKind::Own, None | Some("message" | "conversation")) => None,
        (FolderKind::Own, Some(view)) => Some(format!("a folder for other things than mail ({view})")),
    }
}

/// The folder's name on the wire.
pub(super) fn name(id: u32) -> FolderName {
    FolderName(id.to_string().into_bytes())
}

/// The folder's id; `None` for a name that this adapter never told.
pub(super) fn id(name: &FolderName) -> Option<u32> {
    std::str::from_utf8(name.as_bytes()).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(id: u32, path: &[&str], kind: FolderKind, view: Option<&str>) -> Folder {
        let path = path.iter().map(|&name| name.to_owned()).collect();
        Folder { id, path, kind, view: view.map(str::to_owned), subscribed: true, items: 0 }
    }

    #[test]
    fn roles_have_no_language_and_only_own_mail_is_read() {
        let own = |id, path: &[&str], view| told(folder(id, path, FolderKind::Own, view));
        let inbox = own(2, &["Inbox"], Some("message"));
        assert_eq!((inbox.path.to_string().as_str(), inbox.role), ("INBOX", Some(Role::Inbox)));
        assert_eq!(own(300, &["Inbox", "2019/20"], None).path.0, ["INBOX", "2019/20"]);
        assert_eq!(own(3, &["Trash"], None).skipped, None);
        let contacts = own(7, &["Contacts"], Some("contact")).skipped.unwrap();
        assert!(contacts.code == Code::FolderSkipped && contacts.words.contains("contact"));
        let mounted = told(folder(301, &["x"], FolderKind::Mounted(Some("ann@b.example".to_owned())), None));
        assert!(mounted.skipped.unwrap().words.contains("ann@b.example"));
        assert!(told(folder(302, &["x"], FolderKind::Search, None)).skipped.is_some());
        assert_eq!(id(&name(300)), Some(300));
        assert_eq!(id(&FolderName::inbox()), None);
    }
}
