//! The folders of a mailbox of items: where each lies, what it is for, and which are left alone.
//!
//! The first folder of a class at the top is the mailbox's own calendar, address book and so on: Graph tells these roles for mail folders
//! only. Where several stand there, the names that Outlook gives them decide; where none fits, they travel under their names.

use std::collections::HashMap;

use crate::{
    error::{Code, Result},
    graph::{ItemFolder, ItemStore},
    mailbox::meanings::{Meaning, meanings},
    model::{FolderClass, FolderPath, Reason, Role},
};

/// A folder in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its id.
    pub(crate) id: String,
    /// Its path for people; `INBOX` for the inbox, as IMAP calls it.
    pub(crate) path: FolderPath,
    /// What it is for.
    pub(crate) role: Option<Role>,
    /// What its items are.
    pub(crate) class: FolderClass,
    /// Why it is left alone, if it is.
    pub(crate) left_alone: Option<Reason>,
    /// Items in it.
    pub(crate) items: u64,
}

/// Classes that a transfer takes besides mail, the role of the first of each, and the names that Outlook gives it (en, de, fr, es, it, nl,
/// pt, sv, da, pl).
const CLASSES: [(&str, Role, &[&str]); 5] = [
    (
        "IPF.Appointment",
        Role::Calendar,
        &["Calendar", "Kalender", "Calendrier", "Calendario", "Agenda", "Calendário", "Kalendarz"],
    ),
    (
        "IPF.Contact",
        Role::Contacts,
        &["Contacts", "Kontakte", "Contactos", "Contatti", "Contactpersonen", "Contatos", "Kontakter", "Kontakty"],
    ),
    (
        "IPF.Task",
        Role::Tasks,
        &["Tasks", "Aufgaben", "Tâches", "Tareas", "Attività", "Taken", "Tarefas", "Uppgifter", "Opgaver", "Zadania"],
    ),
    (
        "IPF.StickyNote",
        Role::Notes,
        &["Notes", "Notizen", "Notas", "Note", "Notities", "Anteckningar", "Noter", "Notatki"],
    ),
    ("IPF.Journal", Role::Journal, &["Journal", "Diario", "Logboek", "Diário", "Dziennik"]),
];

/// Every folder but hidden ones and search folders, parents before children.
///
/// # Errors
/// The mailbox cannot be read.
pub(crate) async fn tree(store: &ItemStore) -> Result<Vec<Place>> {
    let meanings = meanings(store.mailbox()).await?;
    Ok(places(store.folder_tree().await?, &meanings))
}

fn places(tree: Vec<ItemFolder>, meanings: &HashMap<String, Meaning>) -> Vec<Place> {
    let firsts = firsts(&tree);
    let mut known: HashMap<String, (FolderPath, Option<Reason>)> = HashMap::with_capacity(tree.len());
    let mut places = Vec::with_capacity(tree.len());
    for folder in tree {
        let parent = folder.parent_folder_id.as_ref().and_then(|id| known.get(id));
        let meaning = meanings.get(&folder.id);
        let role = match meaning {
            Some(Meaning::Role(role)) => Some(*role),
            _ => firsts.get(&folder.id).copied(),
        };
        let path = match (role, parent) {
            (Some(Role::Inbox), _) => FolderPath::inbox(),
            (_, parent) => {
                let above = parent.map(|(path, _)| path.0.clone()).unwrap_or_default();
                FolderPath([above, vec![folder.display_name.clone()]].concat())
            }
        };
        let class = folder.class.map(FolderClass).unwrap_or_default();
        let left_alone = left_alone(&class, meaning).or_else(|| parent.and_then(|(_, reason)| reason.clone()));
        known.insert(folder.id.clone(), (path.clone(), left_alone.clone()));
        places.push(Place { id: folder.id, path, role, class, left_alone, items: folder.total_item_count });
    }
    places
}

/// The ids of the first folder of each class, with their roles.
fn firsts(tree: &[ItemFolder]) -> HashMap<String, Role> {
    let ids: Vec<&str> = tree.iter().map(|folder| folder.id.as_str()).collect();
    let is_top = |folder: &&ItemFolder| folder.parent_folder_id.as_deref().is_none_or(|parent| !ids.contains(&parent));
    let first = |(class, role, names): &(&str, Role, &[&str])| {
        let at_top: Vec<&ItemFolder> =
            tree.iter().filter(is_top).filter(|folder| folder.class.as_deref() == Some(class)).collect();
        let named = |folder: &&&ItemFolder| names.iter().any(|name| name.eq_ignore_ascii_case(&folder.display_name));
        let chosen = match at_top.as_slice() {
            [only] => Some(*only),
            several => several.iter().find(named).copied(),
        };
        chosen.map(|folder| (folder.id.clone(), *role))
    };
    CLASSES.iter().filter_map(first).collect()
}

fn left_alone(class: &FolderClass, meaning: Option<&Meaning>) -> Option<Reason> {
    let reason = |words: String| Some(Reason { code: Code::FolderSkipped, words });
    match meaning {
        Some(Meaning::NotRead(words)) => reason((*words).to_owned()),
        // Suggested contacts, birthdays, settings: what Exchange makes by itself has classes of its own.
        _ if !class.is_mail() && !CLASSES.iter().any(|(known, ..)| *known == class.0) => {
            reason(format!("it holds what Outlook keeps for itself ({})", class.0))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(id: &str, name: &str, parent: &str, class: &str) -> ItemFolder {
        let json = serde_json::json!({ "id": id, "displayName": name, "parentFolderId": parent, "type": class });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn each_class_has_its_place_and_outlooks_own_is_left_alone() {
        let tree = vec![
            folder("1", "Posteingang", "root", "IPF.Note"),
            folder("2", "Kalender", "root", "IPF.Appointment"),
            folder("3", "Team", "root", "IPF.Appointment"),
            folder("4", "Personen", "root", "IPF.Contact"),
            folder("5", "Kunden", "4", "IPF.Contact"),
            folder("6", "Recipient Cache", "4", "IPF.Contact.RecipientCache"),
            folder("7", "Outbox", "root", "IPF.Note"),
        ];
        let meanings = HashMap::from([
            ("1".to_owned(), Meaning::Role(Role::Inbox)),
            ("7".to_owned(), Meaning::NotRead("it holds what is about to be sent")),
        ]);
        let places = places(tree, &meanings);
        let roles: Vec<_> = places.iter().map(|place| (place.path.to_string(), place.role)).collect();
        let named = |path: &str, role| (path.to_owned(), role);
        assert_eq!(
            roles[..3],
            [named("INBOX", Some(Role::Inbox)), named("Kalender", Some(Role::Calendar)), named("Team", None)]
        );
        assert_eq!(roles[3..5], [named("Personen", Some(Role::Contacts)), named("Personen/Kunden", None)]);
        let left: Vec<&str> = places.iter().filter(|p| p.left_alone.is_some()).map(|p| p.path.leaf()).collect();
        assert_eq!(left, ["Recipient Cache", "Outbox"]);
    }
}
