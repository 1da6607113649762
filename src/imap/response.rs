//! One reply into one [`Event`]; whatever cannot be understood is [`Event::Other`] and never an error.
//!
//! Names of folders are read here and not by async-imap's parser, which decodes them lossily and leaves backslashes in them:
//! a name is the folder's identity.

use std::borrow::Cow;

use super::{
    Event, FolderEntry, Literal, Namespace, StatusReply, Tag, Tagged, Verdict, code, fetch,
    reader::{Reader, words},
    uidset,
};
use crate::model::FolderName;

/// Reads one reply.
pub(super) fn read(text: &[u8], literals: Vec<Literal>) -> Event {
    let line = text.trim_ascii_end();
    let known = match line.strip_prefix(b"* ") {
        Some(data) => untagged(data, literals),
        None => line.strip_prefix(b"+").map(|rest| Event::Continue(words(rest))).or_else(|| tagged(line)),
    };
    known.unwrap_or_else(|| Event::Other(words(line)))
}

/// `A12 OK [code] text`. Tags are ours: a letter and a number.
fn tagged(line: &[u8]) -> Option<Event> {
    let mut reader = Reader::new(line);
    let tag = std::str::from_utf8(reader.atom()).ok()?.strip_prefix('A')?.parse().ok()?;
    let verdict = verdict(reader.blanks().atom())?;
    let (code, text) = code::read(reader.blanks().rest());
    Some(Event::Tagged(Tagged { tag: Tag(tag), verdict, code, text }))
}

fn verdict(word: &[u8]) -> Option<Verdict> {
    [(&b"OK"[..], Verdict::Ok), (b"NO", Verdict::No), (b"BAD", Verdict::Bad), (b"PREAUTH", Verdict::Ok)]
        .into_iter()
        .find_map(|(name, verdict)| word.eq_ignore_ascii_case(name).then_some(verdict))
}

fn untagged(data: &[u8], literals: Vec<Literal>) -> Option<Event> {
    let mut reader = Reader::new(data);
    if let Some(number) = reader.number::<u32>() {
        return numbered(number, reader.blanks(), literals);
    }
    let word = reader.atom().to_ascii_uppercase();
    if let Some(verdict) = verdict(&word) {
        let (code, text) = code::read(reader.blanks().rest());
        return Some(Event::Condition(verdict, code, text));
    }
    if !literals.is_empty() {
        return None; // A literal too long to be a name stands outside the text.
    }
    let reader = reader.blanks();
    match word.as_slice() {
        b"BYE" => Some(Event::Bye(bye(reader.rest()))),
        b"CAPABILITY" => Some(Event::Capability(split(reader.rest()))),
        b"ENABLED" => Some(Event::Enabled(split(reader.rest()))),
        b"LIST" | b"XLIST" => list(reader, false),
        b"LSUB" => list(reader, true),
        b"STATUS" => status(reader),
        b"SEARCH" => Some(search(reader)),
        b"ESEARCH" => esearch(reader),
        b"VANISHED" => vanished(reader),
        b"NAMESPACE" => namespace(reader),
        b"QUOTA" => quota(reader),
        b"ID" => Some(Event::Id(id(reader).unwrap_or_default())),
        _ => None,
    }
}

fn numbered(number: u32, reader: &mut Reader<'_>, literals: Vec<Literal>) -> Option<Event> {
    let word = reader.atom().to_ascii_uppercase();
    match word.as_slice() {
        b"FETCH" => Some(Event::Fetch(Box::new(fetch::read(number, reader.rest(), literals)))),
        b"EXISTS" => Some(Event::Exists(number)),
        b"EXPUNGE" => Some(Event::Expunge(number)),
        _ => None,
    }
}

/// A BYE keeps its code in its words: they are all that is left to tell.
fn bye(text: &[u8]) -> String {
    words(text)
}

fn split(rest: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(rest).split_ascii_whitespace().map(str::to_owned).collect()
}

fn list(reader: &mut Reader<'_>, subscribed_list: bool) -> Option<Event> {
    let attributes = reader.words()?.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect();
    let delimiter = delimiter(reader.blanks())?;
    let name = FolderName(folder_name(reader.blanks(), |after| after.at_end() || after.rest().starts_with(b" ("))?);
    Some(Event::List(FolderEntry { name, delimiter, attributes, subscribed_list }))
}

/// NIL or one character; a lone backslash may come without its escape (quirk 85).
fn delimiter(reader: &mut Reader<'_>) -> Option<Option<char>> {
    if let Some(rest) = reader.rest().strip_prefix(br#""\" "#) {
        *reader = Reader::new(rest);
        return Some(Some('\\'));
    }
    let text = reader.nstring()?;
    Some(text.and_then(|text| String::from_utf8_lossy(&text).chars().next()))
}

