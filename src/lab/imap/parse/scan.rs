//! The scanner: the primitive forms of RFC 3501 §9 over text and literals.

use bytes::Bytes;

use super::Verb;

/// A piece of a command as it arrived; the announcement of a literal is not part of the text before it.
#[derive(Clone, Debug)]
pub(in crate::lab::imap) enum Part {
    Text(Bytes),
    Literal(Bytes),
}

/// What the grammar wanted instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lab::imap) struct Malformed(pub &'static str);

pub(in crate::lab::imap) type Parsed<T> = Result<T, Malformed>;

/// Reads the parts of one command from left to right.
#[derive(Debug)]
pub(in crate::lab::imap) struct Scanner<'a> {
    parts: &'a [Part],
    at: usize,
}

/// Characters of an atom: neither specials nor controls nor 8-bit.
fn is_atom(byte: u8) -> bool {
    (0x21..0x7f).contains(&byte) && !b"(){%*\"\\]".contains(&byte)
}

impl<'a> Scanner<'a> {
    pub(in crate::lab::imap) fn new(parts: &'a [Part]) -> Self {
        Scanner { parts, at: 0 }
    }

    fn text(&self) -> &'a [u8] {
        match self.parts.first() {
            Some(Part::Text(text)) => text.get(self.at..).unwrap_or_default(),
            _ => &[],
        }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text().first().copied()
    }

    /// Takes the bytes that `allowed` accepts; none is an error.
    pub(super) fn run(&mut self, allowed: impl Fn(u8) -> bool, wanted: &'static str) -> Parsed<&'a str> {
        let text = self.text();
        let end = text.iter().position(|&b| !allowed(b)).unwrap_or(text.len());
        self.at += end;
        match std::str::from_utf8(text.get(..end).unwrap_or_default()) {
            Ok(run) if !run.is_empty() => Ok(run),
            _ => Err(Malformed(wanted)),
        }
    }

    /// Takes `byte` if it is next.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, byte: u8, wanted: &'static str) -> Parsed<()> {
        if self.eat(byte) { Ok(()) } else { Err(Malformed(wanted)) }
    }

    /// Takes `word` (ASCII, without case) if it is next and does not go on as an atom.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let text = self.text();
        let found = text.get(..word.len()).is_some_and(|t| t.eq_ignore_ascii_case(word.as_bytes()))
            && text.get(word.len()).is_none_or(|b| !b.is_ascii_alphanumeric());
        if found {
            self.at += word.len();
        }
        found
    }

    /// One space.
    pub(in crate::lab::imap) fn space(&mut self) -> Parsed<()> {
        self.expect(b' ', "one space")
    }

    /// Nothing may follow.
    pub(super) fn end(&self) -> Parsed<()> {
        let rest = matches!(self.parts, [Part::Text(text)] if text.len() == self.at);
        if rest || self.parts.is_empty() { Ok(()) } else { Err(Malformed("end of command")) }
    }

    pub(in crate::lab::imap) fn tag(&mut self) -> Parsed<&'a str> {
        self.run(|b| is_atom(b) && b != b'+' || b == b']', "a tag")
    }

    /// The command's name; `UID` and the word after it are one.
    pub(in crate::lab::imap) fn verb(&mut self) -> Parsed<Verb> {
        let word = self.atom()?;
        if !word.eq_ignore_ascii_case("UID") {
            return Ok(Verb::named(word));
        }
        self.space()?;
        Ok(Verb::named(&format!("UID {}", self.atom()?)))
    }

    /// What was not read of the text at hand.
    pub(in crate::lab::imap) fn rest(&self) -> Bytes {
        match self.parts.first() {
            Some(Part::Text(text)) => text.slice(self.at.min(text.len())..),
            _ => Bytes::new(),
        }
    }

    pub(super) fn atom(&mut self) -> Parsed<&'a str> {
        self.run(is_atom, "an atom")
    }

    /// Digits only, within 32 bits.
    pub(super) fn number(&mut self) -> Parsed<u32> {
        self.run(|b| b.is_ascii_digit(), "a number")?.parse().map_err(|_| Malformed("a number below 2^32"))
    }

    pub(super) fn number64(&mut self) -> Parsed<u64> {
        self.run(|b| b.is_ascii_digit(), "a number")?.parse().map_err(|_| Malformed("a number below 2^64"))
    }

    /// The literal that stands here, which must be the next thing.
    pub(super) fn literal(&mut self) -> Parsed<Bytes> {
        match self.parts {
            [Part::Text(text), Part::Literal(literal), rest @ ..] if text.len() == self.at => {
                self.parts = rest;
                self.at = 0;
                Ok(literal.clone())
            }
            _ => Err(Malformed("a literal")),
        }
    }

    fn quoted(&mut self) -> Parsed<Vec<u8>> {
        let mut value = Vec::new();
        self.expect(b'"', "a quote")?;
        loop {
            let byte = self.peek().ok_or(Malformed("a closing quote"))?;
            self.at += 1;
            match byte {
                b'"' => return Ok(value),
                b'\\' => {
                    let escaped = self.peek().filter(|b| b"\"\\".contains(b)).ok_or(Malformed("\\\" or \\\\"))?;
                    self.at += 1;
                    value.push(escaped);
                }
                0x01..=0x7f if byte != b'\r' && byte != b'\n' => value.push(byte),
                _ => return Err(Malformed("7-bit characters in a quoted string")),
            }
        }
    }

    /// `string`: quoted or literal.
    pub(super) fn string(&mut self) -> Parsed<Vec<u8>> {
        if self.peek() == Some(b'"') { self.quoted() } else { Ok(self.literal()?.to_vec()) }
    }

    /// `astring`: an atom (with `]`) or a string.
    pub(in crate::lab::imap) fn astring(&mut self) -> Parsed<Vec<u8>> {
        match self.peek() {
            Some(b'"') | None => self.string(),
            Some(_) => Ok(self.run(|b| is_atom(b) || b == b']', "a string")?.as_bytes().to_vec()),
        }
    }

    /// An astring that is UTF-8.
    pub(super) fn utf8(&mut self) -> Parsed<String> {
        String::from_utf8(self.astring()?).map_err(|_| Malformed("UTF-8"))
    }

    /// `nstring`: NIL or a string.
    pub(super) fn nstring(&mut self) -> Parsed<Option<Vec<u8>>> {
        if self.eat_word("NIL") { Ok(None) } else { self.string().map(Some) }
    }

    /// `list-mailbox`: an astring whose atom may hold wildcards.
    pub(super) fn pattern(&mut self) -> Parsed<Vec<u8>> {
        match self.peek() {
            Some(b'"') | None => self.string(),
            Some(_) => Ok(self.run(|b| is_atom(b) || b"]%*".contains(&b), "a mailbox pattern")?.as_bytes().to_vec()),
        }
    }

    /// A list in parentheses, separated by one space each; it may be empty.
    pub(super) fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        self.expect(b'(', "(")?;
        let mut items = Vec::new();
        if self.eat(b')') {
            return Ok(items);
        }
        loop {
            items.push(one(self)?);
            if self.eat(b')') {
                return Ok(items);
            }
            self.space()?;
        }
    }

    /// `flag-list`; a flag is an atom or `\` and an atom.
    pub(super) fn flags(&mut self) -> Parsed<Vec<String>> {
        self.list(Self::flag)
    }

    pub(super) fn flag(&mut self) -> Parsed<String> {
        let system = self.eat(b'\\');
        let name = self.atom()?;
        Ok(if system { format!("\\{name}") } else { name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: &'static str) -> Vec<Part> {
        vec![Part::Text(Bytes::from_static(line.as_bytes()))]
    }

    #[test]
    fn strings_in_their_three_forms() {
        let mut parts = text(r#"abc "d \"e\\" "#);
        parts.push(Part::Literal(Bytes::from_static(b"f\r\n")));
        parts.push(Part::Text(Bytes::new()));
        let mut scan = Scanner::new(&parts);
        assert_eq!(scan.astring().unwrap(), b"abc");
        scan.space().unwrap();
        assert_eq!(scan.astring().unwrap(), br#"d "e\"#);
        scan.space().unwrap();
        assert_eq!(scan.astring().unwrap(), b"f\r\n");
        assert_eq!(scan.end(), Ok(()));
    }

    #[test]
    fn what_no_sane_client_sends_is_refused() {
        for line in ["\"a\\n\"", "\"open", "\"\u{e9}\"", "{3}abc", "(a", ""] {
            assert!(Scanner::new(&text(line)).astring().is_err(), "{line}");
        }
        assert!(Scanner::new(&text("+1")).tag().is_err());
        assert!(Scanner::new(&text("(a  b)")).flags().is_err());
        assert!(Scanner::new(&text("4294967296")).number().is_err());
    }
}
