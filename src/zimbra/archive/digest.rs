//! The digest of a blob as a `.meta` states it (zimbra.md §5.4).

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::digest;

/// A blob's digest: SHA-256 since version 8, SHA-1 for older mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest(Vec<u8>);

impl Digest {
    /// Reads base64 in which `,` stands for `/`; `None` if it is neither of the two kinds.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.replace(',', "/")).ok()?;
        algorithm(bytes.len()).map(|_| Digest(bytes))
    }

    /// SHA-256 of `bytes`, as today's servers state it.
    pub fn of(bytes: &[u8]) -> Self {
        Digest(digest::digest(&digest::SHA256, bytes).as_ref().to_vec())
    }

    /// SHA-1 of `bytes`, as servers before version 8 stated it.
    pub fn old(bytes: &[u8]) -> Self {
        Digest(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec())
    }

    /// Takes in the bytes that should have this digest.
    pub fn hasher(&self) -> Hasher {
        Hasher(digest::Context::new(algorithm(self.0.len()).unwrap_or(&digest::SHA256)))
    }
}

impl std::fmt::Display for Digest {
    /// As a `.meta` states it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&STANDARD.encode(&self.0).replace('/', ","))
    }
}

fn algorithm(length: usize) -> Option<&'static digest::Algorithm> {
    [&digest::SHA256, &digest::SHA1_FOR_LEGACY_USE_ONLY].into_iter().find(|known| known.output_len() == length)
}

/// The digest of bytes that pass.
#[derive(Clone)]
pub struct Hasher(digest::Context);

impl Hasher {
    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all that passed.
    pub fn finish(self) -> Digest {
        Digest(self.0.finish().as_ref().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_read_and_told_again() {
        let (new, old) = (Digest::of(b"abc"), Digest::old(b"abc"));
        assert_eq!(new.to_string(), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD,YfIAFa0=");
        assert_eq!(old.to_string(), "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
        for digest in [new, old] {
            assert_eq!(Digest::parse(&digest.to_string()), Some(digest.clone()));
            let mut hasher = digest.hasher();
            hasher.update(b"a");
            hasher.update(b"bc");
            assert_eq!(hasher.finish(), digest);
        }
    }

    #[test]
    fn what_is_no_digest_is_none() {
        for text in ["", "abc", "AAAA", "=====", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD,YfIAFa0"] {
            assert_eq!(Digest::parse(text), None, "{text}");
        }
    }
}
