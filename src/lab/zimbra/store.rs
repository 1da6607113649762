//! A mailbox: folders and messages by number, one counter of changes, and the memory of what was removed.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

/// A folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its id.
    pub id: u32,
    /// The folder it is in.
    pub parent: u32,
    /// Its name.
    pub name: String,
    /// What it is made for; none for the root and Trash.
    pub view: Option<&'static str>,
    /// What it is.
    pub kind: FolderKind,
    /// The change that last touched it.
    pub changed: u64,
}

/// What a folder is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FolderKind {
    /// One that holds items.
    Own,
    /// A search.
    Search,
    /// Another mailbox's folder, mounted; its owner's address.
    Mounted(String),
}

/// What became of a message's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blob {
    /// They are there.
    Sound,
    /// They are lost: archives leave the message out, a single request fails.
    Missing,
    /// They are there, and the database has another length for them: archives pad or cut them and say so.
    Misjudged(u64),
}

/// A message.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its id.
    pub id: u32,
    /// The folder it is in.
    pub folder: u32,
    /// Its bytes.
    pub content: Bytes,
    /// What became of them.
    pub blob: Blob,
    /// When it was received (Unix seconds).
    pub received: i64,
    /// A letter each.
    pub flags: BTreeSet<char>,
    /// Names of its tags.
    pub tags: BTreeSet<String>,
    /// Whether its digest is of the old kind.
    pub old: bool,
    /// The change that last replaced its content.
    pub revision: u64,
    /// The change that last touched it.
    pub changed: u64,
}

impl Item {
    /// Its length by the database.
    pub fn size(&self) -> u64 {
        match self.blob {
            Blob::Misjudged(size) => size,
            Blob::Sound | Blob::Missing => self.content.len() as u64,
        }
    }
}

/// A message that is about to arrive.
#[derive(Clone, Debug, Default)]
pub struct NewItem {
    /// Its bytes.
    pub content: Bytes,
    /// When it was received (Unix seconds).
    pub received: i64,
    /// A letter each; `u` is unread.
    pub flags: String,
    /// Names of its tags.
    pub tags: Vec<String>,
}

/// A mailbox.
#[derive(Clone, Debug)]
pub struct Mailbox {
    folders: BTreeMap<u32, Folder>,
    items: BTreeMap<u32, Item>,
    /// Removed messages and the changes that removed them.
    removed: Vec<(u64, u32)>,
    /// Older tokens are refused: what was removed before is forgotten.
    cutoff: u64,
    change: u64,
    next: u32,
}

/// The server's own folders: id, parent, name, view.
const OWN: [(u32, u32, &str, Option<&str>); 12] = [
    (1, 11, "USER_ROOT", None),
    (2, 1, "Inbox", Some("message")),
    (3, 1, "Trash", None),
    (4, 1, "Junk", Some("message")),
    (5, 1, "Sent", Some("message")),
    (6, 1, "Drafts", Some("message")),
    (7, 1, "Contacts", Some("contact")),
    (10, 1, "Calendar", Some("appointment")),
    (11, 11, "ROOT", None),
    (13, 1, "Emailed Contacts", Some("contact")),
    (14, 1, "Chats", Some("message")),
    (15, 1, "Tasks", Some("task")),
];

impl Default for Mailbox {
    fn default() -> Self {
        let own = |(id, parent, name, view): (u32, u32, &str, Option<&'static str>)| {
            (id, Folder { id, parent, name: name.to_owned(), view, kind: FolderKind::Own, changed: 1 })
        };
        Mailbox {
            folders: OWN.into_iter().map(own).collect(),
            items: BTreeMap::new(),
            removed: Vec::new(),
            cutoff: 0,
            change: 1,
            next: 257,
        }
    }
}