/// A folder's name. One that stands unquoted with blanks, parentheses or control characters in it (quirk 93,
/// microsoft365.md §1.5) reaches as far as `ends` says, or to the end of the line.
fn folder_name(reader: &mut Reader<'_>, ends: impl Fn(&Reader<'_>) -> bool) -> Option<Vec<u8>> {
    let mut ahead = reader.clone();
    let name = ahead.astring()?;
    if ends(&ahead) {
        *reader = ahead;
        return Some(name.into_owned());
    }
    Some(std::mem::replace(reader, Reader::new(b"")).rest().to_vec())
}

fn status(reader: &mut Reader<'_>) -> Option<Event> {
    let (name, items) = match reader.clone().astring() {
        Some(Cow::Borrowed(_)) if !reader.rest().starts_with(b"\"") && !reader.rest().starts_with(b"{") => {
            let at = reader.rest().iter().rposition(|c| *c == b'(')?;
            (reader.rest()[..at].trim_ascii_end().to_vec(), Reader::new(&reader.rest()[at..]).words()?)
        }
        _ => (reader.astring()?.into_owned(), reader.blanks().words()?),
    };
    let mut status = StatusReply { name, ..StatusReply::default() };
    for pair in items.chunks_exact(2) {
        let [item, value] = pair else { continue };
        let Some(value) = std::str::from_utf8(value).ok().and_then(|v| v.parse::<u64>().ok()) else { continue };
        match item.to_ascii_uppercase().as_slice() {
            b"MESSAGES" => status.messages = Some(value),
            b"UIDNEXT" => status.next = u32::try_from(value).ok(),
            b"UIDVALIDITY" => status.validity = u32::try_from(value).ok(),
            b"HIGHESTMODSEQ" => status.modseq = Some(value),
            b"APPENDLIMIT" => status.append_limit = Some(value),
            _ => {}
        }
    }
    Some(Event::Status(status))
}

/// Numbers up to the first word that is none, such as `(MODSEQ 5)`.
fn search(reader: &mut Reader<'_>) -> Event {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    while let Some(number) = reader.blanks().number::<u32>() {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    Event::Search { ranges, count: None }
}

/// `(TAG "A3") UID ALL 1:5,9 COUNT 6` (RFC 4731).
fn esearch(reader: &mut Reader<'_>) -> Option<Event> {
    let (mut ranges, mut count) = (Vec::new(), None);
    if reader.rest().starts_with(b"(") {
        reader.value()?;
    }
    while !reader.blanks().at_end() {
        match reader.atom().to_ascii_uppercase().as_slice() {
            b"UID" => {}
            b"ALL" => ranges = uidset::parse(reader.blanks().atom())?,
            b"COUNT" => count = Some(reader.blanks().number()?),
            _ => reader.value()?,
        }
    }
    Some(Event::Search { ranges, count })
}

fn vanished(reader: &mut Reader<'_>) -> Option<Event> {
    let earlier = reader.rest().starts_with(b"(");
    if earlier {
        reader.value()?;
    }
    Some(Event::Vanished { ranges: uidset::parse(reader.blanks().atom())?, earlier })
}

fn namespace(reader: &mut Reader<'_>) -> Option<Event> {
    let personal = prefixes(reader.blanks())?;
    let other = prefixes(reader.blanks()).unwrap_or_default();
    let shared = prefixes(reader.blanks()).unwrap_or_default();
    Some(Event::Namespace(Namespace { personal, other, shared }))
}

/// NIL or `(("prefix" "delimiter" …)…)`.
fn prefixes(reader: &mut Reader<'_>) -> Option<Vec<(Vec<u8>, Option<char>)>> {
    let mut prefixes = Vec::new();
    if !reader.eat(b'(') {
        return reader.nstring()?.is_none().then_some(prefixes);
    }
    while !reader.blanks().eat(b')') {
        if !reader.eat(b'(') {
            return None;
        }
        let prefix = reader.blanks().astring()?.into_owned();
        prefixes.push((prefix, delimiter(reader.blanks())?));
        while !reader.blanks().eat(b')') {
            reader.value()?;
        }
    }
    Some(prefixes)
}

fn quota(reader: &mut Reader<'_>) -> Option<Event> {
    reader.astring()?;
    let words = reader.blanks().words()?;
    let number = |word: &[u8]| std::str::from_utf8(word).ok()?.parse::<u64>().ok();
    let storage = words.chunks_exact(3).find_map(|resource| match resource {
        [name, usage, limit] if name.eq_ignore_ascii_case(b"STORAGE") => Some((number(usage)?, number(limit)?)),
        _ => None,
    });
    Some(Event::Quota(storage))
}

fn id(reader: &mut Reader<'_>) -> Option<Vec<(String, String)>> {
    let mut fields = Vec::new();
    if reader.eat(b'(') {
        while !reader.blanks().eat(b')') {
            let name = words(&reader.astring()?).to_ascii_lowercase();
            if let Some(value) = reader.blanks().nstring()? {
                fields.push((name, words(&value)));
            }
        }
    }
    Some(fields)
}

#[cfg(test)]
#[path = "response_tests.rs"]
mod tests;
