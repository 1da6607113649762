//! An Exchange mailbox as a store of items of every class, as the source and the target of a copy see it (microsoft365.md §5).
//!
//! `tree` tells its folders, `evidence` what an item is recognised by. Both only read.

mod evidence;
mod patience;
mod tree;

pub(crate) use evidence::{Evidence, evidence, mail_evidence};
pub(crate) use patience::{Patience, next, turn};
pub(crate) use tree::{Place, tree};

use crate::{
    error::{Code, Disposition, Error, Scope},
    model::FolderName,
};

/// The id of a folder: its name on the wire.
pub(crate) fn folder_id(folder: &FolderName) -> String {
    String::from_utf8_lossy(folder.as_bytes()).into_owned()
}

/// Says which permissions an application lacks that is refused a mailbox's items.
pub(crate) fn needs(error: Error, rights: &str) -> Error {
    if error.code() != Code::AuthAccess || error.disposition() != Disposition::NeedsPerson {
        return error;
    }
    let subject =
        format!("{}: the application needs the permissions {rights} for this mailbox, with consent", error.subject());
    error.about(subject)
}

/// What went wrong with a request about a folder: the service says of a folder that is gone what it says of an item.
pub(crate) fn about_folder(error: Error) -> Error {
    if error.scope() > Scope::Folder {
        return error;
    }
    if error.code() != Code::ItemVanished {
        return error.scoped(Scope::Folder);
    }
    let reply = error.reply().unwrap_or_default().to_owned();
    Error::new(Code::FolderSelect, error.side(), Scope::Folder, error.disposition(), error.subject()).with_reply(reply)
}
