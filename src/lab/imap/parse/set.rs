//! Sequence sets (RFC 3501 §9 `sequence-set`).

use super::scan::{Malformed, Parsed, Scanner};

/// A set of UIDs or sequence numbers; `None` is `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lab::imap) struct NumberSet(Vec<(Option<u32>, Option<u32>)>);

impl Scanner<'_> {
    pub(in crate::lab::imap) fn set(&mut self) -> Parsed<NumberSet> {
        let mut ranges = Vec::new();
        loop {
            let first = self.set_number()?;
            let last = if self.eat(b':') { self.set_number()? } else { first };
            ranges.push((first, last));
            if !self.eat(b',') {
                return Ok(NumberSet(ranges));
            }
        }
    }

    fn set_number(&mut self) -> Parsed<Option<u32>> {
        if self.eat(b'*') {
            return Ok(None);
        }
        match self.number()? {
            0 => Err(Malformed("a number above zero")),
            number => Ok(Some(number)),
        }
    }
}

impl NumberSet {
    /// The ranges with `*` as `highest`, ascending and without overlap.
    pub(in crate::lab::imap) fn resolve(&self, highest: u32) -> Vec<(u32, u32)> {
        let value = |number: &Option<u32>| number.unwrap_or(highest);
        let mut ranges: Vec<(u32, u32)> = self.0.iter().map(|(a, b)| (value(a), value(b))).collect();
        ranges.iter_mut().filter(|(a, b)| a > b).for_each(|range| *range = (range.1, range.0));
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(open) if first <= open.1.saturating_add(1) => open.1 = open.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        merged
    }

    /// Whether it names a number above `highest` or `*` in an empty folder.
    pub(in crate::lab::imap) fn exceeds(&self, highest: u32) -> bool {
        let beyond = |number: &Option<u32>| number.map_or(highest == 0, |n| n > highest);
        self.0.iter().any(|(a, b)| beyond(a) || beyond(b))
    }
}

/// Ascending numbers as ranges, in the form of a set.
pub(in crate::lab::imap) fn write_set(numbers: impl IntoIterator<Item = u32>) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some(open) if open.1.checked_add(1) == Some(number) => open.1 = number,
            _ => ranges.push((number, number)),
        }
    }
    let one = |(first, last): &(u32, u32)| if first == last { first.to_string() } else { format!("{first}:{last}") };
    ranges.iter().map(one).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{super::scan::Part, *};

    fn set(text: &'static str) -> Parsed<NumberSet> {
        Scanner::new(&[Part::Text(Bytes::from_static(text.as_bytes()))]).set()
    }

    #[test]
    fn ranges_are_resolved_sorted_and_merged() {
        assert_eq!(set("9,1:3,*:12,4").unwrap().resolve(20), [(1, 4), (9, 9), (12, 20)]);
        assert_eq!(set("5:*").unwrap().resolve(3), [(3, 5)]);
        assert!(set("0").is_err() && set("1:").is_err() && set("1,,2").is_err());
    }

    #[test]
    fn numbers_are_written_as_ranges() {
        assert_eq!(write_set([1, 2, 3, 7, 9, 10]), "1:3,7,9:10");
        assert_eq!(write_set([]), "");
    }
}
