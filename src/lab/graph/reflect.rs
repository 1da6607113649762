//! A mailbox that IMAP serves too: what comes in by one way is seen by the other.
//!
//! Both stores are brought together before and after each request. Messages carry bytes, dates, read state and flag across; categories stay
//! here, for IMAP at Exchange has no keywords (quirk 27). What both sides changed at once goes as Graph has it.

use std::collections::BTreeMap;

use chrono::DateTime;

use super::{
    mail::is_message,
    store::{Item, Mailbox, NewItem},
};
use crate::{
    clock,
    lab::{
        generate::{decode_name, encode_name},
        mailstore::{Mailbox as ImapMailbox, Mailstore, Message, NewMessage},
    },
    model::{ReceivedAt, SystemFlags},
};

/// Where a message lies by IMAP: folder, UIDVALIDITY, UID.
type Place = (Vec<u8>, u32, u32);

/// The tie between a mailbox and its IMAP side.
#[derive(Debug)]
pub(super) struct Reflection {
    store: Mailstore,
    /// The places of items.
    places: BTreeMap<u64, Place>,
    /// The last state of both that was brought together.
    seen: Option<(u64, u64)>,
}

impl Reflection {
    pub(super) fn new(store: &Mailstore) -> Self {
        Reflection { store: store.clone(), places: BTreeMap::new(), seen: None }
    }

    /// Brings both together.
    pub(super) fn sync(&mut self, mailbox: &mut Mailbox) {
        let state = |store: &Mailstore, mailbox: &Mailbox| (*store.changes().borrow(), mailbox.changes);
        if self.seen == Some(state(&self.store, mailbox)) {
            return;
        }
        let told = self.seen.map_or(0, |(_, changes)| changes);
        let store = self.store.clone();
        let all = store.write(|imap| {
            self.push(mailbox, imap, told);
            self.pull(mailbox, imap)
        });
        self.seen = all.then(|| state(&store, mailbox));
    }

    /// What is new, changed or gone here since `told`.
    fn push(&mut self, mailbox: &Mailbox, imap: &mut ImapMailbox, told: u64) {
        let is_gone = |serial: &u64, (name, ..): &Place| {
            mailbox.items.get(serial).is_none_or(|item| imap_name(mailbox, item.folder) != *name)
        };
        let gone: Vec<u64> = self.places.iter().filter(|(s, place)| is_gone(s, place)).map(|(s, _)| *s).collect();
        for (name, _, uid) in gone.iter().filter_map(|serial| self.places.remove(serial)) {
            imap.folder_mut(&name).map(|folder| folder.expunge(|message| message.uid == uid));
        }
        for folder in
            mailbox.folders.values().filter(|folder| folder.class == "IPF.Note" && !folder.search && !folder.hidden)
        {
            let name = imap_name(mailbox, folder.serial);
            if imap.folder(&name).is_none() {
                let _ = imap.create(&name);
            }
        }
        for item in mailbox.items.values().filter(|item| item.changed > told && is_message(item)) {
            match self.places.get(&item.serial) {
                Some((name, _, uid)) => {
                    imap.folder_mut(name)
                        .and_then(|folder| folder.set_flags(*uid, |f| f.system = marks(item, f.system)));
                }
                None => {
                    let place = append(imap, imap_name(mailbox, item.folder), item);
                    self.places.extend(place.map(|place| (item.serial, place)));
                }
            }
        }
    }

    /// What is new, changed or gone there; whether that was all, for some may not be shown yet.
    fn pull(&mut self, mailbox: &mut Mailbox, imap: &ImapMailbox) -> bool {
        let (now, mut all) = (clock::instant(), true);
        let mut known: BTreeMap<Place, u64> =
            self.places.iter().map(|(serial, place)| (place.clone(), *serial)).collect();
        for (name, folder) in imap.folders().filter(|(_, folder)| folder.selectable) {
            let path = graph_path(name);
            mailbox.ensure_folder(&path, "IPF.Note");
            all &= folder.visible(now).count() == folder.messages().len();
            for message in folder.visible(now) {
                let place = (name.to_vec(), folder.validity, message.uid);
                match known.remove(&place) {
                    Some(serial) => take_marks(mailbox, serial, message.flags.system),
                    None => {
                        let serial = mailbox.add_serial(&path, item_of(message));
                        self.places.extend(serial.map(|serial| (serial, place)));
                    }
                }
            }
        }
        for serial in known.into_values() {
            self.places.remove(&serial);
            mailbox.remove(&mailbox.ids.immutable(serial));
        }
        all
    }
}

