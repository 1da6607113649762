//! What a finished listing of a folder leaves for the next one.

use serde::{Deserialize, Serialize};

use crate::limits;

/// The mailbox's sync token, and in which of its lives it was given out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// The form; another one is not read, and the folder is listed anew.
    version: u8,
    pub(super) life: Life,
    pub(super) token: String,
}

const VERSION: u8 = 1;

impl Cursor {
    pub(super) fn new(life: Life, token: String) -> Self {
        Cursor { version: VERSION, life, token }
    }

    /// The bytes that the ledger keeps.
    pub(super) fn encode(&self) -> Vec<u8> {
        // Strings and numbers are always JSON; without a cursor the folder would be listed whole.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The opposite of [`Cursor::encode`]; `None` for bytes of another form.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|cursor: &Cursor| cursor.version == VERSION)
    }

    /// The change that the token names: older tokens come before it.
    pub(super) fn change(&self) -> u64 {
        self.token.split(['-', ':']).next().and_then(|number| number.parse().ok()).unwrap_or_default()
    }
}

/// A life of a mailbox, within which an id is given out once: it ends when the mailbox is restored from a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Life {
    pub(super) account: String,
    pub(super) number: u32,
}

impl Life {
    pub(super) fn first(account: &str) -> Self {
        Life { account: account.to_owned(), number: 0 }
    }

    pub(super) fn next(&self) -> Self {
        Life { account: self.account.clone(), number: (self.number + 1).min(limits::ZIMBRA_LIVES - 1) }
    }

    /// A number that no other life has, and no other account.
    pub(super) fn epoch(&self) -> u64 {
        let hash = blake3::hash(format!("{}/{}", self.account, self.number).as_bytes());
        let bytes = hash.as_bytes().first_chunk().copied().unwrap_or_default();
        // The ledger's integers have a sign.
        u64::from_be_bytes(bytes) >> 1
    }

    /// Whether `epoch` is a life of this account.
    pub(super) fn is_of(account: &str, epoch: u64) -> bool {
        let life = |number| Life { account: account.to_owned(), number };
        (0..limits::ZIMBRA_LIVES).any(|number| life(number).epoch() == epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_and_strange_ones_do_not() {
        let cursor = Cursor::new(Life::first("a").next(), "540-7".to_owned());
        assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor.clone()));
        assert_eq!(cursor.change(), 540);
        assert_eq!(Cursor::decode(b"{\"version\":1,\"link\":\"\"}"), None, "one of another protocol");
    }

    #[test]
    fn lives_and_accounts_have_epochs_of_their_own() {
        let (first, second) = (Life::first("a"), Life::first("a").next());
        assert_ne!(first.epoch(), second.epoch());
        assert!(Life::is_of("a", second.epoch()) && !Life::is_of("b", second.epoch()));
        assert!(!Life::is_of("a", first.epoch() + 1));
    }
}
