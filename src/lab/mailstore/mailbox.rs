//! A person's whole mailbox: folders by their name on the wire.

use std::collections::{BTreeMap, BTreeSet};

use super::{Folder, NewMessage};

/// The folder exists already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameTaken;

/// The target's UIDVALIDITY, and old and new UIDs.
pub type Transferred = (u32, Vec<(u32, u32)>);

/// A mailbox.
#[derive(Clone, Debug)]
pub struct Mailbox {
    /// Between the levels of a name.
    pub delimiter: char,
    folders: BTreeMap<Vec<u8>, Folder>,
    next_validity: u32,
}

impl Mailbox {
    /// A mailbox with an empty `INBOX`. UIDVALIDITY values are small and differ (microsoft365.md §1.6).
    pub fn new(delimiter: char) -> Self {
        let mut mailbox = Mailbox { delimiter, folders: BTreeMap::new(), next_validity: 11 };
        let mut inbox = mailbox.new_folder();
        inbox.subscribed = true;
        mailbox.folders.insert(b"INBOX".to_vec(), inbox);
        mailbox
    }

    fn new_folder(&mut self) -> Folder {
        Folder::new(self.new_validity())
    }

    /// A UIDVALIDITY that this mailbox never used.
    pub fn new_validity(&mut self) -> u32 {
        self.next_validity += 3;
        self.next_validity
    }

    /// `INBOX` in any spelling is `INBOX`, alone and as the first level (RFC 3501 §5.1).
    pub fn canonical(&self, name: &[u8]) -> Vec<u8> {
        let (first, rest) = match name.iter().position(|&b| b == self.delimiter as u8) {
            Some(at) => name.split_at(at),
            None => (name, &b""[..]),
        };
        if first.eq_ignore_ascii_case(b"INBOX") { [b"INBOX", rest].concat() } else { name.to_vec() }
    }

    /// The folder of this name.
    pub fn folder(&self, name: &[u8]) -> Option<&Folder> {
        self.folders.get(&self.canonical(name))
    }
    /// The folder of this name, to change it.
    pub fn folder_mut(&mut self, name: &[u8]) -> Option<&mut Folder> {
        self.folders.get_mut(&self.canonical(name))
    }
    /// Every folder with its name, in name order.
    pub fn folders(&self) -> impl Iterator<Item = (&[u8], &Folder)> {
        self.folders.iter().map(|(name, folder)| (name.as_slice(), folder))
    }
    /// Every folder with its name, to change it.
    pub fn folders_mut(&mut self) -> impl Iterator<Item = (&[u8], &mut Folder)> {
        self.folders.iter_mut().map(|(name, folder)| (name.as_slice(), folder))
    }

    /// Whether other folders lie below this name.
    pub fn has_children(&self, name: &[u8]) -> bool {
        let prefix = [name, &[self.delimiter as u8]].concat();
        self.folders.range(prefix.clone()..).next().is_some_and(|(next, _)| next.starts_with(&prefix))
    }

    /// A new folder, and those above it where they are missing.
    ///
    /// # Errors
    /// It exists.
    pub fn create(&mut self, name: &[u8]) -> Result<&mut Folder, NameTaken> {
        let name = self.canonical(name);
        if self.folders.get(&name).is_some_and(|f| f.selectable) {
            return Err(NameTaken);
        }
        let delimiter = self.delimiter as u8;
        for (at, _) in name.iter().enumerate().filter(|(_, b)| **b == delimiter) {
            let parent = &name[..at];
            if !parent.is_empty() && !self.folders.contains_key(parent) {
                let folder = self.new_folder();
                self.folders.insert(parent.to_vec(), folder);
            }
        }
        let new = self.new_folder();
        let folder = self.folders.entry(name).or_insert(new);
        folder.selectable = true;
        Ok(folder)
    }

    /// Removes a folder and its messages; below it everything stays.
    pub fn delete(&mut self, name: &[u8]) -> bool {
        let name = self.canonical(name);
        name != b"INBOX" && self.folders.remove(&name).is_some()
    }

