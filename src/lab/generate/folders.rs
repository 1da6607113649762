//! The folders of a generated mailbox.

use super::encode_name;
use crate::{lab::mailstore::Mailbox, model::Role};

const PLAIN: [(&str, Option<Role>); 7] = [
    ("INBOX", None),
    ("Sent", Some(Role::Sent)),
    ("Drafts", Some(Role::Drafts)),
    ("Trash", Some(Role::Trash)),
    ("Junk", Some(Role::Junk)),
    ("Archive", Some(Role::Archive)),
    ("Archive|2019", None),
];

/// `|` stands for the delimiter.
const AWKWARD: [&str; 8] = [
    "Customers|Müller & Söhne",
    "Customers|Say \"hello\"",
    "Invoices (old) [2020]",
    "日本語|受信",
    "Ä",
    "back\\slash",
    "100% *sure*",
    "Empty ✉",
];

/// Creates them and returns the names on the wire of those that hold mail: the last one stays empty.
pub(super) fn create(mailbox: &mut Mailbox, prefix: &str, awkward: bool) -> Vec<Vec<u8>> {
    let delimiter = mailbox.delimiter.to_string();
    let awkward = AWKWARD.iter().filter(|_| awkward).map(|name| (*name, None));
    let mut names = Vec::new();
    for (number, (name, role)) in PLAIN.into_iter().chain(awkward).enumerate() {
        let prefix = if number == 0 { "" } else { prefix };
        let name = encode_name(&format!("{prefix}{}", name.replace('|', &delimiter))).into_bytes();
        // INBOX is there already; every other folder is new.
        let _ = mailbox.create(&name);
        if let Some(folder) = mailbox.folder_mut(&name) {
            folder.role = role;
            folder.subscribed = number % 3 != 2;
        }
        names.push(name);
    }
    if names.len() > PLAIN.len() {
        names.pop();
    }
    names
}

/// Where the next message goes: half of all mail lies in the first folders.
pub(super) fn busy(random: &mut fastrand::Rng, folders: usize) -> usize {
    if random.bool() { random.usize(..folders.min(2)) } else { random.usize(..folders) }
}
