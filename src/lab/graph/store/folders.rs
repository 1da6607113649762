//! The folders of a mailbox: found by a path of names, by an id or by a well-known name; two beside each other never share a name.

use super::Mailbox;

/// A folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    pub(in crate::lab::graph) serial: u64,
    /// The folder that it lies in; `None`: at the top.
    pub(in crate::lab::graph) parent: Option<u64>,
    /// Its name.
    pub name: String,
    /// The class of its items, `IPF.Note`.
    pub class: String,
    /// The name that stands for its id.
    pub(in crate::lab::graph) well_known: Option<&'static str>,
    /// Outlook does not show it.
    pub hidden: bool,
    /// It shows what lies in others.
    pub search: bool,
}

/// A name is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lab::graph) struct NameTaken;

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
    /// Puts in the usual folders, empty, and some that a transfer must leave out: hidden ones and search folders.
    pub(super) fn furnish(&mut self) {
        for (name, class, well_known) in USUAL {
            self.insert(None, name, class, well_known);
        }
        let metadata = self.insert(None, "PersonMetadata", "IPF.Note", None);
        let finder = self.insert(None, "Finder", "IPF.Note", Some("searchfolders"));
        let searches = [
            self.insert(None, "Large Mail", "IPF.Note", None),
            self.insert(Some(finder), "Unread Mail", "IPF.Note", None),
        ];
        for folder in self.folders.values_mut() {
            folder.hidden = [metadata, finder].contains(&folder.serial);
            folder.search = searches.contains(&folder.serial);
        }
    }

    fn insert(&mut self, parent: Option<u64>, name: &str, class: &str, well_known: Option<&'static str>) -> u64 {
        let serial = self.serial();
        let (name, class) = (name.to_owned(), class.to_owned());
        let folder = Folder { serial, parent, name, class, well_known, hidden: false, search: false };
        self.folders.insert(serial, folder);
        serial
    }

    /// The id of the folder with this path of names, `Archive/2019`.
    pub fn folder_id(&self, path: &str) -> Option<String> {
        Some(self.ids.folder(self.by_path(path)?))
    }

    pub(super) fn by_path(&self, path: &str) -> Option<u64> {
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

    /// Removes the folder with this path of names and what lies in it, but not folders below it.
    pub fn remove_folder(&mut self, path: &str) -> bool {
        let Some(folder) = self.by_path(path) else { return false };
        for id in self.ids_in(path) {
            self.remove(&id);
        }
        self.folders.remove(&folder).is_some()
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
    pub(in crate::lab::graph) fn create(
        &mut self,
        parent: Option<u64>,
        name: &str,
        class: &str,
    ) -> Result<u64, NameTaken> {
        match self.named(parent, name) {
            Some(_) => Err(NameTaken),
            None => Ok(self.insert(parent, name, class, None)),
        }
    }

    /// Gives a folder another name.
    ///
    /// # Errors
    /// The name is taken beside it, in any case.
    pub(in crate::lab::graph) fn give_name(&mut self, folder: u64, name: &str) -> Result<(), NameTaken> {
        let parent = self.folders.get(&folder).and_then(|folder| folder.parent);
        if self.named(parent, name).is_some_and(|other| other != folder) {
            return Err(NameTaken);
        }
        if let Some(folder) = self.folders.get_mut(&folder) {
            name.clone_into(&mut folder.name);
        }
        Ok(())
    }

    /// The folder of an id or a well-known name.
    pub(in crate::lab::graph) fn folder(&self, key: &str) -> Option<&Folder> {
        match self.ids.read_folder(key) {
            Some(serial) => self.folders.get(&serial),
            None => self.folders.values().find(|f| f.well_known == Some(key)),
        }
    }

    pub(in crate::lab::graph) fn path(&self, folder: u64) -> String {
        match self.folders.get(&folder) {
            None => String::new(),
            Some(Folder { parent: None, name, .. }) => name.clone(),
            Some(Folder { parent: Some(parent), name, .. }) => format!("{}/{name}", self.path(*parent)),
        }
    }
}
