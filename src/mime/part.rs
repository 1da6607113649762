//! The borders of a message's parts (RFC 2046), exact to the byte, for repairs that must change one part and nothing else.
//!
//! mail-parser is not used for the borders: it takes `--boundary` for one in the middle of a line too, so that a repair
//! could begin or end inside a text. It reads the Content-Type fields, and the tests compare with it.

use std::ops::Range;

use mail_parser::{ContentType, parsers::MessageStream};

use super::header;
use crate::limits;

/// A message or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its header, without the blank line.
    pub header: Range<usize>,
    /// Its body, without the line end that belongs to the boundary after it.
    pub body: Range<usize>,
    /// What the body is.
    pub content: Content,
    /// How the body is encoded.
    pub encoding: Encoding,
}

/// What the body of a part is, as far as repairs care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text in lines.
    Text,
    /// Bytes: anything else that may be encoded, UTF-16 and UTF-32 text too.
    Binary,
    /// Holds parts or a message.
    Container,
    /// May not be encoded (RFC 2046 §5.2) or cannot be understood.
    Rigid,
    /// Signed or encrypted (RFC 1847, RFC 8551 §3): no byte of it may change.
    Sealed,
}

/// The Content-Transfer-Encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// 7bit, 8bit, binary or none said.
    Plain,
    /// Base64.
    Base64,
    /// Quoted-printable.
    Quoted,
    /// A word that is none of these.
    Unknown,
}

/// The message and its parts, each before what it holds; at most [`limits::MIME_PARTS`].
pub fn parts(message: &[u8]) -> Vec<Part> {
    let mut walk = Walk { message, parts: Vec::new() };
    walk.entity(0..message.len(), false, limits::MIME_DEPTH);
    walk.parts
}

struct Walk<'a> {
    message: &'a [u8],
    parts: Vec<Part>,
}

impl Walk<'_> {
    /// A header and its body in `range`. `digest`: without a Content-Type it is a message (RFC 2046 §5.1.5).
    fn entity(&mut self, range: Range<usize>, digest: bool, depth: usize) {
        if self.parts.len() >= limits::MIME_PARTS {
            return;
        }
        let bytes = self.slice(range.clone());
        let blank = header::blank_line(bytes).unwrap_or(bytes.len()..bytes.len());
        let (header, body) = (range.start..range.start + blank.start, range.start + blank.end..range.end);
        let head = self.slice(header.clone());
        let encoding = encoding_of(head);
        let kind = Kind::of(content_type(head).as_ref(), digest);
        let sections = match &kind {
            Kind::Multipart(boundary, _) => self.sections(body.clone(), boundary),
            Kind::Message if encoding == Encoding::Plain => vec![body.clone()],
            _ => Vec::new(),
        };
        let content = match &kind {
            Kind::Leaf(content) => *content,
            Kind::Message if matches!(encoding, Encoding::Base64 | Encoding::Quoted) => Content::Binary,
            Kind::Multipart(..) | Kind::Message if depth == 0 || sections.is_empty() => Content::Rigid,
            Kind::Multipart(..) | Kind::Message => Content::Container,
        };
        self.parts.push(Part { header, body, content, encoding });
        if content == Content::Container {
            for section in sections {
                self.entity(section, matches!(kind, Kind::Multipart(_, true)), depth - 1);
            }
        }
    }

    /// The parts of a multipart body, between its boundary lines (RFC 2046 §5.1.1).
    fn sections(&self, body: Range<usize>, boundary: &[u8]) -> Vec<Range<usize>> {
        let mut sections = Vec::new();
        let mut open: Option<usize> = None;
        let mut at = body.start;
        for line in self.slice(body.clone()).split_inclusive(|&b| b == b'\n') {
            let (start, end) = (at, at + line.len());
            at = end;
            let Some(closing) = delimiter(line, boundary) else { continue };
            sections.extend(open.map(|open| open..self.before_line_end(start).max(open)));
            open = Some(end);
            if closing {
                return sections;
            }
        }
        sections.extend(open.map(|open| open..body.end.max(open)));
        sections
    }

    /// The place before the line end that ends at `at`.
    fn before_line_end(&self, at: usize) -> usize {
        let before = self.slice(0..at);
        let line_end = if before.ends_with(b"\r\n") { 2 } else { usize::from(before.ends_with(b"\n")) };
        at - line_end
    }

    fn slice(&self, range: Range<usize>) -> &[u8] {
        self.message.get(range).unwrap_or_default()
    }
}

/// Whether `line` is a delimiter of `boundary`, and then whether it is the last one; blanks may follow.
fn delimiter(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?.trim_ascii_end();
    match rest {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

/// What a Content-Type says of the body.
enum Kind {
    /// A multipart with its boundary, and whether it is a digest.
    Multipart(Vec<u8>, bool),
    Message,
    Leaf(Content),
}

impl Kind {
    fn of(content_type: Option<&ContentType<'_>>, digest: bool) -> Self {
        let Some(content_type) = content_type else {
            return if digest { Kind::Message } else { Kind::Leaf(Content::Text) };
        };
        let subtype = content_type.subtype().unwrap_or_default().to_ascii_lowercase();
        match (content_type.ctype().to_ascii_lowercase().as_str(), subtype.as_str()) {
            ("multipart", "signed" | "encrypted") => Kind::Leaf(Content::Sealed),
            ("application", "pkcs7-mime" | "x-pkcs7-mime" | "pgp-encrypted") => Kind::Leaf(Content::Sealed),
            ("multipart", _) => match content_type.attribute("boundary") {
                Some(boundary) if !boundary.is_empty() => {
                    Kind::Multipart(boundary.as_bytes().to_vec(), subtype == "digest")
                }
                _ => Kind::Leaf(Content::Rigid),
            },
            ("message", "rfc822" | "global") => Kind::Message,
            ("message", _) => Kind::Leaf(Content::Rigid),
            ("text", _) if !is_wide(content_type) => Kind::Leaf(Content::Text),
            _ => Kind::Leaf(Content::Binary),
        }
    }
}

/// Whether the text's charset has NUL and line end octets inside its characters.
fn is_wide(content_type: &ContentType<'_>) -> bool {
    let charset = content_type.attribute("charset").unwrap_or_default().to_ascii_lowercase();
    ["utf-16", "utf-32", "utf16", "utf32", "ucs-2", "ucs-4", "iso-10646-ucs"]
        .iter()
        .any(|wide| charset.starts_with(wide))
}

/// The Content-Type of a header; one that cannot be parsed is none, which means text (RFC 2045 §5.2).
fn content_type(head: &[u8]) -> Option<ContentType<'static>> {
    let mut line = header::value(head, "Content-Type")?.to_vec();
    line.push(b'\n');
    let content_type = MessageStream::new(&line).parse_content_type().into_owned().into_content_type()?;
    (content_type.subtype().is_some() || content_type.ctype().eq_ignore_ascii_case("multipart")).then_some(content_type)
}

fn encoding_of(head: &[u8]) -> Encoding {
    let Some(value) = header::value(head, "Content-Transfer-Encoding") else { return Encoding::Plain };
    match value.trim_ascii().to_ascii_lowercase().as_slice() {
        b"" | b"7bit" | b"8bit" | b"binary" => Encoding::Plain,
        b"base64" => Encoding::Base64,
        b"quoted-printable" => Encoding::Quoted,
        _ => Encoding::Unknown,
    }
}

#[cfg(test)]
#[path = "part_tests.rs"]
mod tests;
