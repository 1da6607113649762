//! The file of a key: readable by its owner only, as it is or encrypted with a passphrase (scrypt, as `age -p` does it).
//!
//! It is replaced by renaming, never rewritten, so that there is a whole key in it at every moment.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use age::{Decryptor, Encryptor, scrypt};
use secrecy::{SecretString, zeroize::Zeroizing};

use super::{Key, refused};
use crate::{
    error::{Error, Result},
    limits,
    secret::Secret,
};

/// Every age file begins like this.
const AGE: &[u8] = b"age-encryption.org/v1\n";

/// A key's file, and the passphrase it is encrypted with, if it is.
#[derive(Clone)]
pub struct KeyFile {
    path: PathBuf,
    passphrase: Option<Secret>,
}

impl KeyFile {
    /// Makes a new file for `key`.
    ///
    /// # Errors
    /// It is there already or cannot be written.
    pub fn create(path: &Path, key: &Key, passphrase: Option<Secret>) -> Result<KeyFile> {
        let file = KeyFile { path: path.to_owned(), passphrase };
        if path.exists() {
            return Err(refused(format!("{} is there already and is not overwritten", path.display())));
        }
        file.write(key)?;
        Ok(file)
    }

    /// Reads a key. `passphrase` is asked only where the file is encrypted.
    ///
    /// # Errors
    /// It cannot be read, others may read it too, it holds no key, or the passphrase is wrong.
    pub fn read(path: &Path, passphrase: impl FnOnce() -> Result<Secret>) -> Result<(Key, KeyFile)> {
        let bytes = private(path)?;
        let at = |what: &str| refused(format!("the key's file {}: {what}", path.display()));
        let mut file = KeyFile { path: path.to_owned(), passphrase: None };
        let key = if bytes.starts_with(AGE) {
            let passphrase = passphrase()?;
            let text = decrypt(&bytes, &passphrase).map_err(|what| at(&what))?;
            file.passphrase = Some(passphrase);
            parse(&text)
        } else {
            parse(&bytes)
        };
        Ok((key.map_err(|what| at(&what))?, file))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps other rotations away as long as the answer lives. The file itself is replaced meanwhile, so its directory is locked.
    ///
    /// # Errors
    /// Another process or task rotates.
    pub(super) fn alone(&self) -> Result<File> {
        let at = |what: String| refused(format!("the key's file {}: {what}", self.path.display()));
        let directory = File::open(directory(&self.path)).map_err(|error| at(error.to_string()))?;
        match directory.try_lock() {
            Ok(()) => Ok(directory),
            Err(TryLockError::WouldBlock) => Err(at("another rotation is under way; nothing was done".to_owned())),
            Err(TryLockError::Error(error)) => Err(at(error.to_string())),
        }
    }

    /// Puts `key` in the place of what the file held; durable when it returns.
    pub(super) fn write(&self, key: &Key) -> Result<()> {
        let text = key.text();
        let sealed = match &self.passphrase {
            Some(passphrase) => Zeroizing::new(encrypt(&text, passphrase)?),
            None => Zeroizing::new(text.expose().as_bytes().to_vec()),
        };
        let new = self.path.with_added_extension("new");
        let written = replace(&self.path, &new, &sealed);
        written.map_err(|error| refused(format!("the key's file {} cannot be written: {error}", self.path.display())))
    }
}

fn replace(path: &Path, new: &Path, bytes: &[u8]) -> io::Result<()> {
    // What a crash left there may have another mode.
    let _ = std::fs::remove_file(new);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(new, path)?;
    File::open(directory(path))?.sync_all()
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The bytes of a file that only its owner may read.
fn private(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let at = |what: String| refused(format!("the key's file {}: {what}", path.display()));
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => at("there is no such file".to_owned()),
        io::ErrorKind::PermissionDenied => at("this user may not read it".to_owned()),
        _ => at(error.to_string()),
    };
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(at(format!("other users may read or write it (mode {mode:o}). Run: chmod 600 {}", path.display())));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(limits::KEY_FILE));
    let most = u64::try_from(limits::KEY_FILE).unwrap_or(u64::MAX);
    file.take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

fn parse(bytes: &[u8]) -> Result<Key, String> {
    Key::parse(std::str::from_utf8(bytes).map_err(|_| "it is not text".to_owned())?)
}

fn encrypt(text: &Secret, passphrase: &Secret) -> Result<Vec<u8>> {
    let failed = |error: io::Error| Error::bug(format!("the key cannot be encrypted: {error}"));
    let mut sealed = Vec::new();
    let encryptor = Encryptor::with_user_passphrase(SecretString::from(passphrase.expose()));
    let mut writer = encryptor.wrap_output(&mut sealed).map_err(failed)?;
    writer.write_all(text.expose().as_bytes()).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(sealed)
}

fn decrypt(sealed: &[u8], passphrase: &Secret) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut identity = scrypt::Identity::new(SecretString::from(passphrase.expose()));
    // By itself it goes by the speed of this machine, and the file may come from a faster one.
    identity.set_max_work_factor(limits::KEY_WORK);
    let decryptor = Decryptor::new(sealed).map_err(|error| error.to_string())?;
    let mut reader = decryptor.decrypt(std::iter::once(&identity as _)).map_err(|error| match error {
        age::DecryptError::DecryptionFailed | age::DecryptError::KeyDecryptionFailed => {
            "the passphrase is wrong".to_owned()
        }
        error => error.to_string(),
    })?;
    let mut text = Zeroizing::new(Vec::with_capacity(sealed.len()));
    reader.read_to_end(&mut text).map_err(|error| error.to_string())?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn nobody() -> Result<Secret> {
        Err(Error::bug("nobody should be asked"))
    }

    #[test]
    fn a_plain_file_is_for_its_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("mailhaul.key");
        let key = Key::generate();
        KeyFile::create(&path, &key, None).unwrap();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
        assert_eq!(KeyFile::read(&path, nobody).unwrap().0.recipient(), key.recipient());
        assert!(KeyFile::create(&path, &key, None).err().unwrap().subject().contains("is there already"));

        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        let said = KeyFile::read(&path, nobody).err().unwrap();
        assert!(said.subject().contains("mode 640") && said.subject().contains("chmod 600"), "{said}");
    }

    #[test]
    fn a_passphrase_protects_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("mailhaul.key");
        let key = Key::generate();
        let phrase = || Ok(Secret::new("correct horse".into()));
        KeyFile::create(&path, &key, Some(phrase().unwrap())).unwrap();
        assert!(std::fs::read(&path).unwrap().starts_with(AGE));
        let (read, file) = KeyFile::read(&path, phrase).unwrap();
        assert_eq!(read.recipient(), key.recipient());
        let wrong = KeyFile::read(&path, || Ok(Secret::new("battery".into()))).err().unwrap();
        assert!(wrong.subject().ends_with("the passphrase is wrong"), "{wrong}");
        assert!(KeyFile::read(&path, nobody).is_err(), "somebody must be asked");

        // What replaces it has the same passphrase.
        let next = Key::generate();
        file.write(&next).unwrap();
        assert_eq!(KeyFile::read(&path, phrase).unwrap().0.recipient(), next.recipient());
    }
}
