//! The key of a vault: x25519 identities as age writes them.

use age::{Identity, x25519};
use secrecy::ExposeSecret;

use crate::secret::Secret;

/// What decrypts. The first identity is the vault's; a second one is there only while a rotation is under way.
#[derive(Clone)]
pub struct Key {
    current: x25519::Identity,
    former: Vec<x25519::Identity>,
}

impl Key {
    /// A new key.
    pub fn generate() -> Self {
        Key { current: x25519::Identity::generate(), former: Vec::new() }
    }

    /// Reads a key as age's own tools write it: `AGE-SECRET-KEY-1…`, and lines that begin with `#`. Several stand on lines
    /// of their own or, in a variable, have blanks or commas between them.
    ///
    /// # Errors
    /// There is none, in words that do not repeat the text.
    pub fn parse(text: &str) -> Result<Key, String> {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let words = lines.flat_map(|line| line.split([' ', '\t', ',', '\r'])).filter(|word| !word.is_empty());
        let mut identities = words.map(|word| {
            word.parse::<x25519::Identity>().map_err(|_| "it holds something that is no `AGE-SECRET-KEY-1…`".to_owned())
        });
        let current = identities.next().ok_or("it holds no `AGE-SECRET-KEY-1…`")??;
        Ok(Key { current, former: identities.collect::<Result<_, _>>()? })
    }

    /// The public part, to which the vault encrypts (`age1…`).
    pub fn recipient(&self) -> String {
        self.current.to_public().to_string()
    }

    /// Whether it opens what is encrypted to `recipient`.
    pub(super) fn opens(&self, recipient: &str) -> bool {
        std::iter::once(&self.current).chain(&self.former).any(|key| key.to_public().to_string() == recipient)
    }

    /// This key first, and behind it all that opened before.
    pub(super) fn before(&self, former: &Key) -> Key {
        let former = std::iter::once(&former.current).chain(&former.former).cloned().collect();
        Key { current: self.current.clone(), former }
    }

    pub(super) fn identities(&self) -> impl Iterator<Item = &dyn Identity> {
        std::iter::once(&self.current).chain(&self.former).map(|key| key as &dyn Identity)
    }

    /// The text of a key's file.
    pub(super) fn text(&self) -> Secret {
        let head = format!("# The key of a mailhaul vault. Public part: {}\n", self.recipient());
        let keys: Vec<_> = std::iter::once(&self.current).chain(&self.former).map(|key| key.to_string()).collect();
        let length = head.len() + keys.iter().map(|key| key.expose_secret().len() + 1).sum::<usize>();
        let mut text = String::with_capacity(length);
        text.push_str(&head);
        for key in &keys {
            text.push_str(key.expose_secret());
            text.push('\n');
        }
        Secret::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written_and_never_repeated() {
        let (key, former) = (Key::generate(), Key::generate());
        let both = key.before(&former);
        let read = Key::parse(both.text().expose()).unwrap();
        assert_eq!(read.recipient(), key.recipient());
        assert!(read.opens(&key.recipient()) && read.opens(&former.recipient()));
        assert!(!key.opens(&former.recipient()));
        let text = both.text().expose().lines().skip(1).collect::<Vec<_>>().join(", ");
        assert!(Key::parse(&text).unwrap().opens(&former.recipient()), "as in a variable");
        for wrong in ["", "# age1xyz\n", "AGE-SECRET-KEY-1HUNTER2", "age1hunter2"] {
            let said = Key::parse(wrong).err().unwrap();
            assert!(said.contains("AGE-SECRET-KEY-1…") && !said.to_lowercase().contains("hunter2"), "{said}");
        }
    }
}
