//! Where in a file a mistake is: every error of a configuration or user file names file, line and key.

use std::{ops::Range, path::Path};

use crate::error::Error;

/// A text file that is being read, for the places in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    /// The file, as the person named it.
    pub file: &'a Path,
    /// What it holds.
    pub text: &'a str,
}

impl Text<'_> {
    /// The line, from 1, that holds the byte at `offset`.
    pub(crate) fn line_at(&self, offset: usize) -> usize {
        let before = self.text.get(..offset).unwrap_or(self.text);
        before.bytes().filter(|byte| *byte == b'\n').count() + 1
    }

    /// The line of `key` within the table whose span is `table`; the table's first line where the key is not written.
    pub(crate) fn line_of(&self, table: &Range<usize>, key: &str) -> usize {
        let first = self.line_at(table.start);
        let lines = self.text.lines().enumerate().skip(first);
        let mut body = lines.take_while(|(_, line)| !line.trim_start().starts_with('['));
        let found = body.find(|(_, line)| line.split_once('=').is_some_and(|(left, _)| left.trim() == key));
        found.map_or(first, |(index, _)| index + 1)
    }

    /// An error at `line` about `key`; `what` says what is wrong and what to write instead.
    pub(crate) fn error(&self, line: usize, key: &str, what: impl std::fmt::Display) -> Error {
        Error::config(format!("{}, line {line}, `{key}`: {what}", self.file.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_looked_for_in_their_own_table_only() {
        let text = "[a]\nhost = \"x\"\n\n[b]\nport = 1\nhost = \"y\"\n";
        let place = Text { file: Path::new("t"), text };
        assert_eq!(place.line_of(&(0..3), "host"), 2);
        assert_eq!(place.line_of(&(0..3), "port"), 1, "not written in [a]");
        let b = text.find("[b]").unwrap();
        assert_eq!(place.line_of(&(b..b + 3), "host"), 6);
    }
}
