//! SEARCH (RFC 3501 §6.4.4) and ESEARCH (RFC 4731).

use chrono::NaiveDate;

use super::{
    NumberSet,
    scan::{Malformed, Parsed, Scanner},
};

/// Keys within keys.
const DEPTH: u8 = 16;

/// A SEARCH or UID SEARCH.
#[derive(Clone, Debug)]
pub(in crate::lab::imap) struct SearchCommand {
    pub result: Option<SearchReturn>,
    pub keys: Vec<Key>,
}

/// What ESEARCH shall tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::lab::imap) struct SearchReturn {
    pub min: bool,
    pub max: bool,
    pub all: bool,
    pub count: bool,
}

/// One condition.
#[derive(Clone, Debug)]
pub(in crate::lab::imap) enum Key {
    All,
    Sequence(NumberSet),
    Uid(NumberSet),
    Flag(String, bool),
    Header(String, Vec<u8>),
    Body(Vec<u8>),
    Text(Vec<u8>),
    Larger(u64),
    Smaller(u64),
    Before(NaiveDate),
    On(NaiveDate),
    Since(NaiveDate),
    ModSeq(u64),
    Not(Box<Key>),
    Or(Box<Key>, Box<Key>),
    And(Vec<Key>),
}

impl Scanner<'_> {
    pub(super) fn search(&mut self) -> Parsed<SearchCommand> {
        self.space()?;
        let mut result = None;
        if self.eat_word("RETURN") {
            self.space()?;
            result = Some(self.search_return()?);
            self.space()?;
        }
        if self.eat_word("CHARSET") {
            self.space()?;
            let charset = self.utf8()?.to_ascii_uppercase();
            if !["UTF-8", "US-ASCII"].contains(&charset.as_str()) {
                return Err(Malformed("CHARSET UTF-8 or US-ASCII"));
            }
            self.space()?;
        }
        let mut keys = vec![self.key(DEPTH)?];
        while self.eat(b' ') {
            keys.push(self.key(DEPTH)?);
        }
        Ok(SearchCommand { result, keys })
    }

    fn search_return(&mut self) -> Parsed<SearchReturn> {
        let mut wanted = SearchReturn::default();
        self.list(|scan| {
            match scan.atom()?.to_ascii_uppercase().as_str() {
                "MIN" => wanted.min = true,
                "MAX" => wanted.max = true,
                "ALL" => wanted.all = true,
                "COUNT" => wanted.count = true,
                _ => return Err(Malformed("MIN, MAX, ALL or COUNT")),
            }
            Ok(())
        })?;
        Ok(if wanted == SearchReturn::default() { SearchReturn { all: true, ..wanted } } else { wanted })
    }

    fn key(&mut self, depth: u8) -> Parsed<Key> {
        let deeper = depth.checked_sub(1).ok_or(Malformed("fewer keys within keys"))?;
        match self.peek() {
            Some(b'(') => return Ok(Key::And(self.list(|scan| scan.key(deeper))?)),
            Some(b'0'..=b'9' | b'*') => return Ok(Key::Sequence(self.set()?)),
            _ => (),
        }
        let word = self.atom()?.to_ascii_uppercase();
        match word.as_str() {
            "ALL" => Ok(Key::All),
            "NOT" => Ok(Key::Not(Box::new(self.spaced(|scan| scan.key(deeper))?))),
            "OR" => {
                let left = self.spaced(|scan| scan.key(deeper))?;
                Ok(Key::Or(Box::new(left), Box::new(self.spaced(|scan| scan.key(deeper))?)))
            }
            "UID" => self.spaced(Self::set).map(Key::Uid),
            "MODSEQ" => self.spaced(Self::number64).map(Key::ModSeq),
            "LARGER" => self.spaced(Self::number64).map(Key::Larger),
            "SMALLER" => self.spaced(Self::number64).map(Key::Smaller),
            "BEFORE" => self.spaced(Self::date).map(Key::Before),
            "ON" => self.spaced(Self::date).map(Key::On),
            "SINCE" => self.spaced(Self::date).map(Key::Since),
            "BODY" => self.spaced(Self::astring).map(Key::Body),
            "TEXT" => self.spaced(Self::astring).map(Key::Text),
            "HEADER" => {
                let field = self.spaced(Self::utf8)?;
                Ok(Key::Header(field, self.spaced(Self::astring)?))
            }
            "FROM" | "TO" | "CC" | "BCC" | "SUBJECT" => Ok(Key::Header(word, self.spaced(Self::astring)?)),
            "KEYWORD" => Ok(Key::Flag(self.spaced(Self::flag)?, true)),
            "UNKEYWORD" => Ok(Key::Flag(self.spaced(Self::flag)?, false)),
            _ => flag_key(&word).ok_or(Malformed("a search key")),
        }
    }

    fn spaced<T>(&mut self, one: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.space()?;
        one(self)
    }
}

fn flag_key(word: &str) -> Option<Key> {
    let (name, wanted) = match word.strip_prefix("UN") {
        Some(name) => (name, false),
        None => (word, true),
    };
    let known = ["SEEN", "ANSWERED", "FLAGGED", "DELETED", "DRAFT"];
    known.contains(&name).then(|| Key::Flag(format!("\\{name}"), wanted))
}
