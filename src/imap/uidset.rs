//! Sets of UIDs or sequence numbers (RFC 3501 §9, sequence-set): compact out, ranges in.

/// The set of these ascending numbers: `1:4,7,9:12`.
pub fn compact(ascending: &[u32]) -> String {
    let mut set = String::new();
    for (first, last) in ranges(ascending) {
        if !set.is_empty() {
            set.push(',');
        }
        push_range(&mut set, first, last);
    }
    set
}

/// The same in pieces that each hold at most `most` numbers and `bytes` bytes, with the numbers they stand for.
pub fn chunks(ascending: &[u32], most: usize, bytes: usize) -> Vec<(String, &[u32])> {
    let mut rest = ascending;
    let mut chunks = Vec::new();
    while !rest.is_empty() {
        let (set, taken) = chunk(rest, most.max(1), bytes);
        let (now, later) = rest.split_at(taken);
        chunks.push((set, now));
        rest = later;
    }
    chunks
}

fn chunk(ascending: &[u32], most: usize, bytes: usize) -> (String, usize) {
    let mut set = String::new();
    let mut taken = 0;
    for (first, last) in ranges(&ascending[..most.min(ascending.len())]) {
        let before = set.len();
        if before > 0 {
            set.push(',');
        }
        push_range(&mut set, first, last);
        if set.len() > bytes && before > 0 {
            set.truncate(before);
            break;
        }
        taken += (last - first) as usize + 1;
    }
    (set, taken)
}

fn push_range(set: &mut String, first: u32, last: u32) {
    set.push_str(&first.to_string());
    if last > first {
        set.push(':');
        set.push_str(&last.to_string());
    }
}

/// The runs of consecutive numbers in an ascending list.
pub fn ranges(ascending: &[u32]) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for &number in ascending {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            Some((_, last)) if *last == number => {}
            _ => ranges.push((number, number)),
        }
    }
    ranges
}

/// Reads a set; ranges keep their order, each with the smaller number first (`4:2` means `2:4`). `None` if it is none.
pub fn parse(set: &[u8]) -> Option<Vec<(u32, u32)>> {
    std::str::from_utf8(set).ok()?.split(',').map(parse_range).collect()
}

fn parse_range(range: &str) -> Option<(u32, u32)> {
    let (first, last) = range.split_once(':').unwrap_or((range, range));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    Some((u32::min(first, last), u32::max(first, last)))
}

/// The numbers of these ranges in order, at most `most` of them: a hostile `1:4294967295` costs nothing.
pub fn expand(ranges: &[(u32, u32)], most: usize) -> Vec<u32> {
    ranges.iter().flat_map(|&(first, last)| first..=last).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_compact() {
        assert_eq!(compact(&[1, 2, 3, 4, 7, 9, 10, u32::MAX - 1, u32::MAX]), "1:4,7,9:10,4294967294:4294967295");
        assert_eq!(compact(&[]), "");
        assert_eq!(compact(&[5, 5, 6]), "5:6");
    }

    #[test]
    fn chunks_hold_every_number_once() {
        let numbers: Vec<u32> = (0..5000).map(|n| n * 3 + n % 2).collect();
        let chunks = chunks(&numbers, 700, 900);
        assert!(chunks.iter().all(|(set, taken)| set.len() <= 900 && taken.len() <= 700));
        let back: Vec<u32> =
            chunks.iter().flat_map(|(set, _)| expand(&parse(set.as_bytes()).unwrap(), usize::MAX)).collect();
        assert_eq!(back, numbers);
        assert!(chunks.iter().all(|(set, taken)| expand(&parse(set.as_bytes()).unwrap(), usize::MAX) == *taken));
    }

    #[test]
    fn sets_are_read_in_any_order_and_bounded() {
        assert_eq!(parse(b"4:2,9"), Some(vec![(2, 4), (9, 9)]));
        assert_eq!(parse(b""), None);
        assert_eq!(parse(b"1:*"), None);
        assert_eq!(expand(&[(1, u32::MAX)], 3), [1, 2, 3]);
    }
}
