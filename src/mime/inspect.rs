//! What a target may refuse a message for, from one pass over its bytes.
//!
//! It streams; only the header is held, up to [`limits::HEADER_READ`] bytes.

use memchr::memchr_iter;

use super::{
    Repair,
    header::{self, Field},
    scan::Scan,
    text,
};
use crate::limits;

/// What one pass over a message tells. Lengths are bytes without the line end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// There are NUL octets.
    pub nul: bool,
    /// There is a CR or LF that is no part of a CRLF, or the last line has no CRLF (quirks 52, 56, 81).
    pub bare_newline: bool,
    /// The body has control characters other than TAB and NUL (quirk 9).
    pub control: bool,
    /// The header has 8-bit bytes.
    pub raw_header: bool,
    /// The header has lines that are no fields, or blanks before a colon.
    pub malformed_header: bool,
    /// The header has encoded words of a charset that nobody knows (quirk 7).
    pub unknown_charset: bool,
    /// The first line is mbox's "From " (quirk 81).
    pub mbox_from: bool,
    /// The longest line of the header.
    pub header_line: usize,
    /// The longest line of the body.
    pub body_line: usize,
}

impl Inspection {
    /// Whether `repair` has something to do, with lines of `longest` bytes allowed.
    pub fn needs(&self, repair: Repair, longest: usize) -> bool {
        match repair {
            Repair::MboxFrom => self.mbox_from,
            Repair::Nul => self.nul,
            Repair::Newline => self.bare_newline,
            Repair::Header => self.raw_header || self.malformed_header,
            Repair::Charset => self.unknown_charset,
            Repair::HeaderLine => self.header_line > longest,
            Repair::Control => self.control,
            Repair::BodyLine => self.body_line > longest,
        }
    }
}

/// Looks at bytes that are at hand.
pub fn inspect_bytes(bytes: &[u8]) -> Inspection {
    let mut inspector = Inspector::default();
    inspector.take(bytes);
    inspector.finish()
}

/// An inspection under way.
#[derive(Default)]
pub struct Inspector {
    /// The header, up to [`limits::HEADER_READ`] bytes.
    pub head: Vec<u8>,
    header: Scan,
    body: Scan,
    in_body: bool,
    /// Whether the header's line that is not yet complete has a byte other than CR.
    filled: bool,
}

impl Inspector {
    /// Takes the next bytes.
    pub fn take(&mut self, chunk: &[u8]) {
        let (header, body) = chunk.split_at(self.header_of(chunk));
        let room = limits::HEADER_READ.saturating_sub(self.head.len());
        self.head.extend_from_slice(header.get(..room).unwrap_or(header));
        self.header.take(header);
        self.body.take(body);
    }

    /// How many bytes of `chunk` are the header's, with the blank line that ends it.
    fn header_of(&mut self, chunk: &[u8]) -> usize {
        if self.in_body {
            return 0;
        }
        let mut start = 0;
        for end in memchr_iter(b'\n', chunk) {
            self.fill(chunk.get(start..end));
            start = end + 1;
            if !self.filled {
                self.in_body = true;
                return start;
            }
            self.filled = false;
        }
        self.fill(chunk.get(start..));
        chunk.len()
    }

    fn fill(&mut self, line: Option<&[u8]>) {
        self.filled = self.filled || line.is_some_and(|line| line.iter().any(|&b| b != b'\r'));
    }

    /// What was seen, where nothing else is asked of the header.
    fn finish(&self) -> Inspection {
        let head = header::readable(&self.head);
        self.tell(&head, &header::fields(&head).collect::<Vec<_>>())
    }