impl Mailbox {
    /// The folders by id.
    pub fn folders(&self) -> impl Iterator<Item = &Folder> {
        self.folders.values()
    }
    /// The messages by id.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }
    /// A message.
    pub fn item(&self, id: u32) -> Option<&Item> {
        self.items.get(&id)
    }
    /// The number of the last change.
    pub fn change(&self) -> u64 {
        self.change
    }
    /// Tokens below this are refused.
    pub fn cutoff(&self) -> u64 {
        self.cutoff
    }
    /// Messages removed after a change.
    pub fn removed_since(&self, change: u64) -> impl Iterator<Item = u32> + '_ {
        self.removed.iter().filter(move |(at, _)| *at > change).map(|(_, id)| *id)
    }

    /// The path of a folder, without the root's.
    pub fn path(&self, id: u32) -> String {
        match self.folders.get(&id) {
            Some(folder) if id != 1 && id != 11 => {
                let above = self.path(folder.parent);
                if above.is_empty() { folder.name.clone() } else { format!("{above}/{}", folder.name) }
            }
            _ => String::new(),
        }
    }

    /// The folder of this path.
    pub fn folder_named(&self, path: &str) -> Option<u32> {
        self.folders.keys().copied().find(|id| self.path(*id) == path)
    }

    fn next_change(&mut self) -> u64 {
        self.change += 1;
        self.change
    }

    fn next_id(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    /// A new folder in `parent`.
    pub fn create(&mut self, parent: u32, name: &str, kind: FolderKind) -> u32 {
        let (id, changed) = (self.next_id(), self.next_change());
        let view = Some("message");
        self.folders.insert(id, Folder { id, parent, name: name.to_owned(), view, kind, changed });
        id
    }

    /// The folder of this path, made where it is missing.
    pub fn ensure(&mut self, path: &str) -> u32 {
        let mut at = 1;
        for name in path.split('/') {
            let found = self.folders.values().find(|f| f.parent == at && f.name == name).map(|f| f.id);
            at = found.unwrap_or_else(|| self.create(at, name, FolderKind::Own));
        }
        at
    }

    /// Gives a folder another name.
    pub fn rename(&mut self, id: u32, name: &str) {
        let changed = self.next_change();
        if let Some(folder) = self.folders.get_mut(&id) {
            (folder.name, folder.changed) = (name.to_owned(), changed);
        }
    }

    /// A message arrives.
    pub fn add(&mut self, folder: u32, new: NewItem) -> u32 {
        let (id, change) = (self.next_id(), self.next_change());
        let NewItem { content, received, flags, tags } = new;
        let (flags, tags) = (flags.chars().collect(), tags.into_iter().collect());
        let item = Item {
            id,
            folder,
            content,
            blob: Blob::Sound,
            received,
            flags,
            tags,
            old: id % 3 == 0,
            revision: change,
            changed: change,
        };
        self.items.insert(id, item);
        id
    }

    /// Changes a message, but not its content.
    pub fn update(&mut self, id: u32, change: impl FnOnce(&mut Item)) {
        let at = self.next_change();
        if let Some(item) = self.items.get_mut(&id) {
            change(item);
            item.changed = at;
        }
    }

    /// Moves a message: it keeps its id.
    pub fn move_to(&mut self, id: u32, folder: u32) {
        self.update(id, |item| item.folder = folder);
    }

    /// Replaces a message's content in place, as saving a draft does.
    pub fn rewrite(&mut self, id: u32, content: Bytes) {
        let change = self.next_change();
        if let Some(item) = self.items.get_mut(&id) {
            (item.content, item.revision, item.changed) = (content, change, change);
        }
    }

    /// Removes a message for good.
    pub fn delete(&mut self, id: u32) {
        if self.items.remove(&id).is_some() {
            let change = self.next_change();
            self.removed.push((change, id));
        }
    }

    /// Forgets what was removed so far: tokens of before are refused.
    pub fn forget_removed(&mut self) {
        self.removed.clear();
        self.cutoff = self.next_change();
    }

    /// What a restored backup looks like: the mailbox stands at an earlier change. `backup` is what it was then.
    pub fn restore(&mut self, backup: &Mailbox) {
        *self = backup.clone();
    }
}
