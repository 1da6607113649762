//! Encrypting and decrypting one secret, with its name inside.
//!
//! The plain text is the name, a line feed (which no name has), and the secret. Buffers are of their final size from the start, so that
//! none is left behind unzeroed by growing.

use std::io::{Read, Write};

use age::{Decryptor, Encryptor, x25519};
use secrecy::zeroize::Zeroizing;

use super::{Record, SecretName, key::Key, refused};
use crate::{
    error::{Error, Result},
    secret::Secret,
};

/// Encrypts `secret` to `recipient` (`age1…`).
///
/// # Errors
/// The recipient is none.
pub(super) fn seal(name: &SecretName, secret: &Secret, recipient: &str) -> Result<Record> {
    let to: x25519::Recipient = recipient
        .parse()
        .map_err(|what| refused(format!("the vault's recipient is none ({what}); it was changed by hand")))?;
    let mut plain = Zeroizing::new(Vec::new());
    let named = format!("{name}\n");
    plain.reserve_exact(named.len() + secret.expose().len());
    plain.extend_from_slice(named.as_bytes());
    plain.extend_from_slice(secret.expose().as_bytes());
    let failed = |error: &dyn std::fmt::Display| Error::bug(format!("{name} cannot be encrypted: {error}"));
    let mut sealed = Vec::new();
    let encryptor = Encryptor::with_recipients(std::iter::once(&to as _)).map_err(|error| failed(&error))?;
    let mut writer = encryptor.wrap_output(&mut sealed).map_err(|error| failed(&error))?;
    writer.write_all(&plain).and_then(|()| writer.finish().map(drop)).map_err(|error| failed(&error))?;
    Ok(Record { name: name.clone(), sealed })
}

/// Decrypts a record.
///
/// # Errors
/// The key does not fit, or the record was damaged or given another name.
pub(super) fn open(record: &Record, key: &Key) -> Result<Secret> {
    let name = &record.name;
    let failed = |what: &dyn std::fmt::Display| refused(format!("{name} cannot be decrypted: {what}"));
    let decryptor = Decryptor::new(record.sealed.as_slice()).map_err(|error| failed(&error))?;
    let mut reader = decryptor.decrypt(key.identities()).map_err(|error| failed(&error))?;
    // A plain text is always shorter than its cipher text.
    let mut plain = Zeroizing::new(Vec::with_capacity(record.sealed.len()));
    reader.read_to_end(&mut plain).map_err(|error| failed(&error))?;
    let text = std::str::from_utf8(&plain).map_err(|_| failed(&"it is not text"))?;
    let (named, secret) = text.split_once('\n').ok_or_else(|| failed(&"it has no name inside"))?;
    if named != name.to_string() {
        return Err(failed(&format!("it was stored as {}", named.escape_debug())));
    }
    Ok(Secret::new(secret.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_opens_and_only_under_its_name() {
        let (key, other) = (Key::generate(), Key::generate());
        let name = SecretName::password("old", "anna");
        let record = seal(&name, &Secret::new("hunter2\nmore".into()), &key.recipient()).unwrap();
        assert!(!record.sealed.windows(7).any(|bytes| bytes == b"hunter2"));
        assert_eq!(open(&record, &key).unwrap().expose(), "hunter2\nmore");
        let error = |record: &Record, key: &Key| open(record, key).err().unwrap().subject().to_owned();
        assert!(error(&record, &other).contains("password/old/anna cannot be decrypted"));

        let moved = Record { name: SecretName::password("old", "bert"), ..record.clone() };
        assert!(error(&moved, &key).contains("it was stored as password/old/anna"));
        let mut damaged = record;
        *damaged.sealed.last_mut().unwrap() ^= 1;
        assert!(!error(&damaged, &key).contains("hunter2"));
    }
}
