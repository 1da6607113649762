//! `* n FETCH (…)`: the items that we ask for; any other is passed over, whatever its form.
//!
//! async-imap's parser is not used here: imap-proto 0.17 panics on `INTERNALDATE NIL` and gives up the whole stream on one
//! odd item (quirks 39, 84). A reply that breaks off half-way tells what came before.

use std::borrow::Cow;

use super::{Attributes, Literal, date, reader::Reader};
use crate::{body::Body, model::Flags};

/// Reads the list of items after `FETCH `; `literals` are those that were taken out of the text, in order.
pub(super) fn read(sequence: u32, text: &[u8], literals: Vec<Literal>) -> Attributes {
    let mut items = Items { reader: Reader::new(text), literals: literals.into_iter().map(Some).collect() };
    let mut told = Attributes { sequence, ..Attributes::default() };
    items.reader.blanks().eat(b'(');
    while items.item(&mut told).is_some() {}
    told
}

struct Items<'a> {
    reader: Reader<'a>,
    literals: Vec<Option<Literal>>,
}

impl Items<'_> {
    /// Reads one name and its value; `None` at the end of the list or of what can be understood.
    fn item(&mut self, told: &mut Attributes) -> Option<()> {
        let name = self.reader.blanks().item_name()?;
        self.reader.blanks();
        let before = self.reader.clone();
        if self.known(name, told).is_none() {
            self.reader = before;
            self.reader.value()?;
        }
        Some(())
    }

    /// Reads the value of an item we know; `None` where the name is another or the value has not its form.
    fn known(&mut self, name: &[u8], told: &mut Attributes) -> Option<()> {
        if is_body(name) {
            let literal = self.body()?;
            *(if is_header(name) { &mut told.header } else { &mut told.body }) = Some(literal);
            return Some(());
        }
        match name {
            b"UID" => told.uid = Some(self.reader.number()?),
            b"FLAGS" => told.flags = Some(flags(&self.reader.words()?)),
            b"INTERNALDATE" => told.received_at = Some(self.reader.nstring()?.and_then(|text| date::parse(&text))),
            b"RFC822.SIZE" => told.size = Some(self.reader.number()?),
            b"X-GM-MSGID" => told.gmail_id = Some(self.reader.number()?),
            b"MODSEQ" => told.modseq = Some(modseq(&self.reader.words()?)?),
            _ => return named_otherwise(name).and_then(|name| self.known(&name, told)),
        }
        Some(())
    }

    /// NIL, a literal that was taken out, or a quoted string.
    fn body(&mut self) -> Option<Literal> {
        if let Some(number) = self.reader.diverted() {
            return self.literals.get_mut(number)?.take();
        }
        Some(match self.reader.nstring()? {
            Some(bytes) => Literal::Body(Body::from_bytes(bytes.into_owned())),
            None => Literal::Nil,
        })
    }
}

impl<'a> Reader<'a> {
    /// The name of an item with its section and origin: `BODY[HEADER.FIELDS (Date)]<0>`.
    fn item_name(&mut self) -> Option<&'a [u8]> {
        let bytes = self.rest();
        let end =
            |from: usize, stops: &[u8]| bytes.get(from..)?.iter().position(|c| stops.contains(c)).map(|at| from + at);
        let mut len = end(0, b" ([)\r\n").unwrap_or(bytes.len());
        if bytes.get(len) == Some(&b'[') {
            len = end(end(len, b"]")?, b" ()\r\n").unwrap_or(bytes.len());
        }
        let (name, rest) = bytes.split_at(len);
        *self = Reader::new(rest);
        (!name.is_empty()).then_some(name)
    }
}

/// Whether an item of this name has a message or a part of one as its value.
pub(super) fn is_body(name: &[u8]) -> bool {
    let starts = |prefix: &[u8]| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    starts(b"BODY[")
        || starts(b"BINARY[")
        || [&b"RFC822"[..], b"RFC822.HEADER", b"RFC822.TEXT"].iter().any(|whole| name.eq_ignore_ascii_case(whole))
}

fn is_header(name: &[u8]) -> bool {
    name.windows(6).any(|window| window.eq_ignore_ascii_case(b"HEADER"))
}

/// The name in upper case, where it is not already.
fn named_otherwise(name: &[u8]) -> Option<Vec<u8>> {
    name.iter().any(u8::is_ascii_lowercase).then(|| name.to_ascii_uppercase())
}

fn flags(words: &[Cow<'_, [u8]>]) -> Flags {
    let names: Vec<Cow<'_, str>> = words.iter().map(|word| String::from_utf8_lossy(word)).collect();
    Flags::from_names(names.iter().map(|name| &**name))
}

fn modseq(words: &[Cow<'_, [u8]>]) -> Option<u64> {
    std::str::from_utf8(words.first()?).ok()?.parse().ok()
}
