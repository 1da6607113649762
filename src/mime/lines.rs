//! The longest line of bytes that arrive in pieces, without a look at every line.
//!
//! A line longer than the longest so far has no LF within that many bytes of its start: one search backwards from there passes over
//! all the lines that are not. Lengths are without LF or CRLF, but with further CRs before it; what follows the last LF counts whole.

use memchr::{memchr, memrchr};

/// See the module.
#[derive(Debug, Default)]
pub struct LongestLine {
    longest: usize,
    /// Bytes of the line that is not yet complete.
    open: usize,
    /// Whether the last of them is a CR.
    cr: bool,
}

impl LongestLine {
    /// Takes the next bytes.
    pub fn take(&mut self, piece: &[u8]) {
        let mut rest = piece;
        while !rest.is_empty() {
            rest = self.pass_over(rest).unwrap_or_else(|| self.take_line(rest));
        }
    }

    /// Its length in bytes so far.
    pub fn length(&self) -> usize {
        self.longest.max(self.open)
    }

    /// Whether the last line has no end yet.
    pub fn is_open(&self) -> bool {
        self.open > 0
    }

    /// What follows the whole lines at the start of `bytes` of which none is longer than the longest; `None` where the first line may be.
    fn pass_over<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let reach = bytes.get(..self.longest + 2).unwrap_or(bytes);
        let end = memrchr(b'\n', reach).filter(|_| !self.is_open())?;
        let fits = end <= self.longest || reach.get(end - 1) == Some(&b'\r');
        bytes.get(end + 1..).filter(|_| fits)
    }

    /// Takes one line or what there is of it, and gives what follows.
    fn take_line<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let (text, end) = bytes.split_at(memchr(b'\n', bytes).unwrap_or(bytes.len()));
        self.open += text.len();
        self.cr = text.last().map_or(self.cr, |&last| last == b'\r');
        let Some((_, rest)) = end.split_first() else { return end };
        self.longest = self.longest.max(self.open - usize::from(self.cr));
        (self.open, self.cr) = (0, false);
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::header::measured;

    proptest::proptest! {
        #[test]
        fn agrees_with_a_look_at_every_line(text in "(\\r|\\n|\r\n|a{0,9}){0,40}", cuts in proptest::collection::vec(1usize..30, 0..9)) {
            let mut lines = LongestLine::default();
            let mut rest = text.as_bytes();
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                lines.take(piece);
                rest = after;
            }
            lines.take(rest);
            let longest = text.as_bytes().split_inclusive(|&b| b == b'\n').map(|line| measured(line).len()).max();
            proptest::prop_assert_eq!(lines.length(), longest.unwrap_or(0));
            proptest::prop_assert_eq!(lines.is_open(), !text.is_empty() && !text.ends_with('\n'));
        }
    }
}
