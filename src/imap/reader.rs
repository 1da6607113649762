//! A cursor over one reply: atoms, strings, lists and numbers, by the letter of RFC 3501 §9 and a little beyond it.
//!
//! It never fails for good: a call that finds something else than it looks for returns `None` and stays where it is.

use std::borrow::Cow;

/// What stands in a reply's text for a literal that was taken out of it: `{+0}`, `{+1}`, … and a line end. A server never sends
/// this form (`+` belongs to clients, RFC 7888), and one that does can only name a literal of the same reply.
pub(super) const DIVERTED: &[u8] = b"{+";

/// A cursor over the bytes of one reply.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    /// What is left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether only blanks are left.
    pub(super) fn at_end(&self) -> bool {
        self.rest.iter().all(|c| *c == b' ')
    }

    /// Passes blanks (Exchange and others send two, or none).
    pub(super) fn blanks(&mut self) -> &mut Self {
        let blanks = self.rest.iter().take_while(|c| **c == b' ').count();
        self.skip(blanks);
        self
    }

    /// Passes `byte` if it is next.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let next = self.rest.first() == Some(&byte);
        if next {
            self.skip(1);
        }
        next
    }

    /// All up to a byte that ends an atom in a reply: blank, parenthesis or the line's end. May be empty.
    pub(super) fn atom(&mut self) -> &'a [u8] {
        let len = self.rest.iter().position(|c| matches!(c, b' ' | b'(' | b')' | b'\r' | b'\n'));
        self.skip(len.unwrap_or(self.rest.len()))
    }

    /// A number that ends where an atom ends.
    pub(super) fn number<N: std::str::FromStr>(&mut self) -> Option<N> {
        let mut ahead = self.clone();
        let number = std::str::from_utf8(ahead.atom()).ok()?.parse().ok()?;
        *self = ahead;
        Some(number)
    }

    /// Quoted, literal or atom; atoms may hold anything but blanks and parentheses (quirk 93).
    pub(super) fn astring(&mut self) -> Option<Cow<'a, [u8]>> {
        match self.rest.first()? {
            b'"' => self.quoted(),
            b'{' | b'~' => self.literal().or_else(|| self.non_empty_atom()),
            _ => self.non_empty_atom(),
        }
    }

    /// As [`Reader::astring`], with `NIL` (not quoted) as the inner `None`.
    pub(super) fn nstring(&mut self) -> Option<Option<Cow<'a, [u8]>>> {
        let quoted = self.rest.first() == Some(&b'"');
        let string = self.astring()?;
        Some(Some(string).filter(|s| quoted || !s.eq_ignore_ascii_case(b"NIL")))
    }

    /// The words of a flat list in parentheses; `NIL` is an empty one.
    pub(super) fn words(&mut self) -> Option<Vec<Cow<'a, [u8]>>> {
        let mut ahead = self.clone();
        let mut words = Vec::new();
        if !ahead.eat(b'(') {
            return (self.nstring()?.is_none()).then_some(words);
        }
        while !ahead.blanks().eat(b')') {
            words.push(ahead.astring()?);
        }
        *self = ahead;
        Some(words)
    }

    /// Passes one value of any form: atom, string, or a list of values. `None` where nothing is left to pass.
    pub(super) fn value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            if self.blanks().eat(b'(') {
                depth += 1;
                continue;
            }
            if depth > 0 && self.eat(b')') {
                depth -= 1;
            } else if !self.diverted_or_string() {
                return None;
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    /// The number of a literal that was taken out of the text here.
    pub(super) fn diverted(&mut self) -> Option<usize> {
        let body = self.rest.strip_prefix(DIVERTED)?;
        let end = body.iter().position(|c| *c == b'}')?;
        let number = std::str::from_utf8(&body[..end]).ok()?.parse().ok()?;
        self.skip(DIVERTED.len() + end + 1);
        self.line_end();
        Some(number)
    }

    fn diverted_or_string(&mut self) -> bool {
        self.diverted().is_some() || self.astring().is_some()
    }

    fn non_empty_atom(&mut self) -> Option<Cow<'a, [u8]>> {
        Some(self.atom()).filter(|atom| !atom.is_empty()).map(Cow::Borrowed)
    }

    /// A quoted string; a backslash before any character stands for that character.
    fn quoted(&mut self) -> Option<Cow<'a, [u8]>> {
        let inner = self.rest.strip_prefix(b"\"")?;
        let plain = inner.iter().position(|c| matches!(c, b'"' | b'\\'))?;
        if inner[plain] == b'"' {
            self.skip(plain + 2);
            return Some(Cow::Borrowed(&inner[..plain]));
        }
        let mut value = inner[..plain].to_vec();
        let mut bytes = inner[plain..].iter().enumerate();
        loop {
            match bytes.next()? {
                (at, b'"') => {
                    self.skip(plain + at + 2);
                    return Some(Cow::Owned(value));
                }
                (_, b'\\') => value.push(*bytes.next()?.1),
                (_, other) => value.push(*other),
            }
        }
    }

    /// `{n}`, a line end and n bytes, with `~` before it for a literal8 (RFC 3516).
    fn literal(&mut self) -> Option<Cow<'a, [u8]>> {
        let mut ahead = self.clone();
        ahead.eat(b'~');
        let body = ahead.rest.strip_prefix(b"{")?;
        let end = body.iter().position(|c| *c == b'}')?;
        let len: usize = std::str::from_utf8(&body[..end]).ok()?.parse().ok()?;
        ahead.skip(end + 2);
        ahead.line_end().then_some(())?;
        let value = ahead.rest.get(..len)?;
        ahead.skip(len);
        *self = ahead;
        Some(Cow::Borrowed(value))
    }

    fn line_end(&mut self) -> bool {
        self.eat(b'\r');
        self.eat(b'\n')
    }

    /// Passes up to `len` bytes and returns them.
    fn skip(&mut self, len: usize) -> &'a [u8] {
        let (passed, rest) = self.rest.split_at(len.min(self.rest.len()));
        self.rest = rest;
        passed
    }
}

