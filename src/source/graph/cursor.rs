//! What a finished listing of a folder leaves for the next one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::graph::DeltaLink;

/// The folder's delta link, and its drafts. The link names a state of the service's and opens nothing: it needs an access token beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// The form; another one is not read, and the folder is listed anew.
    version: u8,
    link: String,
    /// The drafts as they were told: id and change key. A draft that is edited keeps its id, and its old content must be told as gone.
    pub(super) drafts: BTreeMap<String, String>,
}

const VERSION: u8 = 1;

impl Cursor {
    pub(super) fn new(link: &DeltaLink, drafts: BTreeMap<String, String>) -> Self {
        Cursor { version: VERSION, link: link.as_str().to_owned(), drafts }
    }

    pub(super) fn link(&self) -> DeltaLink {
        DeltaLink::new(self.link.as_str())
    }

    /// The bytes that the ledger keeps.
    pub(super) fn encode(&self) -> Vec<u8> {
        // Strings and a map of strings are always JSON; without a cursor the folder would be listed whole.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The opposite of [`Cursor::encode`]; `None` for bytes of another form.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|cursor: &Cursor| cursor.version == VERSION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_and_strange_ones_do_not() {
        let drafts = BTreeMap::from([("AAk=".to_owned(), "CQ1".to_owned())]);
        let cursor = Cursor::new(&DeltaLink::new("https://g.example/v1.0/delta?$deltatoken=1"), drafts);
        assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor.clone()));
        assert_eq!(Cursor::decode(&Cursor { version: 2, ..cursor.clone() }.encode()), None);
        assert_eq!(Cursor::decode(b"\x01\0\0\0\x07"), None, "one of another protocol");
        assert_eq!(cursor.link().as_str(), "https://g.example/v1.0/delta?$deltatoken=1");
    }
}
