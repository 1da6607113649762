//! The port of the vault: encrypted records by name, and the one recipient they are encrypted to.

use async_trait::async_trait;

use super::SecretName;
use crate::error::Result;

/// A secret as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its name.
    pub name: SecretName,
    /// An age file, binary.
    pub sealed: Vec<u8>,
}

/// That a secret is there, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its name.
    pub name: SecretName,
    /// When it was stored (Unix seconds).
    pub stored: i64,
}

/// Encrypts a record anew. It runs inside the store's transaction.
pub type Reseal = Box<dyn FnMut(&Record) -> Result<Vec<u8>> + Send>;

/// Where the records lie. Several processes may use it at a time; every call is a transaction of its own and durable when it returns.
#[async_trait]
pub trait Records: Send + Sync {
    /// Whom secrets are encrypted to.
    async fn recipient(&self) -> Result<String>;
    /// Stores records that are encrypted to `recipient`, over those of the same names. `false`, and nothing is stored, where the vault's
    /// recipient is another one by now.
    async fn put(&self, recipient: &str, records: Vec<Record>) -> Result<bool>;
    /// The record of this name.
    async fn get(&self, name: &SecretName) -> Result<Option<Record>>;
    /// What is there, by name.
    async fn list(&self) -> Result<Vec<Held>>;
    /// Makes `recipient` the vault's and encrypts every record anew: all or nothing. Refused where it is not `from` any more.
    async fn rekey(&self, from: &str, recipient: &str, reseal: Reseal) -> Result<usize>;
    /// Removes records so that nothing of them is left; returns how many there were.
    async fn wipe(&self, names: Vec<SecretName>) -> Result<usize>;
}
