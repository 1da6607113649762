//! A mailbox of items of every class, with the memory of what changed and what left.

mod folders;
mod item;

use std::collections::BTreeMap;

pub(super) use self::folders::NameTaken;
pub use self::{
    folders::Folder,
    item::{Item, NewItem},
};
use super::ids::Ids;
use crate::{clock, limits};

/// A mailbox.
#[derive(Clone, Debug)]
pub struct Mailbox {
    pub(super) ids: Ids,
    pub(super) folders: BTreeMap<u64, Folder>,
    pub(super) items: BTreeMap<u64, Item>,
    /// What left a folder: the change, the folder, the item.
    pub(super) gone: Vec<(u64, u64, u64)>,
    /// The number of the last change.
    pub(super) changes: u64,
    next: u64,
    /// Bytes that it may hold.
    pub quota: Option<u64>,
}

impl Mailbox {
    /// A mailbox with the usual folders, empty, and some that a transfer must leave out: hidden ones and search folders.
    pub fn new() -> Self {
        let mut mailbox = Mailbox {
            ids: Ids::new(),
            folders: BTreeMap::new(),
            items: BTreeMap::new(),
            gone: Vec::new(),
            changes: 0,
            next: 1,
            quota: None,
        };
        mailbox.furnish();
        mailbox
    }

    fn serial(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn change(&mut self) -> u64 {
        self.changes += 1;
        self.changes
    }

    /// What a folder shows; a search folder shows the mail of all others.
    pub(super) fn shown_in<'a>(&'a self, folder: &'a Folder) -> impl Iterator<Item = &'a Item> {
        let is_shown = |item: &&Item| match folder.search {
            true => item.data.class.starts_with("IPM.Note"),
            false => item.folder == folder.serial,
        };
        self.items.values().filter(is_shown)
    }

    /// The item of an id; a classic one only as long as it lies where the id says.
    pub(super) fn item(&self, id: &str) -> Option<&Item> {
        let (serial, folder) = self.ids.read_item(id)?;
        self.items.get(&serial).filter(|item| folder.is_none_or(|folder| item.folder == folder))
    }

    /// Every item with the path of its folder.
    pub fn items(&self) -> impl Iterator<Item = (String, &NewItem)> {
        self.items.values().map(|item| (self.path(item.folder), &item.data))
    }

    /// The ids of the items of the folder with this path of names, in the order in which they came.
    pub fn ids_in(&self, path: &str) -> Vec<String> {
        let folder = self.by_path(path);
        let items = self.items.values().filter(|item| Some(item.folder) == folder);
        items.map(|item| self.ids.immutable(item.serial)).collect()
    }

    /// Bytes of all items.
    pub(super) fn bytes(&self) -> u64 {
        self.items.values().map(|item| item.data.content.len()).sum()
    }

    /// Stores an item in the folder with this path of names; its id.
    pub fn add(&mut self, path: &str, data: NewItem) -> Option<String> {
        let serial = self.add_serial(path, data)?;
        Some(self.ids.immutable(serial))
    }

    pub(super) fn add_serial(&mut self, path: &str, data: NewItem) -> Option<u64> {
        let folder = self.by_path(path)?;
        Some(self.store(folder, data))
    }

    pub(super) fn store(&mut self, folder: u64, data: NewItem) -> u64 {
        let (serial, changed, now) = (self.serial(), self.change(), clock::now().into());
        let whole = changed;
        self.items
            .insert(serial, Item { serial, folder, created: now, modified: now, version: 1, changed, whole, data });
        serial
    }

    /// Changes an item.
    pub fn update(&mut self, id: &str, change: impl FnOnce(&mut NewItem)) -> bool {
        let Some(serial) = self.item(id).map(|item| item.serial) else { return false };
        let changed = self.change();
        if let Some(item) = self.items.get_mut(&serial) {
            let before = item.data.clone();
            change(&mut item.data);
            if !item.data.is_but_for_reading(&before) {
                item.whole = changed;
            }
            (item.changed, item.version, item.modified) = (changed, item.version + 1, clock::now().into());
        }
        true
    }

    /// Moves an item to the folder with this path of names.
    pub fn move_to(&mut self, id: &str, path: &str) -> bool {
        let (Some(item), Some(folder)) = (self.item(id).map(|item| item.serial), self.by_path(path)) else {
            return false;
        };
        self.put_into(item, folder);
        true
    }

    /// Moves an item.
    pub(super) fn put_into(&mut self, item: u64, folder: u64) {
        let changed = self.change();
        if let Some(item) = self.items.get_mut(&item) {
            self.gone.push((changed, item.folder, item.serial));
            (item.folder, item.changed, item.whole) = (folder, changed, changed);
        }
        self.forget();
    }

    /// Removes an item.
    pub fn remove(&mut self, id: &str) -> bool {
        let Some(item) = self.item(id).map(|item| item.serial).and_then(|serial| self.items.remove(&serial)) else {
            return false;
        };
        let changed = self.change();
        self.gone.push((changed, item.folder, item.serial));
        self.forget();
        true
    }

    fn forget(&mut self) {
        let over = self.gone.len().saturating_sub(limits::LAB_REMOVED);
        self.gone.drain(..over);
    }
}

impl Default for Mailbox {
    fn default() -> Self {
        Mailbox::new()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::lab::mailstore::Content;

    fn item(subject: &str) -> NewItem {
        NewItem::new("IPM.Note", subject, Content::Stored("Subject: x\r\n\r\n".into()), DateTime::UNIX_EPOCH)
    }

    #[test]
    fn a_move_keeps_the_immutable_id_and_voids_the_classic_one() {
        let mut mailbox = Mailbox::new();
        let id = mailbox.add("Inbox", item("a")).unwrap();
        let (serial, folder) = mailbox.item(&id).map(|item| (item.serial, item.folder)).unwrap();
        let classic = mailbox.ids.classic(folder, serial);
        assert!(mailbox.item(&classic).is_some());
        assert!(mailbox.move_to(&id, "Archive"));
        assert!(mailbox.item(&id).is_some() && mailbox.item(&classic).is_none());
        assert_eq!(mailbox.gone.len(), 1);
    }

    #[test]
    fn folders_are_found_by_path_and_names_have_no_case() {
        let mut mailbox = Mailbox::new();
        let id = mailbox.ensure_folder("Archive/2019", "IPF.Note");
        assert_eq!(mailbox.folder_id("archive/2019"), Some(id.clone()));
        let parent = mailbox.folder("archive").map(|folder| folder.serial);
        assert_eq!(mailbox.create(parent, "2019", "IPF.Note"), Err(NameTaken));
        mailbox.add("Archive/2019", item("a")).unwrap();
        assert_eq!(mailbox.items().map(|(path, _)| path).collect::<Vec<_>>(), ["Archive/2019"]);
        assert_eq!(mailbox.folder(&id).map(|folder| folder.name.as_str()), Some("2019"));
    }
}
