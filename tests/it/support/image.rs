//! What a mailbox holds, as another client sees it, and how two mailboxes differ.

use super::raw::{Line, Raw};
use chrono::DateTime;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Lines of a difference that are printed; the rest is counted.
const SHOWN: usize = 40;

/// One message as FETCH shows it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub uid: u32,
    /// BLAKE3 of the body.
    pub hash: [u8; 32],
    /// INTERNALDATE in seconds since 1970.
    pub received_at: i64,
    /// System flags and keywords, without `\Recent`.
    pub flags: BTreeSet<String>,
    /// Size and subject, for people.
    pub label: String,
}

type Key = ([u8; 32], i64, BTreeSet<String>);

impl Seen {
    fn key(&self) -> Key {
        (self.hash, self.received_at, self.flags.clone())
    }
}

/// A mailbox: what is compared is the multiset of (body, date, flags) in every folder, and the subscriptions.
#[derive(Clone, Debug, Default)]
pub struct MailboxImage {
    pub folders: BTreeMap<String, Vec<Seen>>,
    pub subscribed: BTreeSet<String>,
}

impl MailboxImage {
    /// Reads everything.
    pub fn read(raw: &mut Raw) -> MailboxImage {
        let mut image = MailboxImage::default();
        for folder in raw.folders() {
            let messages = if folder.selectable { read_folder(raw, &folder.wire) } else { Vec::new() };
            if folder.selectable {
                image.folders.insert(folder.name, messages);
            }
        }
        image.subscribed = raw.subscribed().into_iter().map(|f| f.name).collect();
        image
    }

    /// Messages in all folders.
    pub fn messages(&self) -> usize {
        self.folders.values().map(Vec::len).sum()
    }
}

/// Fails with what differs.
#[track_caller]
pub fn assert_equal(wanted: &MailboxImage, found: &MailboxImage) {
    let lines = diff(wanted, found);
    assert!(lines.is_empty(), "{}", shown(&lines));
}

/// The differences as one text, not longer than a person reads.
pub fn shown(lines: &[String]) -> String {
    let mut text = format!("{} differences:\n", lines.len());
    for line in lines.iter().take(SHOWN) {
        let _ = writeln!(text, "  {line}");
    }
    text
}

/// Every difference in words; none if the two are equal.
pub fn diff(wanted: &MailboxImage, found: &MailboxImage) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, messages) in &wanted.folders {
        match found.folders.get(name) {
            Some(others) => lines.extend(diff_folder(name, messages, others)),
            None => lines.push(format!("{name}: folder missing, with {} messages", messages.len())),
        }
    }
    let extra = found.folders.keys().filter(|name| !wanted.folders.contains_key(*name));
    lines.extend(extra.map(|name| format!("{name}: folder that should not be there")));
    lines.extend(wanted.subscribed.difference(&found.subscribed).map(|name| format!("{name}: not subscribed")));
    lines.extend(found.subscribed.difference(&wanted.subscribed).map(|name| format!("{name}: subscribed")));
    lines
}

/// The differences of two folders.
pub fn diff_folder(name: &str, wanted: &[Seen], found: &[Seen]) -> Vec<String> {
    let (mut missing, mut extra) = (surplus(wanted, found), surplus(found, wanted));
    let mut lines = Vec::new();
    missing.retain(|want| {
        let Some(at) = extra.iter().position(|other| other.hash == want.hash) else { return true };
        lines.push(format!("{name}: {}", altered(want, extra.swap_remove(at))));
        false
    });
    lines.extend(missing.iter().map(|m| format!("{name}: missing {}", m.label)));
    let known: BTreeSet<_> = wanted.iter().map(|m| m.hash).collect();
    let kind = |m: &Seen| if known.contains(&m.hash) { "doubled" } else { "unknown" };
    lines.extend(extra.iter().map(|m| format!("{name}: {} UID {} {}", kind(m), m.uid, m.label)));
    lines
}

fn altered(want: &Seen, found: &Seen) -> String {
    let mut text = format!("UID {} {}:", found.uid, want.label);
    if want.received_at != found.received_at {
        let _ = write!(text, " date {} became {}", want.received_at, found.received_at);
    }
    if want.flags != found.flags {
        let _ = write!(text, " flags {:?} became {:?}", want.flags, found.flags);
    }
    text
}

/// Messages of `a` that `b` has not, or has fewer times.
fn surplus<'a>(a: &'a [Seen], b: &[Seen]) -> Vec<&'a Seen> {
    let mut left: BTreeMap<Key, usize> = BTreeMap::new();
    for message in b {
        *left.entry(message.key()).or_default() += 1;
    }
    let mut spare = |message: &Seen| match left.get_mut(&message.key()) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    a.iter().filter(|m| spare(m)).collect()
}

/// Reads one folder, by its name on the wire.
pub fn read_folder(raw: &mut Raw, wire: &str) -> Vec<Seen> {
    raw.command(&format!("EXAMINE {}", super::raw::quote(wire)));
    let mut messages = Vec::new();
    let mut each = |line: Line| messages.extend(seen(&line));
    match raw.stream_command("UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])", &mut each) {
        Ok(()) => messages,
        // RFC 3501 lets a server refuse a set that no message is in.
        Err(words) if messages.is_empty() => panic!("{wire}: {words}"),
        Err(words) => panic!("{wire}: {words} after {} messages", messages.len()),
    }
}

fn seen(line: &Line) -> Option<Seen> {
    let text = line.text.strip_prefix("* ")?.split_once(" FETCH (")?.1;
    let body = line.literals.first()?;
    let date = between(text, "INTERNALDATE \"", "\"")?.trim();
    let flags = between(text, "FLAGS (", ")")?.split_whitespace().filter(|f| *f != "\\Recent");
    Some(Seen {
        uid: text.split_once("UID ")?.1.split([' ', ')']).next()?.parse().ok()?,
        hash: *blake3::hash(body).as_bytes(),
        received_at: DateTime::parse_from_str(date, "%d-%b-%Y %H:%M:%S %z").unwrap().timestamp(),
        flags: flags.map(str::to_owned).collect(),
        label: label(body),
    })
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    Some(text.split_once(start)?.1.split_once(end)?.0)
}

fn label(body: &[u8]) -> String {
    let head = String::from_utf8_lossy(&body[..body.len().min(8192)]);
    let field = |name: &str| head.lines().find(|l| l.starts_with(name)).unwrap_or("").trim().to_owned();
    format!("{} bytes, {} {}", body.len(), field("X-Trial:"), field("Subject:"))
}
