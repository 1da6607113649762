//! The header as fields and their places: no decoding, no judgement.
//!
//! mail-parser is not used for this: it tells no places of lines that are no fields, and a repair needs exactly those.

use std::{borrow::Cow, ops::Range};

use memchr::memchr;

use crate::limits;

/// One field of a header, folded lines included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name; `None` where the line is no field: no colon, an empty name or one with blanks or 8-bit bytes
    /// (RFC 5322 §2.2), such as mbox's "From " line.
    pub name: Option<&'a [u8]>,
    /// What follows the colon, with its folding and without its last line end; the whole line where there is no name.
    pub value: &'a [u8],
    /// Whether blanks stand between name and colon.
    pub loose: bool,
    /// Its place in the bytes given, with its last line end.
    pub range: Range<usize>,
}

impl Field<'_> {
    /// Whether it is the field of this name; case is insignificant.
    pub fn is(&self, name: &str) -> bool {
        self.name.is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// Whether strict servers refuse the line: it is no field, or has blanks before its colon (RFC 5322 §4.5).
    pub fn is_malformed(&self) -> bool {
        self.name.is_none() || self.loose
    }
}

/// The fields of a message or of its header, up to the blank line.
pub fn fields(bytes: &[u8]) -> Fields<'_> {
    // Only where no LF is anywhere is CR a line end (old Macintosh mail); elsewhere a lone CR is dirt within a line.
    let end = if memchr(b'\n', bytes).is_some() { b'\n' } else { b'\r' };
    Fields { bytes, at: 0, end }
}

/// The first value of the field of this name.
pub fn value<'a>(bytes: &'a [u8], name: &str) -> Option<&'a [u8]> {
    fields(bytes).find(|field| field.is(name)).map(|field| field.value)
}

/// The blank line between header and body; `None` where there is none.
pub fn blank_line(bytes: &[u8]) -> Option<Range<usize>> {
    let mut fields = fields(bytes);
    while fields.next().is_some() {}
    fields.line(fields.at)
}

/// Whether the first line is the one that mbox files put before a message.
pub fn is_mbox_from(bytes: &[u8]) -> bool {
    bytes.starts_with(b"From ")
}

/// The part of `message` that is read as a header, without NUL octets, which some servers drop and others keep.
pub fn readable(message: &[u8]) -> Cow<'_, [u8]> {
    without_nul(message.get(..limits::HEADER_READ).unwrap_or(message))
}

/// `bytes` without NUL octets.
pub fn without_nul(bytes: &[u8]) -> Cow<'_, [u8]> {
    if memchr(0, bytes).is_some() { bytes.iter().copied().filter(|&b| b != 0).collect() } else { bytes.into() }
}

/// See [`fields`].
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
    end: u8,
}

impl<'a> Fields<'a> {
    /// The line that begins at `at`, with its end.
    fn line(&self, at: usize) -> Option<Range<usize>> {
        let rest = self.bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let len = memchr(self.end, rest).map_or(rest.len(), |i| i + 1);
        Some(at..at + len)
    }

    fn slice(&self, range: Range<usize>) -> &'a [u8] {
        self.bytes.get(range).unwrap_or_default()
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let start = self.at;
        let mut end = self.line(start).filter(|line| !trim_end(self.slice(line.clone())).is_empty())?.end;
        while let Some(line) = self.line(end)
            && matches!(self.bytes.get(line.start), Some(b' ' | b'\t'))
        {
            end = line.end;
        }
        self.at = end;
        let whole = trim_end(self.slice(start..end));
        let (name, value) = split(whole).map_or((None, whole), |(name, value)| (Some(name), value));
        let loose = name.is_some_and(|name| whole.get(name.len()) != Some(&b':'));
        Some(Field { name, value, loose, range: start..end })
    }
}

/// Name and value of a field; `None` where there is no valid name.
fn split(field: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr(b':', field)?;
    let (name, value) = field.split_at(colon);
    let name = name.trim_ascii_end();
    let valid = !name.is_empty() && name.iter().all(|b| b.is_ascii_graphic());
    valid.then(|| (name, value.get(1..).unwrap_or_default()))
}

/// `line` without its line end.
pub fn trim_end(line: &[u8]) -> &[u8] {
    let mut line = line;
    while let [rest @ .., b'\r' | b'\n'] = line {
        line = rest;
    }
    line
}

/// `line` as its length is counted: without its LF or CRLF, but with further CRs before it.
pub fn measured(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r\n").or_else(|| line.strip_suffix(b"\n")).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(bytes: &[u8]) -> Vec<String> {
        fields(bytes).map(|f| f.name.map_or("-".into(), |n| String::from_utf8_lossy(n).into_owned())).collect()
    }

    #[test]
    fn reads_folded_fields_and_stops_at_the_blank_line() {
        let message = b"Subject: a\r\n b\r\nX-Empty:\r\nTo : c\r\n\r\nCc: body\r\n";
        assert_eq!(names(message), ["Subject", "X-Empty", "To"]);
        assert_eq!(value(message, "subject"), Some(&b" a\r\n b"[..]));
        assert_eq!(blank_line(message), Some(34..36));
        assert_eq!(message.get(36..), Some(&b"Cc: body\r\n"[..]));
    }

    #[test]
    fn takes_any_line_end() {
        assert_eq!(names(b"A: 1\nB: 2\n\nC: 3"), ["A", "B"]);
        assert_eq!(names(b"A: 1\rB: 2\r\rC: 3"), ["A", "B"]);
        assert_eq!(names(b"A: 1\rB: 2\n\nC: 3"), ["A"]);
        assert_eq!(names(b"A: 1\r\r\nB: 2\r\n"), ["A", "B"]);
    }

    #[test]
    fn tells_lines_that_are_no_fields() {
        assert_eq!(names(b"From bob Mon Jan 1 10:00:00 2001\nno colon\n: x\nA: 1\n"), ["-", "-", "-", "A"]);
    }

    #[test]
    fn a_header_without_a_body_has_no_start_of_one() {
        assert_eq!(blank_line(b"A: 1\r\n"), None);
        assert_eq!(blank_line(b""), None);
        assert_eq!(blank_line(b"\r\nbody"), Some(0..2));
    }
}
