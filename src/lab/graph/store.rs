//! A mailbox of items of every class, with the memory of what changed and what left.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::ids::Ids;
use crate::{clock, lab::mailstore::Content, limits};

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

/// A folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    pub(super) serial: u64,
    /// The folder that it lies in; `None`: at the top.
    pub(super) parent: Option<u64>,
    /// Its name.
    pub name: String,
    /// The class of its items, `IPF.Note`.
    pub class: String,
    /// The name that stands for its id.
    pub(super) well_known: Option<&'static str>,
    /// Outlook does not show it.
    pub hidden: bool,
    /// It shows what lies in others.
    pub search: bool,
}

/// An item.
#[derive(Clone, Debug)]
pub struct Item {
    pub(super) serial: u64,
    pub(super) folder: u64,
    pub(super) created: DateTime<Utc>,
    pub(super) modified: DateTime<Utc>,
    pub(super) version: u64,
    pub(super) changed: u64,
    /// The last change of more than whether it was read.
    pub(super) whole: u64,
    /// What it is.
    pub data: NewItem,
}

/// What an item is, wherever it lies: an export keeps all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewItem {
    /// `IPM.Note`, `IPM.Appointment`.
    pub class: String,
    /// PR_SEARCH_KEY: copies share it.
    pub search_key: [u8; 16],
    /// Its subject.
    pub subject: String,
    /// Its Message-ID.
    pub message_id: Option<String>,
    /// When it was delivered.
    pub received: DateTime<Utc>,
    /// When it was sent.
    pub sent: DateTime<Utc>,
    /// Whether it was read.
    pub read: bool,
    /// Whether it was never sent.
    pub draft: bool,
    /// `notFlagged`, `complete`, `flagged`.
    pub flag: String,
    /// Its categories.
    pub categories: Vec<String>,
    /// `low`, `normal`, `high`.
    pub importance: String,
    /// Its bytes: RFC 5322 text for mail.
    pub content: Content,
}

/// A name is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NameTaken;

