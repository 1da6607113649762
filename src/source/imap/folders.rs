//! Which folders of a source are read, and why the others are not.

use std::collections::HashSet;

use crate::{
    error::Code,
    imap::list::Folder,
    mailbox::{Profile, groupware, role_by_name},
    model::{FolderClass, FolderPath, Reason, Role},
    source::SourceFolder,
};

/// The folders as the engine sees them: each with its role and, if it is not read, the reason.
///
/// `labels`: the server tells which message is which (X-GM-EXT-1), so that the folder of all messages can be read: what lies elsewhere too
/// is known by its id, and what has no label lies nowhere else (quirk 44).
pub(super) fn source_folders(listed: Vec<Folder>, profile: &Profile, labels: bool) -> Vec<SourceFolder> {
    let announced: HashSet<Role> = listed.iter().filter_map(|folder| folder.role).collect();
    let not_mail = not_mail(&listed, profile);
    listed
        .into_iter()
        .map(|folder| {
            // A name speaks only where no folder has the role by attribute (quirk 106).
            let by_name = role_by_name(&folder.path).filter(|role| !announced.contains(role));
            let role = folder.role.or(by_name);
            SourceFolder {
                skipped: skipped(&folder, role.filter(|role| !labels || *role != Role::All), &not_mail),
                messages: folder.status.as_ref().and_then(|status| status.messages),
                name: folder.name,
                path: folder.path,
                role,
                class: FolderClass::default(),
                subscribed: folder.subscribed,
            }
        })
        .collect()
}

/// The paths below which no mail lies, in lower case (quirks 19, 38, 45).
fn not_mail(listed: &[Folder], profile: &Profile) -> Vec<String> {
    let mut paths: Vec<String> = profile.not_mail.iter().map(|name| name.to_lowercase()).collect();
    if profile.groupware {
        let top = listed.iter().filter(|folder| folder.path.0.len() == 1 && folder.role.is_none());
        paths.extend(groupware(top.map(|folder| folder.path.leaf())).into_iter().map(str::to_lowercase));
    }
    paths
}

fn skipped(folder: &Folder, role: Option<Role>, not_mail: &[String]) -> Option<Reason> {
    let words = if folder.foreign {
        "it belongs to another user or is shared"
    } else if !folder.selectable {
        "it only holds other folders"
    } else if role.is_some_and(Role::is_virtual) {
        "it shows messages that lie in other folders"
    } else if not_mail.iter().any(|path| lies_below(&folder.path, path)) {
        "it holds no mail"
    } else {
        return None;
    };
    Some(Reason { code: Code::FolderSkipped, words: words.to_owned() })
}

fn lies_below(path: &FolderPath, top: &str) -> bool {
    let path = path.to_string().to_lowercase();
    path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        mailbox::named,
        model::{FolderName, FolderPath},
    };

    fn folder(path: &str) -> Folder {
        Folder {
            name: FolderName(path.into()),
            path: FolderPath::new(path.split('/')),
            delimiter: Some('/'),
            attributes: Vec::new(),
            role: None,
            selectable: true,
            subscribed: false,
            foreign: false,
            status: None,
        }
    }

    fn with_role(path: &str, role: Role) -> Folder {
        Folder { role: Some(role), ..folder(path) }
    }

    fn read(listed: Vec<Folder>, profile: &str) -> Vec<String> {
        let folders = source_folders(listed, named(profile).unwrap(), false);
        folders.into_iter().filter(|f| f.skipped.is_none()).map(|f| f.path.to_string()).collect()
    }

    #[test]
    fn folders_without_mail_of_the_users_own_are_skipped() {
        let foreign = Folder { foreign: true, ..folder("shared/x") };
        let parent = Folder { selectable: false, ..folder("[Gmail]") };
        let listed = vec![folder("INBOX"), foreign, parent, with_role("All", Role::All), folder("[Gmail]/Chats")];
        assert_eq!(read(listed, "Gmail"), ["INBOX"]);
    }

    #[test]
    fn all_mail_is_read_where_messages_are_told_apart() {
        let listed = || vec![with_role("All", Role::All), with_role("Starred", Role::Flagged)];
        let read = |labels| {
            let folders = source_folders(listed(), named("Gmail").unwrap(), labels);
            folders.iter().filter(|folder| folder.skipped.is_none()).count()
        };
        assert_eq!((read(true), read(false)), (1, 0));
    }

    #[test]
    fn groupware_of_exchange_is_skipped_with_what_lies_below() {
        let listed = ["INBOX", "Calendar", "Calendar/Birthdays", "Contacts", "Files", "Filesystem", "Notes"];
        let listed = || listed.iter().map(|path| folder(path)).collect();
        assert_eq!(read(listed(), "Exchange Online"), ["INBOX", "Filesystem"]);
        assert_eq!(read(listed(), "Dovecot").len(), 7);
    }

    #[test]
    fn a_name_gives_a_role_only_where_no_attribute_does() {
        let listed = vec![folder("Sent"), with_role("Gesendet", Role::Sent), folder("Trash")];
        let roles: Vec<_> = source_folders(listed, named("IMAP").unwrap(), false).into_iter().map(|f| f.role).collect();
        assert_eq!(roles, [None, Some(Role::Sent), Some(Role::Trash)]);
    }
}
