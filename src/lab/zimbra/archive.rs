//! Archives in the bytes that the real ones have (zimbra.md §5.3): a header before POSIX, octal numbers padded with blanks, the type in the
//! group's name and the device number, stale bytes behind the end mark.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::digest;
use serde_json::{Map, Value, json};

use super::store::{Blob, Item, Mailbox};

const BLOCK: usize = 512;
/// Archives are filled up to a multiple of this.
const RECORD: usize = 20 * BLOCK;
/// Messages of one folder per numbered part of it.
const PART: usize = 500;
/// The longest name that fits a header.
const NAME: usize = 100;

/// Writes these messages, in this order. The first that is not there ends it without a trace (§5.6).
pub(super) fn of_list(mailbox: &Mailbox, ids: &[u32]) -> Vec<u8> {
    let mut archive = Writer::default();
    let mut counts: HashMap<u32, usize> = HashMap::new();
    for id in ids {
        let Some(item) = mailbox.item(*id) else { break };
        if item.blob == Blob::Missing {
            continue;
        }
        let count = counts.entry(item.folder).or_default();
        let name = name(mailbox, item, *count);
        *count += 1;
        archive.item(mailbox, item, &name);
    }
    archive.end()
}

fn name(mailbox: &Mailbox, item: &Item, count: usize) -> String {
    let part = if count >= PART { format!("!{}", count / PART) } else { String::new() };
    let subject: String =
        subject(item).chars().map(|c| if "/:*?\"<>|\0".contains(c) { '_' } else { c }).take(120).collect();
    format!("{}{part}/{:010}-{}.eml", mailbox.path(item.folder), item.id, subject.trim_end_matches([' ', '.']))
}

fn subject(item: &Item) -> String {
    let text = String::from_utf8_lossy(&item.content);
    let line = text.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix("Subject: "));
    line.unwrap_or_default().to_owned()
}

/// The `.meta` of a message, its keys in any order and some of them missing.
fn meta(mailbox: &Mailbox, item: &Item) -> Vec<u8> {
    let unread = item.flags.contains(&'u');
    let mask: u32 = item.flags.iter().filter_map(|flag| BITS.iter().find(|(f, _)| f == flag)).map(|(_, bit)| bit).sum();
    let tags: Vec<String> = item.tags.iter().map(|tag| tag.replace('\\', "\\\\").replace(':', "\\:")).collect();
    let Value::Object(all) = json!({
        "id": item.id, "type": 5, "folder_id": item.folder, "parent_id": -i64::from(item.id), "imap_id": item.id,
        "index_id": 0, "volume_id": 1, "date": item.received, "change_date": item.received + 60, "size": item.size(),
        "blob_digest": digest_of(item), "unread": u8::from(unread), "flags": mask, "metadata": "d1:vi10ee",
        "FlagStr": item.flags.iter().collect::<String>(), "Path": format!("/{}/", mailbox.path(item.folder)),
        "TagNames": tags.join(":"), "TagStr": "", "mod_content": item.revision, "mod_metadata": item.changed, "Ver": 10,
    }) else {
        return Vec::new();
    };
    let mut keys: Vec<(String, Value)> = all.into_iter().collect();
    let mut random = fastrand::Rng::with_seed(u64::from(item.id));
    random.shuffle(&mut keys);
    let kept = keys.into_iter().filter(|(key, _)| key != "TagStr" || random.bool());
    Value::Object(kept.collect::<Map<_, _>>()).to_string().into_bytes()
}

const BITS: [(char, u32); 9] =
    [('s', 1), ('a', 2), ('r', 4), ('w', 8), ('f', 32), ('d', 64), ('x', 128), ('n', 256), ('!', 1024)];

/// The digest of what was stored, not of what is delivered.
fn digest_of(item: &Item) -> String {
    let kind = if item.old { &digest::SHA1_FOR_LEGACY_USE_ONLY } else { &digest::SHA256 };
    STANDARD.encode(digest::digest(kind, &item.content)).replace('/', ",")
}

