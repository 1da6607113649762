//! The folders of a mailbox, by the best form of LIST that the server really has.

use super::{Connection, StatusReply};
use crate::{
    error::Result,
    model::{FolderName, FolderPath, Role},
};

/// A folder as it is listed.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Its name on the wire.
    pub name: FolderName,
    /// Its path: decoded, without the personal namespace's prefix.
    pub path: FolderPath,
    /// The hierarchy delimiter.
    pub delimiter: Option<char>,
    /// Attributes as told, with their backslash.
    pub attributes: Vec<String>,
    /// What it is for, by its attributes or as INBOX.
    pub role: Option<Role>,
    /// Whether it can be opened (neither `\Noselect` nor `\NonExistent`).
    pub selectable: bool,
    /// Whether the user is subscribed to it.
    pub subscribed: bool,
    /// It lies in another user's or a shared namespace.
    pub foreign: bool,
    /// Its counters, where LIST-STATUS told them.
    pub status: Option<StatusReply>,
}

/// All folders of the mailbox.
///
/// # Errors
/// The connection is lost, or the server refuses every form of LIST ([`crate::error::Code::FolderList`]).
pub async fn folders(connection: &mut Connection) -> Result<Vec<Folder>> {
    let _ = connection;
    todo!()
}
