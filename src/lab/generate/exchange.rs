//! A new mailbox of Exchange Online as IMAP shows it (microsoft365.md §1.5): localised, and not only mail.

use super::encode_name;
use crate::{
    lab::mailstore::{Mailbox, Mailstore},
    model::Role,
};

/// The language that a mailbox was first opened in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `Sent Items`, `Calendar` …
    English,
    /// `Gesendete Elemente`, `Kalender` …
    German,
    /// `Éléments envoyés`, `Calendrier` …
    French,
}

/// Folders for mail with their role, and folders for other things.
type Names = (&'static [(&'static str, Role)], &'static [&'static str]);

const ENGLISH: Names = (
    &[
        ("Sent Items", Role::Sent),
        ("Drafts", Role::Drafts),
        ("Deleted Items", Role::Trash),
        ("Junk Email", Role::Junk),
        ("Archive", Role::Archive),
    ],
    &["Calendar", "Contacts", "Conversation History", "Journal", "Notes", "Outbox", "Sync Issues", "Tasks"],
);
const GERMAN: Names = (
    &[
        ("Gesendete Elemente", Role::Sent),
        ("Entwürfe", Role::Drafts),
        ("Gelöschte Elemente", Role::Trash),
        ("Junk-E-Mail", Role::Junk),
        ("Archiv", Role::Archive),
    ],
    &["Kalender", "Kontakte", "Aufgezeichnete Unterhaltungen", "Journal", "Notizen", "Postausgang", "Aufgaben"],
);
const FRENCH: Names = (
    &[
        ("Éléments envoyés", Role::Sent),
        ("Brouillons", Role::Drafts),
        ("Éléments supprimés", Role::Trash),
        ("Courrier indésirable", Role::Junk),
        ("Archive", Role::Archive),
    ],
    &["Calendrier", "Contacts", "Historique des conversations", "Journal", "Notes", "Boîte d'envoi", "Tâches"],
);

/// An empty mailbox of that language.
pub fn exchange_target(language: Language) -> Mailstore {
    let (mail, other) = match language {
        Language::English => ENGLISH,
        Language::German => GERMAN,
        Language::French => FRENCH,
    };
    let mut mailbox = Mailbox::new('/');
    for (name, role) in mail {
        if let Ok(folder) = mailbox.create(encode_name(name).as_bytes()) {
            folder.role = Some(*role);
            folder.attributes.push("\\Marked".to_owned());
            folder.subscribed = true;
        }
    }
    // What lies outside mail is listed like everything else.
    for name in other {
        let _ = mailbox.create(encode_name(name).as_bytes());
    }
    Mailstore::new(mailbox)
}

/// Adds a folder whose name holds a control character, which LIST shows without quotes (microsoft365.md §1.5).
pub fn add_control_name(store: &Mailstore) {
    store.write(|mailbox| {
        let _ = mailbox.create(b"odd\x08name");
    });
}
