//! Which placement of a message is copied, where the source shows one in several folders and says so (Gmail's labels).
//!
//! Every label's placement, unless one copy is enough; and what only the folder of all messages shows, which is mail without a label. Both
//! are decided by the messages' own ids (X-GM-MSGID) once all folders were listed. Rejected: the labels that the server tells beside each
//! message (X-GM-LABELS), for a label may be hidden from IMAP, and its mail would be in no folder that is read.

use crate::{
    error::Result,
    ledger::{FolderId, FolderRow, Ranking},
    model::Role,
    transfer::{options::Labels, run::Run},
};

/// Chooses among the placements in `folders`, which are all that are read.
///
/// `labels`: the source has such; elsewhere a message in two folders was moved between them.
pub(super) async fn apply<'a>(
    run: &Run,
    labels: bool,
    folders: impl Iterator<Item = &'a FolderRow> + Clone,
) -> Result<()> {
    let all = folders.clone().find(|folder| folder.role == Some(Role::All)).map(|folder| folder.id);
    let one_copy = labels && run.options.labels == Labels::Categories;
    // What is in a folder that could not be listed is not known to be there.
    let waits = all.filter(|_| run.unread() > 0);
    run.ledger.rank(run.lease, Ranking { folders: ranks(folders, one_copy), one_copy, waits }).await
}

/// The ranks: the folder of all messages comes last. Of one copy the inbox comes first, for there its user looks for it, then what
/// says what the message is, then the labels by name.
fn ranks<'a>(folders: impl Iterator<Item = &'a FolderRow>, one_copy: bool) -> Vec<(FolderId, u32)> {
    let mut folders: Vec<&FolderRow> = folders.collect();
    let class = |role: Option<Role>| match role {
        Some(Role::All) => 3,
        _ if !one_copy => 0,
        Some(Role::Inbox) => 0,
        Some(_) => 1,
        None => 2,
    };
    folders.sort_by_key(|folder| (class(role(folder)), folder.path.clone()));
    let numbered = folders.into_iter().zip(0..);
    numbered.map(|(folder, at)| (folder.id, if one_copy { at } else { class(role(folder)) })).collect()
}

fn role(folder: &FolderRow) -> Option<Role> {
    if folder.path.is_inbox() { Some(Role::Inbox) } else { folder.role }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FolderClass, FolderName, FolderPath};

    fn folder(id: FolderId, path: &str, role: Option<Role>) -> FolderRow {
        FolderRow {
            id,
            name: FolderName(path.into()),
            path: FolderPath::new(path.split('/')),
            role,
            class: FolderClass::default(),
            subscribed: true,
            skipped: None,
            present: true,
            cursor: None,
            epoch: None,
            count: None,
            target: None,
        }
    }

    #[test]
    fn one_copy_goes_to_the_inbox_else_to_the_first_label() {
        let folders = [
            folder(1, "Work", None),
            folder(2, "[Gmail]/All Mail", Some(Role::All)),
            folder(3, "Family", None),
            folder(4, "INBOX", None),
            folder(5, "[Gmail]/Sent Mail", Some(Role::Sent)),
        ];
        assert_eq!(ranks(folders.iter(), true), [(4, 0), (5, 1), (3, 2), (1, 3), (2, 4)]);
        let mut ranks = ranks(folders.iter(), false);
        ranks.sort_unstable();
        assert_eq!(ranks, [(1, 0), (2, 3), (3, 0), (4, 0), (5, 0)]);
    }
}
