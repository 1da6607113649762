//! LIST patterns: `*` is anything, `%` anything within one level (RFC 3501 §6.3.8).

/// Whether `name` matches `pattern`; `INBOX` has no case.
pub(super) fn matches(pattern: &[u8], name: &[u8], delimiter: u8) -> bool {
    if pattern.eq_ignore_ascii_case(b"INBOX") {
        return name == b"INBOX";
    }
    glob(pattern, name, delimiter)
}

/// The set of prefixes that match, pattern byte by pattern byte, so that no pattern takes exponential time.
fn glob(pattern: &[u8], name: &[u8], delimiter: u8) -> bool {
    let mut reachable = vec![false; name.len() + 1];
    reachable[0] = true;
    for &wanted in pattern {
        let mut next = vec![false; name.len() + 1];
        let mut open = false;
        for at in 0..=name.len() {
            match wanted {
                b'*' | b'%' => {
                    open |= reachable[at];
                    next[at] = open;
                    if wanted == b'%' && name.get(at) == Some(&delimiter) {
                        open = false;
                    }
                }
                _ => next[at] = at > 0 && reachable[at - 1] && name[at - 1] == wanted,
            }
        }
        reachable = next;
    }
    reachable[name.len()]
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn wildcards_of_both_kinds() {
        for (pattern, name, wanted) in [
            ("*", "a/b", true),
            ("%", "a/b", false),
            ("%", "a", true),
            ("a/%", "a/b", true),
            ("a/%", "a/b/c", false),
            ("a/*c", "a/b/c", true),
            ("%/%", "a/b", true),
            ("inbox", "INBOX", true),
            ("a", "A", false),
            ("", "", true),
            ("**b", "ab", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes(), b'/'), wanted, "{pattern} {name}");
        }
    }
}
