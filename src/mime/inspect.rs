//! One pass over a message: what a target may refuse it for, and what the engine wants to know of it.
//!
//! It streams; only the header is held, up to [`limits::HEADER_READ`] bytes.

use std::io;

use memchr::{memchr, memchr_iter};

use super::{Repair, date, header, text};
use crate::{body::Body, limits, model::ReceivedAt};

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
    /// Its Message-ID as written.
    pub message_id: Option<String>,
    /// The date to give it where the server tells none (quirk 99): [`super::received_at`].
    pub received_at: Option<ReceivedAt>,
    /// Opening it unread may send a read receipt (quirk 25).
    pub wants_receipt: bool,
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

/// Looks at the whole message once.
///
/// # Errors
/// The spool cannot be read.
pub fn inspect(body: &Body) -> io::Result<Inspection> {
    let mut inspector = Inspector::default();
    body.for_each_chunk(|chunk| inspector.take(chunk))?;
    Ok(inspector.finish())
}

/// Looks at bytes that are at hand.
pub(super) fn inspect_bytes(bytes: &[u8]) -> Inspection {
    let mut inspector = Inspector::default();
    inspector.take(bytes);
    inspector.finish()
}

#[derive(Default)]
struct Inspector {
    seen: Inspection,
    head: Vec<u8>,
    in_body: bool,
    /// Bytes of the line that is not yet complete.
    line: usize,
    /// Whether that line has a byte other than CR.
    filled: bool,
    /// The byte before the next one.
    last: Option<u8>,
}

impl Inspector {
    fn take(&mut self, chunk: &[u8]) {
        self.seen.nul |= memchr(0, chunk).is_some();
        self.look_for_bare_cr(chunk);
        let mut start = 0;
        for end in memchr_iter(b'\n', chunk) {
            self.take_piece(chunk.get(start..end).unwrap_or_default());
            self.end_line();
            start = end + 1;
        }
        self.take_piece(chunk.get(start..).unwrap_or_default());
    }

    fn look_for_bare_cr(&mut self, chunk: &[u8]) {
        let split = self.last == Some(b'\r') && !matches!(chunk.first(), None | Some(b'\n'));
        let within = || memchr_iter(b'\r', chunk).any(|at| !matches!(chunk.get(at + 1), None | Some(b'\n')));
        self.seen.bare_newline = self.seen.bare_newline || split || within();
    }

    /// A piece of a line, without LF.
    fn take_piece(&mut self, piece: &[u8]) {
        let Some(&last) = piece.last() else { return };
        if self.in_body {
            self.seen.control |= piece.iter().fold(false, |any, &b| any | is_control(b));
        } else {
            self.keep(piece);
        }
        self.line += piece.len();
        self.filled = self.filled || piece.iter().any(|&b| b != b'\r');
        self.last = Some(last);
    }

    fn end_line(&mut self) {
        let crlf = self.last == Some(b'\r') && self.line > 0;
        self.seen.bare_newline |= !crlf;
        let length = self.line - usize::from(crlf);
        self.measure(length);
        self.keep(b"\n");
        self.in_body |= !self.filled;
        self.filled = false;
        self.line = 0;
        self.last = Some(b'\n');
    }

    fn measure(&mut self, length: usize) {
        let longest = if self.in_body { &mut self.seen.body_line } else { &mut self.seen.header_line };
        *longest = length.max(*longest);
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = limits::HEADER_READ.saturating_sub(self.head.len());
        if !self.in_body {
            self.seen.raw_header |= !bytes.is_ascii();
            self.head.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        }
    }

    fn finish(mut self) -> Inspection {
        if self.line > 0 {
            self.measure(self.line);
            self.seen.bare_newline = true;
        }
        let head = header::readable(&self.head);
        let mut seen = self.seen;
        seen.mbox_from = header::is_mbox_from(&head);
        seen.malformed_header = header::fields(&head).skip(usize::from(seen.mbox_from)).any(|f| f.is_malformed());
        seen.unknown_charset = !text::unknown_charsets(&head).is_empty();
        seen.message_id = header::value(&head, "Message-ID")
            .map(|value| String::from_utf8_lossy(value).split_whitespace().collect::<String>())
            .filter(|id| !id.is_empty());
        seen.received_at = date::received_at(&head);
        seen.wants_receipt = header::value(&head, "Disposition-Notification-To").is_some();
        seen
    }
}

/// A control character that Exchange refuses in a part declared as text or base64 (quirk 9). NUL is told by itself.
pub(super) fn is_control(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, 0 | b'\t' | b'\r' | b'\n')
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
        assert_eq!(seen.message_id.as_deref(), Some("<a@b>"));
        assert_eq!(seen.received_at, Some(ReceivedAt { unix: 978_343_200, offset: 0 }));
        assert_eq!((seen.header_line, seen.body_line), (29, 4));
        assert!(Repair::ALL.iter().all(|&repair| !seen.needs(repair, 100)));
        assert!(!seen.wants_receipt);
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

    proptest::proptest! {
        /// Where the chunks fall makes no difference.
        #[test]
        fn streams(bytes in "[\\r\\n a:\u{7}\u{0}é]{0,60}", at in 0usize..200) {
            let bytes = bytes.as_bytes();
            let (a, b) = bytes.split_at(at.min(bytes.len()));
            let mut inspector = Inspector::default();
            inspector.take(a);
            inspector.take(b);
            proptest::prop_assert_eq!(inspector.finish(), inspect_bytes(bytes));
        }
    }
}
