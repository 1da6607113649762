//! Folder names of a target: from the path that people read to what goes over the wire.
//!
//! The other way is [`crate::imap::list`]'s. A path has no namespace prefix, no delimiter and no encoding in it, so that a
//! folder of one server can be asked for at another.

use crate::{
    error::{Code, Disposition, Error, Result, Scope, Side},
    imap::{Namespace, utf7},
    model::{FolderName, FolderPath},
};

/// How one server spells folder names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The user's own namespace: `INBOX.` at Courier and older Cyrus, usually empty.
    prefix: Vec<u8>,
    /// The hierarchy delimiter; without one there are no levels.
    delimiter: Option<char>,
    /// Names are UTF-8 (RFC 6855), not modified UTF-7.
    utf8: bool,
}

impl Names {
    /// How a server spells names that tells `namespace` (RFC 2342), if any; `utf8` is [`crate::imap::Server::utf8`].
    pub fn new(namespace: Option<&Namespace>, utf8: bool) -> Self {
        let personal = namespace.and_then(|told| told.personal.first().cloned());
        let (prefix, delimiter) = personal.unwrap_or_default();
        Names { prefix, delimiter, utf8 }
    }

    /// With the delimiter that LIST told: it is right where NAMESPACE is absent or odd (quirk 85).
    pub fn listed_with(&mut self, delimiter: Option<char>) {
        self.delimiter = delimiter.or(self.delimiter);
    }

    /// The hierarchy delimiter.
    pub fn delimiter(&self) -> Option<char> {
        self.delimiter
    }

    /// The name on the wire of the folder at `path`.
    ///
    /// # Errors
    /// A segment is empty or holds the delimiter or a control character ([`Code::FolderName`], scope folder).
    pub fn name(&self, path: &FolderPath) -> Result<FolderName> {
        if path.is_inbox() {
            return Ok(FolderName::inbox());
        }
        let illegal = |segment: &String| {
            segment.is_empty() || segment.chars().any(|c| c.is_control() || Some(c) == self.delimiter)
        };
        let needs_levels = path.0.len() > 1 && self.delimiter.is_none();
        if path.0.is_empty() || needs_levels || path.0.iter().any(illegal) {
            let disposition = Disposition::NeedsPerson;
            return Err(Error::new(Code::FolderName, Side::Target, Scope::Folder, disposition, path.to_string()));
        }
        let text = path.0.join(&self.delimiter.map(String::from).unwrap_or_default());
        let own = if self.utf8 { text.into_bytes() } else { utf7::encode(&text) };
        Ok(FolderName([self.prefix.as_slice(), &own].concat()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(prefix: &str, delimiter: Option<char>, utf8: bool) -> Names {
        let namespace = Namespace { personal: vec![(prefix.into(), delimiter)], ..Namespace::default() };
        Names::new(Some(&namespace), utf8)
    }

    fn wire(names: &Names, path: &[&str]) -> String {
        String::from_utf8(names.name(&FolderPath::new(path.iter().copied())).unwrap().0).unwrap()
    }

    #[test]
    fn a_path_gets_the_servers_prefix_delimiter_and_spelling() {
        let courier = names("INBOX.", Some('.'), false);
        assert_eq!(wire(&courier, &["Sent"]), "INBOX.Sent");
        assert_eq!(wire(&courier, &["a", "bä"]), "INBOX.a.b&AOQ-");
        assert_eq!(wire(&courier, &["inbox"]), "INBOX");
        assert_eq!(wire(&names("", Some('/'), true), &["R&D", "日本"]), "R&D/日本");
    }

    #[test]
    fn without_namespace_the_listing_tells_the_delimiter() {
        let mut names = Names::new(None, false);
        assert!(names.name(&FolderPath::new(["a", "b"])).is_err());
        names.listed_with(Some('/'));
        assert_eq!(wire(&names, &["a", "b"]), "a/b");
    }

    #[test]
    fn a_segment_never_becomes_two_levels_nor_a_command() {
        let dotted = names("INBOX.", Some('.'), false);
        for path in [vec!["a.b"], vec!["a", ""], vec!["a\r\nA1 DELETE x"], vec![]] {
            assert_eq!(dotted.name(&FolderPath::new(path)).unwrap_err().code(), Code::FolderName);
        }
    }
}
