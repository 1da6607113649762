//! Items of every class, made from a seed.

use chrono::{DateTime, TimeDelta, Utc};

use super::store::{Mailbox, NewItem};
use crate::lab::mailstore::Content;

/// Class, folder and share of a hundred.
const CLASSES: [(&str, &str, u32); 8] = [
    ("IPM.Note", "Inbox", 40),
    ("IPM.Note", "Archive/2019", 15),
    ("IPM.Note", "Sent Items", 15),
    ("IPM.Note.SMIME", "Inbox", 2),
    ("IPM.Appointment", "Calendar", 12),
    ("IPM.Contact", "Contacts", 10),
    ("IPM.Task", "Tasks", 3),
    ("IPM.StickyNote", "Notes", 3),
];

/// Adds `count` items of all classes, with dates, flags, categories and some copies that share a search key.
pub fn fill(mailbox: &mut Mailbox, count: usize, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    mailbox.ensure_folder("Archive/2019", "IPF.Note");
    let mut last: Option<(&str, NewItem)> = None;
    for number in 0..count {
        let copied = last.clone().filter(|_| random.u8(..100) < 3);
        let (folder, item) = match copied {
            Some((folder, item)) => (folder, item),
            None => {
                let (class, folder) = pick(&mut random);
                (folder, item(&mut random, class, seed, number))
            }
        };
        mailbox.add(folder, item.clone());
        last = Some((folder, item));
    }
}

fn pick(random: &mut fastrand::Rng) -> (&'static str, &'static str) {
    let mut dice = random.u32(..100);
    for (class, folder, share) in CLASSES {
        if dice < share {
            return (class, folder);
        }
        dice -= share;
    }
    ("IPM.Note", "Inbox")
}

fn item(random: &mut fastrand::Rng, class: &str, seed: u64, number: usize) -> NewItem {
    let received = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(random.i64(1_300_000_000..1_700_000_000));
    let subject = format!("{class} {number}");
    let id = format!("<{seed}.{number}@old.example>");
    let mut body = format!(
        "From: a@old.example\r\nTo: b@old.example\r\nSubject: {subject}\r\nDate: {}\r\nMessage-ID: {id}\r\n\r\n",
        received.to_rfc2822()
    );
    for _ in 0..random.usize(1..60) {
        let line: String = std::iter::repeat_with(|| random.alphanumeric()).take(72).collect();
        body.push_str(&line);
        body.push_str("\r\n");
    }
    let mut item = NewItem::new(class, &subject, Content::Stored(body.into()), received);
    item.search_key = random.u128(..).to_be_bytes();
    item.message_id = Some(id);
    item.read = random.u8(..100) < 80;
    item.flag = if random.u8(..100) < 10 { "flagged" } else { "notFlagged" }.to_owned();
    if random.u8(..100) < 15 {
        item.categories = vec!["Red category".to_owned(), "Kunde".to_owned()];
    }
    item
}
