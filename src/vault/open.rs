//! The two ends of a vault: the one that only puts in, and the one that reads.

use std::sync::Arc;

use super::{Held, Key, KeyFile, Record, Records, SecretName, refused, seal};
use crate::{
    error::{Error, Result},
    secret::Secret,
};

/// Puts secrets in, lists their names and wipes them; can read none.
#[derive(Clone)]
pub struct Sealer {
    records: Arc<dyn Records>,
}

impl Sealer {
    /// The vault in `records`.
    pub fn new(records: Arc<dyn Records>) -> Self {
        Sealer { records }
    }

    /// Stores secrets, over those of the same names: all or none.
    ///
    /// # Errors
    /// The vault cannot be written.
    pub async fn put(&self, secrets: &[(SecretName, Secret)]) -> Result<()> {
        // A rotation may come between the question and the answer; a second one right behind it is no accident.
        for _ in 0..2 {
            let recipient = self.records.recipient().await?;
            let sealed: Result<Vec<Record>> =
                secrets.iter().map(|(name, secret)| seal::seal(name, secret, &recipient)).collect();
            if self.records.put(&recipient, sealed?).await? {
                return Ok(());
            }
        }
        Err(refused("the vault's key was changed while a secret was stored; store it again"))
    }

    /// What is stored, by name; never a value.
    ///
    /// # Errors
    /// The vault cannot be read.
    pub async fn list(&self) -> Result<Vec<Held>> {
        self.records.list().await
    }

    /// Removes secrets for good; returns how many there were.
    ///
    /// # Errors
    /// The vault cannot be written.
    pub async fn wipe(&self, names: Vec<SecretName>) -> Result<usize> {
        self.records.wipe(names).await
    }
}

/// Reads secrets too.
#[derive(Clone)]
pub struct Vault {
    sealer: Sealer,
    key: Key,
}

impl Vault {
    /// Opens the vault in `records` with its key.
    ///
    /// # Errors
    /// The key belongs to another vault, or this one cannot be read.
    pub async fn open(records: Arc<dyn Records>, key: Key) -> Result<Vault> {
        let recipient = records.recipient().await?;
        if !key.opens(&recipient) {
            let subject = format!("the key is {}'s, and the vault is encrypted to {recipient}", key.recipient());
            return Err(refused(subject));
        }
        Ok(Vault { sealer: Sealer::new(records), key })
    }

    /// The end that only puts in.
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// The secret of this name.
    ///
    /// # Errors
    /// The vault cannot be read, or the record is damaged.
    pub async fn get(&self, name: &SecretName) -> Result<Option<Secret>> {
        let record = self.sealer.records.get(name).await?;
        record.map(|record| seal::open(&record, &self.key)).transpose()
    }

    /// Encrypts everything to a new key, which replaces the one in `file`; returns how many secrets there are. In `file` both keys
    /// lie until all is done, so that a crash at any moment leaves every secret readable.
    ///
    /// # Errors
    /// The file or the vault cannot be written; the old key goes on working then.
    pub async fn rotate(self, file: &KeyFile) -> Result<usize> {
        // Two that begin at once would each write over the key of the other before either reaches the vault.
        let _alone = file.alone()?;
        self.current().await?;
        let new = Key::generate();
        file.write(&new.before(&self.key))?;
        let count = self.rekey(&new).await?;
        file.write(&new)?;
        Ok(count)
    }

    /// As [`Vault::rotate`], for a key that lies in no file: the new one goes to a file of its own, made before anything else, and the old
    /// one stays where the person has it.
    ///
    /// # Errors
    /// As [`Vault::rotate`], and if the file is there already.
    pub async fn rotate_into(self, path: &std::path::Path, passphrase: Option<Secret>) -> Result<usize> {
        let new = Key::generate();
        KeyFile::create(path, &new, passphrase)?;
        self.rekey(&new).await
    }

    /// Whom the vault is encrypted to now. Another rotation may have come between this one's opening and now: to write the key file over
    /// would lose the key of that one.
    async fn current(&self) -> Result<String> {
        let recipient = self.sealer.records.recipient().await?;
        match self.key.opens(&recipient) {
            true => Ok(recipient),
            false => Err(refused("the vault's key was changed meanwhile; nothing was done, rotate again")),
        }
    }

    async fn rekey(&self, new: &Key) -> Result<usize> {
        let (old, recipient) = (self.key.clone(), new.recipient());
        let to = recipient.clone();
        let reseal = move |record: &Record| -> Result<Vec<u8>, Error> {
            let secret = seal::open(record, &old)?;
            Ok(seal::seal(&record.name, &secret, &to)?.sealed)
        };
        self.sealer.records.rekey(&self.current().await?, &recipient, Box::new(reseal)).await
    }
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