#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn item(&mut self, mailbox: &Mailbox, item: &Item, name: &str) {
        // The real server means the unread ones and shuts out others instead, and only here.
        let shut = item.flags.iter().any(|flag| "frd".contains(*flag));
        self.entry(&format!("{name}.meta"), &meta(mailbox, item), item.received, shut);
        let mut content = item.content.to_vec();
        content.resize(usize::try_from(item.size()).unwrap_or_default(), b' ');
        self.entry(name, &content, item.received, false);
        if matches!(item.blob, Blob::Misjudged(_)) {
            self.entry(&format!("{name}.err"), &[], item.received, false);
        }
    }

    fn entry(&mut self, name: &str, content: &[u8], date: i64, shut: bool) {
        if name.len() >= NAME {
            let long = [name.as_bytes(), b"\0"].concat();
            self.part("././@LongLink", &long, 0, b'L', 0o100_644);
        }
        let short = name.as_bytes().get(..NAME).unwrap_or(name.as_bytes());
        let mode = if shut { 0o100_444 } else { 0o100_644 };
        self.part(&String::from_utf8_lossy(short), content, date, b'0', mode);
    }

    fn part(&mut self, name: &str, content: &[u8], date: i64, kind: u8, mode: u64) {
        let mut header = [0u8; BLOCK];
        let mut put = |at: usize, bytes: &[u8], most: usize| {
            for (place, byte) in header.iter_mut().skip(at).zip(bytes.iter().take(most)) {
                *place = *byte;
            }
        };
        put(0, name.as_bytes(), NAME);
        put(100, format!("{mode:>6o} \0").as_bytes(), 8);
        put(108, b"     0 \0", 8);
        put(116, b"     0 \0", 8);
        put(124, format!("{:>11o} ", content.len()).as_bytes(), 12);
        put(136, format!("{:>11o} ", date.max(0)).as_bytes(), 12);
        put(148, b"        ", 8);
        put(156, &[kind], 1);
        put(257, b"ustar\0\0\0", 8);
        put(297, b"message", 32);
        put(329, b"     5 \0", 8);
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        for (place, byte) in header.iter_mut().skip(148).zip(format!("{sum:06o}\0 ").bytes()) {
            *place = byte;
        }
        self.0.extend_from_slice(&header);
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(BLOCK), 0);
    }

    fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&[0; 2 * BLOCK]);
        let stale = self.0.get(..BLOCK).unwrap_or_default().to_vec();
        while !self.0.len().is_multiple_of(RECORD) {
            self.0.extend_from_slice(&stale);
        }
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::lab::zimbra::NewItem;

    #[test]
    fn another_reader_finds_what_was_written() {
        let mut mailbox = Mailbox::default();
        let long = mailbox.ensure(&["a folder with a long name"; 6].join("/"));
        let mail = |n: usize| NewItem {
            content: format!("Subject: no. {n}\r\n\r\n{n}\r\n").into(),
            received: 1_500_000_000,
            ..NewItem::default()
        };
        let ids: Vec<u32> = (0..503).map(|n| mailbox.add(if n < 502 { 2 } else { long }, mail(n))).collect();
        let bytes = of_list(&mailbox, &ids);
        assert!(bytes.len().is_multiple_of(RECORD));
        let mut archive = tar::Archive::new(&bytes[..]);
        let mut names = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut content = String::new();
            entry.read_to_string(&mut content).unwrap();
            // The crate reads a group's name in headers of POSIX alone.
            assert_eq!(&entry.header().as_bytes()[297..304], b"message");
            names.push(entry.path().unwrap().display().to_string());
        }
        // Nor does it follow long names in these: they are entries of their own.
        assert_eq!(names.len(), 2 * ids.len() + 2);
        assert_eq!(names[0], "Inbox/0000000263-no. 0.eml.meta");
        assert!(names[1000].starts_with("Inbox!1/") && names[1004].ends_with("@LongLink"));
        assert!(of_list(&mailbox, &[1]).len() == RECORD);
    }
}
