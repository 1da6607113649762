//! What the bytes of a header or of a body show, whatever they mean.
//!
//! Every byte that is copied passes here, so each question is asked of all bytes alike, without a branch or an early end: the compiler
//! makes vector instructions of that. The rejected alternative, a search per question and per line, costs a call for every line.

use super::lines::LongestLine;

/// See the module; it takes bytes as they come.
#[derive(Debug, Default)]
pub struct Scan {
    /// There are NUL octets.
    pub nul: bool,
    /// There are control characters other than NUL, see [`is_control`].
    pub control: bool,
    /// There are 8-bit bytes.
    pub raw: bool,
    /// The lines' lengths.
    pub lines: LongestLine,
    /// There is a CR or LF that is no part of a CRLF.
    bare: bool,
    /// The byte before the next one.
    last: u8,
}

impl Scan {
    /// Takes the next bytes.
    pub fn take(&mut self, piece: &[u8]) {
        let (Some(&first), Some(&last)) = (piece.first(), piece.last()) else { return };
        self.look(&[self.last, first]);
        self.look(piece);
        self.last = last;
        self.lines.take(piece);
    }

    /// Whether there is a CR or LF that is no part of a CRLF, or the last line has no end.
    pub fn bare_newline(&self) -> bool {
        self.bare || self.lines.is_open()
    }

    /// Looks at all bytes but the first, which only stands before the second.
    fn look(&mut self, bytes: &[u8]) {
        let (mut nul, mut control, mut bare, mut bits) = (false, false, false, 0);
        for (&before, &byte) in bytes.iter().zip(bytes.get(1..).unwrap_or_default()) {
            nul |= byte == 0;
            control |= is_control(byte);
            bare |= (before == b'\r') != (byte == b'\n');
            bits |= byte;
        }
        self.nul |= nul;
        self.control |= control;
        self.bare |= bare;
        self.raw |= !bits.is_ascii();
    }
}

/// A control character that Exchange refuses in a part declared as text or base64 (quirk 9). NUL is told by itself.
pub fn is_control(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, 0 | b'\t' | b'\r' | b'\n')
}
