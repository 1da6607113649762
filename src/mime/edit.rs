//! Changes to a message by place: what no edit names stays as it is, byte for byte.

use std::ops::Range;

/// Replacements, given in any order; none may overlap another.
#[derive(Debug, Default)]
pub struct Edits(Vec<(Range<usize>, Vec<u8>)>);

impl Edits {
    /// Puts `with` in place of `range`; an empty range inserts.
    pub fn replace(&mut self, range: Range<usize>, with: impl Into<Vec<u8>>) {
        self.0.push((range, with.into()));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// `bytes` with every replacement made; one that overlaps an earlier one is left out.
    pub fn apply(mut self, bytes: &[u8]) -> Vec<u8> {
        self.0.sort_by_key(|(range, _)| range.start);
        let mut out = Vec::with_capacity(bytes.len() + self.0.iter().map(|(_, with)| with.len()).sum::<usize>());
        let mut at = 0;
        for (range, with) in self.0 {
            if let Some(kept) = bytes.get(at..range.start) {
                out.extend_from_slice(kept);
                out.extend_from_slice(&with);
                at = range.end;
            }
        }
        out.extend_from_slice(bytes.get(at..).unwrap_or_default());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_inserts_and_removes_in_any_order() {
        let mut edits = Edits::default();
        edits.replace(5..6, "");
        edits.replace(0..1, "A");
        edits.replace(3..3, "++");
        assert_eq!(edits.len(), 3);
        assert_eq!(edits.apply(b"abcdef"), b"Abc++de");
    }

    #[test]
    fn an_overlapping_edit_is_left_out() {
        let mut edits = Edits::default();
        edits.replace(1..4, "x");
        edits.replace(2..3, "y");
        assert_eq!(edits.apply(b"abcdef"), b"axef");
    }
}
