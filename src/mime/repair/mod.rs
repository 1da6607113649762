//! The smallest correct repair of a message that a target refuses.
//!
//! A repair changes the place at fault and nothing else, keeps what the message says, and is noted so that it can be
//! reported. Signed and encrypted parts are never touched (RFC 1847); a fault in one cannot be repaired. The rejected
//! alternative, to write the message anew from a parse of it, changes every byte to mend one.

mod body;
mod field;
mod header;

use std::fmt;

use bytes::Bytes;

use super::{
    edit::Edits,
    inspect::inspect_bytes,
    part::{self, Part},
};
use crate::{
    body::Body,
    error::{Code, Disposition, Error, Result, Scope, Side},
    limits,
};

/// One kind of repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Repair {
    /// mbox's "From " line is removed (quirk 81).
    MboxFrom,
    /// NUL octets are dropped from header and text; other parts that have some become base64 (microsoft365.md §1.7).
    Nul,
    /// A bare CR or LF becomes CRLF, and the message ends with one (quirks 52, 56, 81).
    Newline,
    /// Lines of the header that are no fields become `X-Malformed` fields, 8-bit bytes RFC 2047 encoded words (quirk 81).
    Header,
    /// Encoded words of a charset that nobody knows name one that has a character for every byte (quirk 7).
    Charset,
    /// A long line of the header is folded at blanks (quirk 8).
    HeaderLine,
    /// A part with control characters is encoded (quirk 9).
    Control,
    /// A part with a long line is encoded, not cut (quirk 8).
    BodyLine,
}

impl Repair {
    /// All, in the order in which they are made: none brings back what an earlier one removed.
    pub const ALL: [Repair; 8] = [
        Repair::MboxFrom,
        Repair::Nul,
        Repair::Newline,
        Repair::Header,
        Repair::Charset,
        Repair::HeaderLine,
        Repair::Control,
        Repair::BodyLine,
    ];
}

/// What one repair changed, for the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepairNote {
    /// The repair.
    pub repair: Repair,
    /// How many places it changed.
    pub places: usize,
}

impl fmt::Display for RepairNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.repair {
            Repair::MboxFrom => return f.write_str("mbox \"From \" line removed"),
            Repair::Nul => "NUL octets removed or encoded",
            Repair::Newline => "line ends made CRLF",
            Repair::Header => "malformed header lines corrected",
            Repair::Charset => "unknown charsets in the header replaced",
            Repair::HeaderLine => "long header lines folded",
            Repair::Control => "parts with control characters re-encoded",
            Repair::BodyLine => "parts with long lines re-encoded",
        };
        write!(f, "{what}: {}", self.places)
    }
}

/// A copy of the message with `repairs` made, in the order given; `None` where none has anything to do.
///
/// `longest` is the longest line the target takes; `None` is [`limits::LINE_SAFE`].
///
/// # Errors
/// [`Code::ItemMalformed`] where a fault cannot be repaired: it lies in a signed or encrypted part, in a place that may
/// not be encoded, or the message is above [`limits::REPAIR_MAX`]. [`Code::Disk`] where the spool cannot be read.
pub fn repair(body: &Body, repairs: &[Repair], longest: Option<usize>) -> Result<Option<(Body, Vec<RepairNote>)>> {
    let longest = longest.unwrap_or(limits::LINE_SAFE);
    let mut message = load(body)?;
    let mut notes = Vec::new();
    for &repair in repairs {
        if !inspect_bytes(&message).needs(repair, longest) {
            continue;
        }
        let (repaired, places) = Work::new(&message, longest).make(repair)?;
        if places == 0 || inspect_bytes(&repaired).needs(repair, longest) {
            return Err(beyond_repair("the fault lies where nothing may be encoded"));
        }
        message = repaired.into();
        notes.push(RepairNote { repair, places });
    }
    Ok((!notes.is_empty()).then(|| (Body::from_bytes(message), notes)))
}

fn load(body: &Body) -> Result<Bytes> {
    if body.len() > limits::REPAIR_MAX {
        return Err(beyond_repair("the message is too large to be repaired"));
    }
    let spool = |error| {
        Error::new(Code::Disk, Side::System, Scope::Run, Disposition::NeedsPerson, "spool file").with_source(error)
    };
    // A chunk of its whole length is the whole message.
    body.chunk(0, usize::try_from(body.len()).unwrap_or(usize::MAX)).map_err(spool)
}

fn beyond_repair(why: &str) -> Error {
    Error::new(Code::ItemMalformed, Side::Target, Scope::Message, Disposition::GiveUp, why)
}

/// One message under repair.
struct Work<'a> {
    message: &'a [u8],
    longest: usize,
    parts: Vec<Part>,
}

impl<'a> Work<'a> {
    fn new(message: &'a [u8], longest: usize) -> Self {
        Work { message, longest, parts: part::parts(message) }
    }

    /// The repaired message, and how many places were changed.
    fn make(&self, repair: Repair) -> Result<(Vec<u8>, usize)> {
        match repair {
            Repair::MboxFrom => Ok(self.edited(header::without_mbox_from(self.message))),
            Repair::Nul => self.without_nul(),
            Repair::Newline => self.with_crlf(),
            Repair::Header => Ok(self.edited(header::well_formed(self.message, self.line_end()))),
            Repair::Charset => Ok(self.edited(header::known_charsets(self.message))),
            Repair::HeaderLine => Ok(self.edited(self.folded_header())),
            Repair::Control => self.without_control(),
            Repair::BodyLine => self.without_long_lines(),
        }
    }

    /// The message's own header, folded.
    fn folded_header(&self) -> Edits {
        let mut edits = Edits::default();
        let header = self.parts.first().map_or(0..0, |part| part.header.clone());
        header::fold(self.message, header, self.longest, self.line_end(), &mut edits);
        edits
    }

    fn edited(&self, edits: Edits) -> (Vec<u8>, usize) {
        let places = edits.len();
        (edits.apply(self.message), places)
    }

    /// The line end that the message uses.
    fn line_end(&self) -> &'static str {
        let first = self.message.iter().position(|&b| b == b'\n');
        let crlf = |at: usize| at.checked_sub(1).and_then(|before| self.message.get(before)) == Some(&b'\r');
        if first.is_none_or(crlf) || memchr::memmem::find(self.message, b"\r\n").is_some() { "\r\n" } else { "\n" }
    }
}

#[cfg(test)]
mod tests;