/// Name, class and well-known name of what every mailbox has.
const USUAL: [(&str, &str, Option<&str>); 13] = [
    ("Inbox", "IPF.Note", Some("inbox")),
    ("Drafts", "IPF.Note", Some("drafts")),
    ("Sent Items", "IPF.Note", Some("sentitems")),
    ("Deleted Items", "IPF.Note", Some("deleteditems")),
    ("Junk Email", "IPF.Note", Some("junkemail")),
    ("Archive", "IPF.Note", Some("archive")),
    ("Outbox", "IPF.Note", Some("outbox")),
    ("Conversation History", "IPF.Note", Some("conversationhistory")),
    ("Sync Issues", "IPF.Note", Some("syncissues")),
    ("Calendar", "IPF.Appointment", None),
    ("Contacts", "IPF.Contact", None),
    ("Tasks", "IPF.Task", None),
    ("Notes", "IPF.StickyNote", None),
];

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
        for (name, class, well_known) in USUAL {
            mailbox.insert(None, name, class, well_known);
        }
        let metadata = mailbox.insert(None, "PersonMetadata", "IPF.Note", None);
        let finder = mailbox.insert(None, "Finder", "IPF.Note", Some("searchfolders"));
        let searches = [
            mailbox.insert(None, "Large Mail", "IPF.Note", None),
            mailbox.insert(Some(finder), "Unread Mail", "IPF.Note", None),
        ];
        for folder in mailbox.folders.values_mut() {
            folder.hidden = [metadata, finder].contains(&folder.serial);
            folder.search = searches.contains(&folder.serial);
        }
        mailbox
    }

    /// What a folder shows; a search folder shows the mail of all others.
    pub(super) fn shown_in<'a>(&'a self, folder: &'a Folder) -> impl Iterator<Item = &'a Item> {
        let is_shown = |item: &&Item| match folder.search {
            true => item.data.class.starts_with("IPM.Note"),
            false => item.folder == folder.serial,
        };
        self.items.values().filter(is_shown)
    }

    fn insert(&mut self, parent: Option<u64>, name: &str, class: &str, well_known: Option<&'static str>) -> u64 {
        let serial = self.serial();
        let (name, class) = (name.to_owned(), class.to_owned());
        let folder = Folder { serial, parent, name, class, well_known, hidden: false, search: false };
        self.folders.insert(serial, folder);
        serial
    }

    fn serial(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn change(&mut self) -> u64 {
        self.changes += 1;
        self.changes
    }

    /// The id of the folder with this path of names, `Archive/2019`.
    pub fn folder_id(&self, path: &str) -> Option<String> {
        Some(self.ids.folder(self.by_path(path)?))
    }

    fn by_path(&self, path: &str) -> Option<u64> {
        path.split('/').try_fold(None, |parent, name| Some(Some(self.named(parent, name)?))).flatten()
    }

    fn named(&self, parent: Option<u64>, name: &str) -> Option<u64> {
        let mut all = self.folders.values();
        all.find(|f| f.parent == parent && f.name.eq_ignore_ascii_case(name)).map(|f| f.serial)
    }

    /// A folder with this path of names and those above it, where they are missing; its id.
    pub fn ensure_folder(&mut self, path: &str, class: &str) -> String {
        let mut parent = None;
        for name in path.split('/') {
            let serial = self.named(parent, name).unwrap_or_else(|| self.insert(parent, name, class, None));
            parent = Some(serial);
        }
        self.ids.folder(parent.unwrap_or_default())
    }

    /// The class of the folder with this path of names.
    pub fn class_of(&self, path: &str) -> Option<&str> {
        self.folders.get(&self.by_path(path)?).map(|folder| folder.class.as_str())
    }

    /// Gives the folder with this path of names another name; its id stays.
    pub fn rename_folder(&mut self, path: &str, name: &str) -> bool {
        let folder = self.by_path(path).and_then(|serial| self.folders.get_mut(&serial));
        folder.map(|folder| name.clone_into(&mut folder.name)).is_some()
    }

    /// A new folder.
    ///
    /// # Errors
    /// The name is taken there, in any case.
    pub(super) fn create(&mut self, parent: Option<u64>, name: &str, class: &str) -> Result<u64, NameTaken> {
        match self.named(parent, name) {
            Some(_) => Err(NameTaken),
            None => Ok(self.insert(parent, name, class, None)),
        }
    }

    /// The folder of an id or a well-known name.
    pub(super) fn folder(&self, key: &str) -> Option<&Folder> {
        match self.ids.read_folder(key) {
            Some(serial) => self.folders.get(&serial),
            None => self.folders.values().find(|f| f.well_known == Some(key)),
        }
    }

    /// The item of an id; a classic one only as long as it lies where the id says.
    pub(super) fn item(&self, id: &str) -> Option<&Item> {
        let (serial, folder) = self.ids.read_item(id)?;
        self.items.get(&serial).filter(|item| folder.is_none_or(|folder| item.folder == folder))
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

    /// Gives a folder another name.
    ///
    /// # Errors
    /// The name is taken beside it, in any case.
    pub(super) fn give_name(&mut self, folder: u64, name: &str) -> Result<(), NameTaken> {
        let parent = self.folders.get(&folder).and_then(|folder| folder.parent);
        if self.named(parent, name).is_some_and(|other| other != folder) {
            return Err(NameTaken);
        }
        if let Some(folder) = self.folders.get_mut(&folder) {
            name.clone_into(&mut folder.name);
        }
        Ok(())
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

    pub(super) fn path(&self, folder: u64) -> String {
        match self.folders.get(&folder) {
            None => String::new(),
            Some(Folder { parent: None, name, .. }) => name.clone(),
            Some(Folder { parent: Some(parent), name, .. }) => format!("{}/{name}", self.path(*parent)),
        }
    }

    /// Bytes of all items.
    pub(super) fn bytes(&self) -> u64 {
        self.items.values().map(|item| item.data.content.len()).sum()
    }
}

impl Default for Mailbox {
    fn default() -> Self {
        Mailbox::new()
    }
}

impl NewItem {
    /// Whether it was `before`, and was read since, or is to be read again; nothing else.
    fn is_but_for_reading(&self, before: &NewItem) -> bool {
        self.read != before.read && NewItem { read: before.read, ..self.clone() } == *before
    }

    /// A read item of `class` with these bytes.
    pub fn new(class: &str, subject: &str, content: Content, received: DateTime<Utc>) -> Self {
        NewItem {
            class: class.to_owned(),
            search_key: fastrand::u128(..).to_be_bytes(),
            subject: subject.to_owned(),
            message_id: None,
            received,
            sent: received,
            read: true,
            draft: false,
            flag: "notFlagged".to_owned(),
            categories: Vec::new(),
            importance: "normal".to_owned(),
            content,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