/// `INBOX` is `Inbox` to Graph; the other names are the same, but for their encoding.
fn graph_path(name: &[u8]) -> String {
    let path = decode_name(&String::from_utf8_lossy(name));
    match path.strip_prefix("INBOX") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("Inbox{rest}"),
        _ => path,
    }
}

fn imap_name(mailbox: &Mailbox, folder: u64) -> Vec<u8> {
    let path = mailbox.path(folder);
    match path.strip_prefix("Inbox") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("INBOX{}", encode_name(rest)).into_bytes(),
        _ => encode_name(&path).into_bytes(),
    }
}

fn append(imap: &mut ImapMailbox, name: Vec<u8>, item: &Item) -> Option<Place> {
    if imap.folder(&name).is_none() {
        let _ = imap.create(&name);
    }
    let received_at = ReceivedAt { unix: item.data.received.timestamp(), offset: 0 };
    let mut new = NewMessage { content: item.data.content.clone(), flags: Default::default(), received_at };
    new.flags.system = marks(item, SystemFlags::default());
    let folder = imap.folder_mut(&name)?;
    let uid = folder.append(new, None);
    Some((name, folder.validity, uid))
}

/// The marks of IMAP that an item has; those that Graph does not know stay.
fn marks(item: &Item, kept: SystemFlags) -> SystemFlags {
    let own = SystemFlags::SEEN.union(SystemFlags::FLAGGED);
    let set = |is_set: bool, flag: SystemFlags| if is_set { flag } else { SystemFlags::default() };
    let seen = set(item.data.read, SystemFlags::SEEN);
    kept.without(own).union(seen).union(set(item.data.flag == "flagged", SystemFlags::FLAGGED))
}

fn take_marks(mailbox: &mut Mailbox, serial: u64, flags: SystemFlags) {
    let Some(item) = mailbox.items.get(&serial) else { return };
    let (read, flagged) = (flags.contains(SystemFlags::SEEN), flags.contains(SystemFlags::FLAGGED));
    if (item.data.read, item.data.flag == "flagged") == (read, flagged) {
        return;
    }
    mailbox.update(&mailbox.ids.immutable(serial), |data| {
        data.read = read;
        data.flag = if flagged { "flagged" } else { "notFlagged" }.to_owned();
    });
}

fn item_of(message: &Message) -> NewItem {
    let header = String::from_utf8_lossy(&message.content.header()).into_owned();
    let received = DateTime::from_timestamp(message.received_at.unix, 0).unwrap_or_default();
    let subject = field(&header, "subject").unwrap_or_default();
    let mut item = NewItem::new(class_of(&header), &subject, message.content.clone(), received);
    item.message_id = field(&header, "message-id");
    let has = |flag| message.flags.system.contains(flag);
    (item.read, item.draft) = (has(SystemFlags::SEEN), has(SystemFlags::DRAFT));
    item.flag = if has(SystemFlags::FLAGGED) { "flagged" } else { "notFlagged" }.to_owned();
    item
}

/// What Exchange makes of a message that it takes by IMAP: a delivery report is none of its letters.
fn class_of(header: &str) -> &'static str {
    match field(header, "content-type") {
        Some(content) if content.starts_with("multipart/report") => "REPORT.IPM.Note.NDR",
        _ => "IPM.Note",
    }
}

/// The first field of this name, unfolded.
fn field(header: &str, name: &str) -> Option<String> {
    let mut lines = header
        .lines()
        .skip_while(|line| !line.split_once(':').is_some_and(|(field, _)| field.trim_end().eq_ignore_ascii_case(name)));
    let (_, first) = lines.next()?.split_once(':')?;
    let folded = lines.take_while(|line| line.starts_with([' ', '\t']));
    Some(std::iter::once(first).chain(folded).map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned())
}