/// Bytes of a server as text to show and keep: control characters become blanks, the end is cut at
/// [`crate::limits::REPLY_KEPT`].
pub(super) fn words(bytes: &[u8]) -> String {
    let cut = &bytes[..bytes.len().min(crate::limits::REPLY_KEPT)];
    String::from_utf8_lossy(cut).trim().replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn astring(bytes: &[u8]) -> Option<Vec<u8>> {
        Reader::new(bytes).astring().map(Cow::into_owned)
    }

    #[test]
    fn strings_in_every_form() {
        assert_eq!(astring(b"INBOX)"), Some(b"INBOX".to_vec()));
        assert_eq!(astring(br#""a \"b\" \\ c""#), Some(br#"a "b" \ c"#.to_vec()));
        assert_eq!(astring(b"{5}\r\na\r\n b)"), Some(b"a\r\n b".to_vec()));
        assert_eq!(astring(b"~{2}\r\n\0\0"), Some(b"\0\0".to_vec()));
        assert_eq!(astring(b"{9}\r\nshort"), Some(b"{9}".to_vec()), "an atom that looks like a literal");
        assert_eq!(astring(b"\"open"), None);
        assert_eq!(astring(b""), None);
    }

    #[test]
    fn values_of_any_depth_are_passed_without_recursion() {
        let deep =
            [vec![b'('; 100_000], b"x \"y)\" {1}\r\n)".to_vec(), vec![b')'; 100_000], b" next".to_vec()].concat();
        let mut reader = Reader::new(&deep);
        assert_eq!(reader.value(), Some(()));
        assert_eq!(reader.blanks().atom(), b"next");
        assert_eq!(Reader::new(b"((a)").value(), None);
    }

    #[test]
    fn nil_is_not_a_quoted_nil() {
        assert_eq!(Reader::new(b"nil").nstring(), Some(None));
        assert_eq!(Reader::new(b"\"NIL\"").nstring(), Some(Some(Cow::Borrowed(&b"NIL"[..]))));
    }

    #[test]
    fn words_are_cut_and_cleaned() {
        assert_eq!(words(b" a\x00b\r\n"), "a b");
        assert_eq!(words(&[b'x'; 10_000]).len(), crate::limits::REPLY_KEPT);
    }
}
