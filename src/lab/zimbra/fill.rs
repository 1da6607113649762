//! A mailbox's mail, made from a seed.

use super::store::{FolderKind, Mailbox, NewItem};

/// Folder and share of a hundred.
const FOLDERS: [(&str, u32); 7] = [
    ("Inbox", 45),
    ("Sent", 18),
    ("Projects/Größe & Co", 15),
    ("Projects/2019", 10),
    ("Drafts", 5),
    ("Trash", 4),
    ("Junk", 3),
];

/// Adds `count` messages with dates, flags and tags, a search folder and a mounted one.
pub fn fill(mailbox: &mut Mailbox, count: usize, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    mailbox.create(1, "Flagged mail", FolderKind::Search);
    mailbox.create(1, "Ann's calendar", FolderKind::Mounted("ann@old.example".to_owned()));
    for number in 0..count {
        let path = pick(&mut random);
        let folder = mailbox.ensure(path);
        mailbox.add(folder, item(&mut random, path, seed, number));
    }
}

fn pick(random: &mut fastrand::Rng) -> &'static str {
    let mut dice = random.u32(..100);
    for (path, share) in FOLDERS {
        if dice < share {
            return path;
        }
        dice -= share;
    }
    "Inbox"
}

fn item(random: &mut fastrand::Rng, path: &str, seed: u64, number: usize) -> NewItem {
    let received = random.i64(1_100_000_000..1_750_000_000);
    let date = chrono::DateTime::from_timestamp(received, 0).unwrap_or_default().to_rfc2822();
    let mut content = format!(
        "From: a@old.example\r\nTo: b@old.example\r\nSubject: no. {number}: {}\r\nDate: {date}\r\nMessage-ID: <{seed}.{number}@old.example>\r\n\r\n",
        ["plans", "a/b", "Re: you?", "invoice."][random.usize(..4)]
    );
    for _ in 0..random.usize(1..40) {
        content.extend(std::iter::repeat_with(|| random.alphanumeric()).take(72));
        content.push_str("\r\n");
    }
    let drawn = [('u', 25), ('f', 10), ('r', 15), ('w', 5), ('a', 10), ('x', 2), ('!', 3)];
    let mut flags: String =
        drawn.iter().filter(|(_, percent)| random.u8(..100) < *percent).map(|(flag, _)| *flag).collect();
    if path == "Drafts" {
        flags.push('d');
    }
    let tags = if random.u8(..100) < 15 { vec!["Kunde".to_owned(), "Rot, wichtig".to_owned()] } else { Vec::new() };
    NewItem { content: content.into(), received, flags, tags }
}
