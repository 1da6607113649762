//! What a folder is for, where only its name tells (quirks 38, 106).
//!
//! Attributes go first; these tables serve servers that announce none. A name that no table knows has no role and travels
//! under its own name, so a missing language costs a second "Sent" folder at worst, never a message.

use crate::model::{FolderPath, Role};

/// Names that mail programs and Exchange give to special folders, by language: en, de, fr, es, it, nl, pt, sv, da/nb, fi, pl,
/// cs, hu, tr, ru, ja, zh, ko.
const ROLES: [(Role, &[&str]); 5] = [
    (
        Role::Sent,
        &[
            "Sent",
            "Sent Items",
            "Sent Messages",
            "Sent Mail",
            "Gesendet",
            "Gesendete Elemente",
            "Gesendete Objekte",
            "Envoyés",
            "Messages envoyés",
            "Éléments envoyés",
            "Enviados",
            "Elementos enviados",
            "Posta inviata",
            "Inviata",
            "Verzonden",
            "Verzonden items",
            "Itens enviados",
            "Skickat",
            "Skickade objekt",
            "Sendt post",
            "Sendte elementer",
            "Lähetetyt",
            "Wysłane",
            "Elementy wysłane",
            "Odeslané",
            "Odeslaná pošta",
            "Elküldött elemek",
            "Gönderilmiş Öğeler",
            "Отправленные",
            "送信済みアイテム",
            "已发送邮件",
            "寄件備份",
            "보낸 편지함",
        ],
    ),
    (
        Role::Drafts,
        &[
            "Drafts",
            "Entwürfe",
            "Brouillons",
            "Borradores",
            "Bozze",
            "Concepten",
            "Rascunhos",
            "Utkast",
            "Kladder",
            "Luonnokset",
            "Szkice",
            "Wersje robocze",
            "Koncepty",
            "Piszkozatok",
            "Taslaklar",
            "Черновики",
            "下書き",
            "草稿",
            "임시 보관함",
        ],
    ),
    (
        Role::Trash,
        &[
            "Trash",
            "Deleted Items",
            "Deleted Messages",
            "Papierkorb",
            "Gelöschte Elemente",
            "Gelöschte Objekte",
            "Corbeille",
            "Éléments supprimés",
            "Papelera",
            "Elementos eliminados",
            "Cestino",
            "Posta eliminata",
            "Prullenbak",
            "Verwijderde items",
            "Itens Excluídos",
            "Borttaget",
            "Papirkurv",
            "Slettet post",
            "Poistetut",
            "Kosz",
            "Elementy usunięte",
            "Koš",
            "Odstraněná pošta",
            "Törölt elemek",
            "Silinmiş Öğeler",
            "Удаленные",
            "削除済みアイテム",
            "已删除邮件",
            "刪除的郵件",
            "지운 편지함",
        ],
    ),
    (
        Role::Junk,
        &[
            "Junk",
            "Junk E-mail",
            "Junk Email",
            "Spam",
            "Bulk Mail",
            "Junk-E-Mail",
            "Courrier indésirable",
            "Correo no deseado",
            "Posta indesiderata",
            "Ongewenste e-mail",
            "Lixo Eletrônico",
            "Skräppost",
            "Søppelpost",
            "Roskaposti",
            "Wiadomości-śmieci",
            "Nevyžádaná pošta",
            "Levélszemét",
            "Önemsiz E-posta",
            "Нежелательная почта",
            "迷惑メール",
            "垃圾邮件",
            "정크 메일",
        ],
    ),
    (
        Role::Archive,
        &["Archive", "Archives", "Archiv", "Archivo", "Archivio", "Archief", "Arquivo", "Arkiv", "Arkisto", "Архив"],
    ),
];

/// The role that a folder's name suggests: only at the top, for "Projects/Sent" is somebody's own.
pub fn role_by_name(path: &FolderPath) -> Option<Role> {
    if path.is_inbox() {
        return Some(Role::Inbox);
    }
    let [name] = path.0.as_slice() else { return None };
    ROLES.into_iter().find(|(_, names)| names.iter().any(|n| same(n, name))).map(|(role, _)| role)
}

