//! The fingerprint: evidence that two copies are one message, whatever the servers between them did to its header.
//!
//! Which fields, and how they are read before they are hashed, follows from what servers do:
//!
//! | field | read as | because |
//! |---|---|---|
//! | Message-ID | the part before `@`, lower case | Domino and DBmail change its domain, MailEnable its case (quirks 86, 88) |
//! | Date | an instant | Exchange tells it in another zone |
//! | From, To, Cc | addresses, lower case, sorted, each once | Exchange gives its own display names and folds lists anew |
//! | Subject | decoded, blanks squeezed | folding, tabs and trailing blanks change (quirks 53, 70, 88), and so do charsets |
//! | In-Reply-To | message-ids | keeps replies apart that have no Message-ID yet (drafts; quirk 97) |
//!
//! An absent field and an empty one are the same. Not taken: References (cut and folded by servers with header limits,
//! quirk 91), Received (rewritten, quirk 53), Bcc, Sender, Content-Type and everything that Exchange renders anew, sizes
//! (quirk 31). The rejected alternative, the hash of the raw header, differs on nearly every pair of servers.

use std::{collections::BTreeSet, io};

use super::{
    date,
    header::{self, Field},
    text::Reader,
};
use crate::{body::Body, limits, model::Fingerprint};

/// The first byte of every fingerprint; another way of reading the header is another version.
const VERSION: u8 = 1;

/// The fields that a header fetched for its fingerprint must hold (`BODY.PEEK[HEADER.FIELDS (…)]`). Content-Type names the
/// charset of raw 8-bit bytes.
pub const FINGERPRINT_FIELDS: [&str; 8] =
    ["Message-ID", "Date", "From", "To", "Cc", "Subject", "In-Reply-To", "Content-Type"];

/// The fingerprint of a message or of its header: what follows the blank line does not count.
///
/// The same for a message before and after each repair. Equal fingerprints are evidence, not identity.
pub fn fingerprint(message: &[u8]) -> Fingerprint {
    let head = header::readable(message);
    of_fields(&head, header::fields(&head))
}

/// The fingerprint of the header `head`, which is readable and has these fields.
pub(super) fn of_fields<'a>(head: &'a [u8], fields: impl IntoIterator<Item = Field<'a>>) -> Fingerprint {
    let gathered = Gathered::of(head, fields);
    let mut hasher = blake3::Hasher::new();
    for (name, items) in gathered.in_order() {
        hasher.update(name.as_bytes());
        for item in items {
            hasher.update(&(item.len() as u64).to_be_bytes());
            hasher.update(item.as_bytes());
        }
        // No item has this length, so no two lists of items are the same bytes.
        hasher.update(&u64::MAX.to_be_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(hasher.finalize().as_bytes().get(..16).unwrap_or(&[0; 16]));
    bytes[0] = VERSION;
    Fingerprint(bytes)
}

/// The fingerprint of a body; reads its head only, up to [`limits::HEADER_READ`] bytes.
///
/// # Errors
/// The spool cannot be read.
pub fn fingerprint_body(body: &Body) -> io::Result<Fingerprint> {
    // Most headers end within the first chunk; a longer one is read whole.
    const FIRST: usize = 16 << 10;
    let first = body.chunk(0, FIRST)?;
    // Without an LF in it, it does not tell what a line end is.
    let is_whole = || memchr::memchr(b'\n', &first).is_some() && header::blank_line(&first).is_some();
    if first.len() < FIRST || is_whole() {
        return Ok(fingerprint(&first));
    }
    Ok(fingerprint(&body.chunk(0, limits::HEADER_READ)?))
}

/// The Message-ID of a message or of its header as it is written there, without folds; `None`: there is none.
///
/// # Errors
/// The spool cannot be read.
pub fn message_id(body: &Body) -> io::Result<Option<String>> {
    let head = body.chunk(0, limits::HEADER_READ)?;
    let value = header::value(&head, "Message-ID").map(String::from_utf8_lossy);
    Ok(value.map(|text| text.split_whitespace().collect::<String>()).filter(|id| !id.is_empty()))
}

/// The fields' values as they are hashed.
#[derive(Default)]
struct Gathered {
    message_id: Option<String>,
    date: Option<String>,
    from: BTreeSet<String>,
    to: BTreeSet<String>,
    cc: BTreeSet<String>,
    subject: Option<String>,
    in_reply_to: Vec<String>,
}

impl Gathered {
    fn of<'a>(head: &'a [u8], fields: impl IntoIterator<Item = Field<'a>>) -> Self {
        let reader = Reader::of(head);
        let mut gathered = Gathered::default();
        for field in fields {
            gathered.take(&field, &reader);
        }
        gathered
    }

    /// A field that is there twice counts once: the first, for lists both together, as servers merge them.
    fn take(&mut self, field: &Field<'_>, reader: &Reader<'_>) {
        // Exchange turns what is no address (`root`) into one of its own; so it does not count.
        let addresses =
            || reader.addresses(field.value).into_iter().filter(|a| a.contains('@')).map(|a| a.to_lowercase());
        if field.is("Message-ID") {
            self.message_id =
                self.message_id.take().or_else(|| message_ids(&reader.unstructured(field.value)).into_iter().next());
        } else if field.is("Date") {
            self.date = self.date.take().or_else(|| instant(&reader.unstructured(field.value)));
        } else if field.is("Subject") {
            self.subject = self.subject.take().or_else(|| present(reader.unstructured(field.value)));
        } else if field.is("In-Reply-To") && self.in_reply_to.is_empty() {
            self.in_reply_to = message_ids(&reader.unstructured(field.value));
        } else if field.is("From") {
            self.from.extend(addresses());
        } else if field.is("To") {
            self.to.extend(addresses());
        } else if field.is("Cc") {
            self.cc.extend(addresses());
        }
    }

    fn in_order(&self) -> [(&'static str, Vec<&str>); 7] {
        fn texts<'a>(items: impl IntoIterator<Item = &'a String>) -> Vec<&'a str> {
            items.into_iter().map(String::as_str).collect()
        }
        [
            ("message-id", texts(&self.message_id)),
            ("date", texts(&self.date)),
            ("from", texts(&self.from)),
            ("to", texts(&self.to)),
            ("cc", texts(&self.cc)),
            ("subject", texts(&self.subject)),
            ("in-reply-to", texts(&self.in_reply_to)),
        ]
    }
}

fn present(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// The instant of a date, in seconds; a date that cannot be read counts as its words.
fn instant(text: &str) -> Option<String> {
    date::parse(text).map(|date| date.timestamp().to_string()).or_else(|| present(text.to_owned()))
}

/// The message-ids of a value without domain and case; text without angle brackets is one.
fn message_ids(text: &str) -> Vec<String> {
    let bracketed = text.split('<').skip(1).filter_map(|rest| rest.split_once('>').map(|(id, _)| id));
    let mut ids: Vec<&str> = bracketed.collect();
    if ids.is_empty() {
        ids.push(text);
    }
    let local = |id: &str| {
        let id: String = id.split_whitespace().collect();
        id.rsplit_once('@').map_or(id.as_str(), |(local, _)| local).to_lowercase()
    };
    ids.into_iter().map(local).filter(|id| !id.is_empty()).collect()
}

#[cfg(test)]
#[path = "fingerprint_tests.rs"]
mod tests;
