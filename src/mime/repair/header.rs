//! Repairs of the message's own header. They keep what every field says, so the fingerprint stays.

use std::ops::Range;

use super::{Edits, field};
use crate::mime::{
    header::{self, Field},
    text::{self, Reader},
};

/// Without mbox's "From " line.
pub(super) fn without_mbox_from(message: &[u8]) -> Edits {
    let mut edits = Edits::default();
    if header::is_mbox_from(message) {
        let end = message.iter().position(|&b| b == b'\n').map_or(message.len(), |at| at + 1);
        edits.replace(0..end, "");
    }
    edits
}

/// Lines that are no fields become fields, blanks before a colon go, and 8-bit bytes become encoded words.
///
/// The rejected alternatives for a line that is no field: to drop it loses words; to fold it into the field before it
/// changes what that field says.
pub(super) fn well_formed(message: &[u8], line_end: &str) -> Edits {
    let head = head(message);
    let reader = Reader::of(head);
    let mut edits = Edits::default();
    for field in header::fields(head) {
        let value = field::encoded(&field, &reader, line_end);
        if !field.is_malformed() && value.is_none() {
            continue;
        }
        let name = field.name.unwrap_or(b"X-Malformed");
        let value = value.map_or_else(|| field.value.to_vec(), String::into_bytes);
        let colon: &[u8] = if field.name.is_some() { b":" } else { b": " };
        edits.replace(without_line_end(message, &field), [name, colon, &value].concat());
    }
    edits
}

/// Unknown charsets of encoded words become the one that the [`Reader`] takes them for.
pub(super) fn known_charsets(message: &[u8]) -> Edits {
    let mut edits = Edits::default();
    for place in text::unknown_charsets(head(message)) {
        edits.replace(place, text::FALLBACK);
    }
    edits
}

/// The message's own header.
fn head(message: &[u8]) -> &[u8] {
    message.get(..header::blank_line(message).map_or(message.len(), |blank| blank.start)).unwrap_or(message)
}

/// The field's place without its last line end.
fn without_line_end(message: &[u8], field: &Field<'_>) -> Range<usize> {
    let whole = message.get(field.range.clone()).unwrap_or_default();
    field.range.start..field.range.start + header::trim_end(whole).len()
}

/// Folds long lines of `header` at blanks (RFC 5322 §2.2.3): unfolded, the fields are what they were.
pub(super) fn fold(message: &[u8], header: Range<usize>, longest: usize, line_end: &str, edits: &mut Edits) {
    let mut at = header.start;
    for line in message.get(header).unwrap_or_default().split_inclusive(|&b| b == b'\n') {
        for fold in folds(header::measured(line), longest) {
            edits.replace(at + fold..at + fold, line_end);
        }
        at += line.len();
    }
}

/// The places of a line where it can be folded so that every piece is at most `longest` bytes, or nearly.
fn folds(line: &[u8], longest: usize) -> Vec<usize> {
    let mut folds = Vec::new();
    let mut start = 0;
    // A fold comes before the first of several blanks and never makes a line of blanks only.
    let place = |at: &usize| {
        let blank = |at: usize| matches!(line.get(at), Some(b' ' | b'\t'));
        blank(*at) && !blank(at - 1) && line.get(*at..).is_some_and(|rest| !rest.trim_ascii().is_empty())
    };
    let places: Vec<usize> = (1..line.len()).filter(place).collect();
    for (i, &at) in places.iter().enumerate() {
        let next = places.get(i + 1).copied().unwrap_or(line.len());
        if line.len() - start > longest && next - start > longest {
            folds.push(at);
            start = at;
        }
    }
    folds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_before_blanks_and_as_late_as_can_be() {
        assert_eq!(folds(b"A: bb cc dd", 5), [5, 8]);
        assert_eq!(folds(b"A: bb cc dd", 8), [8]);
        assert!(folds(b"A: bb cc dd", 11).is_empty());
        assert_eq!(folds(b"A: bb   cc", 7), [5]);
        assert_eq!(folds(b"A: bbbbbbbb   ", 7), [2]);
        assert!(folds(b"bbbbbbbbbb", 7).is_empty());
        assert!(folds(b"", 7).is_empty());
    }
}
