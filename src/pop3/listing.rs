//! Lines of UIDL and LIST (RFC 1939 §5 and §7): a message number of this session, and what is told of it.

/// A line of a reply to UIDL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniqueId {
    /// The message's number in this session.
    pub number: u32,
    /// Its unique id; only the second field counts (quirk 110). Never empty.
    pub id: Vec<u8>,
}

impl UniqueId {
    /// `None` where the line is none.
    pub fn read(line: &[u8]) -> Option<UniqueId> {
        let mut fields = fields(line);
        let number = number(fields.next()?)?;
        Some(UniqueId { number, id: fields.next()?.to_vec() })
    }
}

/// A line of a reply to LIST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// The message's number in this session.
    pub number: u32,
    /// Its size by the server's account (bytes).
    pub bytes: u64,
}

impl Size {
    /// `None` where the line is none.
    pub fn read(line: &[u8]) -> Option<Size> {
        let mut fields = fields(line);
        let number = number(fields.next()?)?;
        // A size that is no number is one that nobody told.
        let bytes = fields.next().and_then(|field| std::str::from_utf8(field).ok()?.parse().ok()).unwrap_or(0);
        Some(Size { number, bytes })
    }
}

fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|field| !field.is_empty())
}

/// A message number: positive, in digits.
fn number(field: &[u8]) -> Option<u32> {
    std::str::from_utf8(field).ok()?.parse().ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_second_field_counts() {
        let id = |number, id: &str| Some(UniqueId { number, id: id.as_bytes().to_vec() });
        assert_eq!(UniqueId::read(b"1 whqtswO00WBw418f9t5JxYwZ"), id(1, "whqtswO00WBw418f9t5JxYwZ"));
        assert_eq!(UniqueId::read(b"2  a b c"), id(2, "a"));
        for none in [&b"1"[..], b"1 ", b"0 a", b"-1 a", b"x a", b""] {
            assert_eq!(UniqueId::read(none), None);
        }
    }

    #[test]
    fn a_size_may_be_untold() {
        assert_eq!(Size::read(b"3 120 x"), Some(Size { number: 3, bytes: 120 }));
        assert_eq!(Size::read(b"3"), Some(Size { number: 3, bytes: 0 }));
        assert_eq!(Size::read(b"4294967296 1"), None);
    }
}