/// Exchange's folders that are no mail, one row a language: calendar, contacts, tasks, notes, journal, outbox, sync issues,
/// conversation history, suggested contacts.
const GROUPWARE: [[&str; 9]; 9] = [
    [
        "Calendar",
        "Contacts",
        "Tasks",
        "Notes",
        "Journal",
        "Outbox",
        "Sync Issues",
        "Conversation History",
        "Suggested Contacts",
    ],
    [
        "Kalender",
        "Kontakte",
        "Aufgaben",
        "Notizen",
        "Journal",
        "Postausgang",
        "Synchronisierungsprobleme",
        "Aufgezeichnete Unterhaltungen",
        "Vorgeschlagene Kontakte",
    ],
    [
        "Calendrier",
        "Contacts",
        "Tâches",
        "Notes",
        "Journal",
        "Boîte d'envoi",
        "Problèmes de synchronisation",
        "Historique des conversations",
        "Contacts suggérés",
    ],
    [
        "Calendario",
        "Contactos",
        "Tareas",
        "Notas",
        "Diario",
        "Bandeja de salida",
        "Problemas de sincronización",
        "Historial de conversaciones",
        "Contactos sugeridos",
    ],
    [
        "Calendario",
        "Contatti",
        "Attività",
        "Note",
        "Diario",
        "Posta in uscita",
        "Problemi di sincronizzazione",
        "Cronologia conversazioni",
        "Contatti suggeriti",
    ],
    [
        "Agenda",
        "Contactpersonen",
        "Taken",
        "Notities",
        "Logboek",
        "Postvak UIT",
        "Synchronisatieproblemen",
        "Gespreksgeschiedenis",
        "Voorgestelde contactpersonen",
    ],
    [
        "Calendário",
        "Contatos",
        "Tarefas",
        "Anotações",
        "Diário",
        "Caixa de saída",
        "Problemas de Sincronização",
        "Histórico de Conversa",
        "Contatos Sugeridos",
    ],
    [
        "Kalender",
        "Kontakter",
        "Uppgifter",
        "Anteckningar",
        "Journal",
        "Utkorgen",
        "Synkroniseringsproblem",
        "Konversationshistorik",
        "Föreslagna kontakter",
    ],
    [
        "Kalendarz",
        "Kontakty",
        "Zadania",
        "Notatki",
        "Dziennik",
        "Skrzynka nadawcza",
        "Problemy z synchronizacją",
        "Historia konwersacji",
        "Sugerowane kontakty",
    ],
];

/// The names among `top` that are Exchange's folders without mail.
///
/// Exchange lists them all in the mailbox's own language, so a language counts from two of its names on: "Notes" in a German
/// mailbox is somebody's mail.
pub fn groupware<'a>(top: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let top: Vec<&str> = top.into_iter().collect();
    let spoken =
        GROUPWARE.iter().filter(|row| row.iter().filter(|name| top.iter().any(|t| same(t, name))).count() >= 2);
    let names: Vec<&str> = spoken.flatten().copied().collect();
    top.into_iter().filter(|t| names.iter().any(|name| same(t, name))).collect()
}

/// Equal without case, in any script.
fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_read_from_a_name_at_the_top_only() {
        assert_eq!(role_by_name(&FolderPath::new(["éléments ENVOYÉS"])), Some(Role::Sent));
        assert_eq!(role_by_name(&FolderPath::new(["Projects", "Sent"])), None);
        assert_eq!(role_by_name(&FolderPath::new(["inbox"])), Some(Role::Inbox));
        assert_eq!(role_by_name(&FolderPath::new(["Sentinel"])), None);
    }

    #[test]
    fn no_name_has_two_roles() {
        let mut all: Vec<String> = ROLES.iter().flat_map(|(_, names)| names.iter().map(|n| n.to_lowercase())).collect();
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn groupware_is_recognised_as_a_set() {
        assert_eq!(groupware(["INBOX", "Calendar", "contacts", "Sent Items"]), ["Calendar", "contacts"]);
        assert_eq!(groupware(["INBOX", "Kalender", "Kontakte", "Notes"]), ["Kalender", "Kontakte"]);
        assert!(groupware(["INBOX", "Calendar", "Old mail"]).is_empty());
    }
}