    /// What was seen, with what `head`, which is [`Inspector::head`] as it is read, and its `fields` show.
    pub fn tell(&self, head: &[u8], fields: &[Field<'_>]) -> Inspection {
        let Inspector { header, body, .. } = self;
        let mbox_from = header::is_mbox_from(head);
        Inspection {
            nul: header.nul || body.nul,
            bare_newline: header.bare_newline() || body.bare_newline(),
            control: body.control,
            raw_header: header.raw,
            malformed_header: fields.iter().skip(usize::from(mbox_from)).any(Field::is_malformed),
            unknown_charset: !text::unknown_charsets(head).is_empty(),
            mbox_from,
            header_line: header.lines.length(),
            body_line: body.lines.length(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean() -> &'static [u8] {
        b"Message-ID: <a@b>\r\nDate: 1 Jan 2001 10:00:00 GMT\r\nSubject: x\r\n\r\nBody\r\n"
    }

    #[test]
    fn a_clean_message_needs_nothing() {
        let seen = inspect_bytes(clean());
        assert_eq!((seen.header_line, seen.body_line), (29, 4));
        assert!(Repair::ALL.iter().all(|&repair| !seen.needs(repair, 100)));
    }

    #[test]
    fn each_fault_is_told_by_its_own_repair() {
        let long = "x".repeat(101);
        for (message, repair) in [
            ("From b@x Mon Jan 1 10:00:00 2001\r\nA: 1\r\n\r\n".to_owned(), Repair::MboxFrom),
            ("A: 1\r\n\r\na\0b\r\n".to_owned(), Repair::Nul),
            ("A: 1\n\r\nab\r\n".to_owned(), Repair::Newline),
            ("A: 1\r\n\r\na\rb\r\n".to_owned(), Repair::Newline),
            ("A: 1\r\n\r\nab".to_owned(), Repair::Newline),
            ("A: 1\r\n\r\nab\r".to_owned(), Repair::Newline),
            ("A: é\r\n\r\n".to_owned(), Repair::Header),
            ("A b: 1\r\n\r\n".to_owned(), Repair::Header),
            ("A : 1\r\n\r\n".to_owned(), Repair::Header),
            ("junk\r\n\r\n".to_owned(), Repair::Header),
            ("A: =?x?Q?a?=\r\n\r\n=?x?Q?a?=\r\n".to_owned(), Repair::Charset),
            (format!("A: {long}\r\n\r\n"), Repair::HeaderLine),
            ("A: 1\r\n\r\n\x07\r\n".to_owned(), Repair::Control),
            (format!("A: 1\r\n\r\n{long}\r\n"), Repair::BodyLine),
        ] {
            let seen = inspect_bytes(message.as_bytes());
            let needed: Vec<_> = Repair::ALL.into_iter().filter(|&r| seen.needs(r, 100)).collect();
            assert_eq!(needed, [repair], "{message:?}");
        }
    }

    /// The same from a plain look at one line after the other.
    fn reference(bytes: &[u8]) -> Inspection {
        let lines: Vec<&[u8]> = bytes.split_inclusive(|&b| b == b'\n').collect();
        let is_blank = |line: &&[u8]| line.ends_with(b"\n") && header::trim_end(line).is_empty();
        let (header, body) = lines.split_at(lines.iter().position(is_blank).map_or(lines.len(), |at| at + 1));
        let longest = |lines: &[&[u8]]| lines.iter().map(|line| header::measured(line).len()).max().unwrap_or(0);
        let is_sound = |line: &&[u8]| {
            line.strip_suffix(b"\r\n").is_some_and(|text| !text.contains(&b'\r') && !text.contains(&b'\n'))
        };
        let head = header::without_nul(&header.concat()).into_owned();
        let mbox_from = header::is_mbox_from(&head);
        Inspection {
            nul: bytes.contains(&0),
            bare_newline: !lines.iter().all(is_sound),
            control: body.concat().iter().any(|&b| b.is_ascii_control() && !b"\0\t\r\n\x7f".contains(&b)),
            raw_header: !header.concat().is_ascii(),
            malformed_header: header::fields(&head).skip(usize::from(mbox_from)).any(|field| field.is_malformed()),
            unknown_charset: !text::unknown_charsets(&head).is_empty(),
            mbox_from,
            header_line: longest(header),
            body_line: longest(body),
        }
    }

    fn in_pieces(pieces: &[&[u8]]) -> Inspection {
        let mut inspector = Inspector::default();
        pieces.iter().for_each(|piece| inspector.take(piece));
        inspector.finish()
    }

    proptest::proptest! {
        /// Whatever the bytes are and wherever the chunks fall.
        #[test]
        fn agrees_with_the_reference(bytes in "([\\r\\n a:\u{7}\u{0}é]|\r\n|a: b\r\n){0,60}", cuts in [0usize..200, 0usize..200]) {
            let bytes = bytes.as_bytes();
            let (rest, last) = bytes.split_at(cuts[0].min(bytes.len()));
            let (first, second) = rest.split_at(cuts[1].min(rest.len()));
            proptest::prop_assert_eq!(inspect_bytes(bytes), reference(bytes));
            proptest::prop_assert_eq!(in_pieces(&[first, second, last]), reference(bytes));
        }

        #[test]
        fn agrees_with_the_reference_on_any_bytes(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            proptest::prop_assert_eq!(inspect_bytes(&bytes), reference(&bytes));
        }
    }
}