    /// Renames a folder and those below it; `INBOX` keeps its name and gives its messages (RFC 3501 §6.3.5).
    ///
    /// # Errors
    /// The new name exists. `Ok(false)`: the old one does not.
    pub fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<bool, NameTaken> {
        let (from, to) = (self.canonical(from), self.canonical(to));
        if self.folders.contains_key(&to) {
            return Err(NameTaken);
        }
        let Some(folder) = self.folders.remove(&from) else { return Ok(false) };
        self.folders.insert(to.clone(), folder);
        if from == b"INBOX" {
            let inbox = self.new_folder();
            self.folders.insert(from, inbox);
            return Ok(true);
        }
        let prefix = [&from[..], &[self.delimiter as u8]].concat();
        let below: Vec<Vec<u8>> = self.folders.keys().filter(|n| n.starts_with(&prefix)).cloned().collect();
        for name in below {
            if let Some(folder) = self.folders.remove(&name) {
                self.folders.insert([&to, &name[from.len()..]].concat(), folder);
            }
        }
        Ok(true)
    }

    /// Copies or moves messages between folders; returns the target's UIDVALIDITY and the old and new UIDs, or `None`
    /// where one of the folders does not exist.
    pub fn transfer(&mut self, from: &[u8], to: &[u8], uids: &[u32], moving: bool) -> Option<Transferred> {
        self.folder(to).filter(|folder| folder.selectable)?;
        let source = self.folder_mut(from)?;
        let copies: Vec<(u32, NewMessage)> =
            uids.iter().filter_map(|uid| source.message(*uid)).map(|m| (m.uid, m.again())).collect();
        if moving {
            let moved: BTreeSet<u32> = copies.iter().map(|(uid, _)| *uid).collect();
            source.expunge(|m| moved.contains(&m.uid));
        }
        let target = self.folder_mut(to)?;
        Some((target.validity, copies.into_iter().map(|(uid, new)| (uid, target.append(new, None))).collect()))
    }

    /// Numbers a folder anew under a new UIDVALIDITY, as a server does that lost its index.
    pub fn renumber(&mut self, name: &[u8]) -> bool {
        let validity = self.new_validity();
        self.folder_mut(name).map(|folder| folder.renumber(validity)).is_some()
    }

    /// Bytes of all messages.
    pub fn bytes(&self) -> u64 {
        self.folders.values().flat_map(|f| f.messages()).map(|m| m.content.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_created_with_those_above_and_renamed_with_those_below() {
        let mut mailbox = Mailbox::new('/');
        mailbox.create(b"a/b/c").unwrap();
        assert_eq!(mailbox.create(b"a/b").map(|_| ()), Err(NameTaken));
        assert!(mailbox.has_children(b"a") && !mailbox.has_children(b"a/b/c"));
        assert_eq!(mailbox.rename(b"a/b", b"x"), Ok(true));
        let names: Vec<&[u8]> = mailbox.folders().map(|(name, _)| name).collect();
        assert_eq!(names, [&b"INBOX"[..], b"a", b"x", b"x/c"]);
    }

    #[test]
    fn inbox_has_no_case() {
        let mut mailbox = Mailbox::new('.');
        assert!(mailbox.folder(b"inBox").is_some());
        mailbox.create(b"Inbox.Old").unwrap();
        assert!(mailbox.folder(b"INBOX.Old").is_some());
        assert!(!mailbox.delete(b"inbox"));
    }

    #[test]
    fn every_folder_has_its_own_validity() {
        let mut mailbox = Mailbox::new('/');
        mailbox.create(b"a").unwrap();
        let first = mailbox.folder(b"a").unwrap().validity;
        mailbox.delete(b"a");
        mailbox.create(b"a").unwrap();
        assert_ne!(mailbox.folder(b"a").unwrap().validity, first);
    }
}
