//! Secrets at rest: passwords and refresh tokens, encrypted to a key that whoever collects them does not have.
//!
//! # Who can do what
//!
//! Every secret is an age file of its own (x25519, age-encryption.org/v1), encrypted to the vault's public *recipient*. A [`Sealer`] knows
//! only that: a web page, `mailhaul login` and an import put secrets in and can never read one back. A [`Vault`] also has the [`Key`], which
//! comes from a file (mode 0600, with a passphrase or without) or from the environment, and lies nowhere in the vault.
//! The name is encrypted with the secret and compared when it is read: nobody who can write the file can make one mailbox's password
//! go to another mailbox's server.
//!
//! # Where they lie
//!
//! In a file of their own beside the ledger ([`SecretsFile`]), behind the narrow port [`Records`], so that a store for several machines can
//! take its place. Not in the ledger itself: that has one writing process for the length of a run, while a sign-in or a password must be
//! storable during it, and people send ledgers and their backups to others who help. One file per secret was rejected: a rotation
//! would then have a middle.
//!
//! # What holds
//!
//! A plain text exists as [`Secret`](crate::secret::Secret) or in a buffer that is zeroed; no call lists values. A rotation is one
//! transaction, and the key's file holds both keys until it is done, so that a crash at any moment leaves everything readable. What is
//! wiped is overwritten in the file. Neither undoes a backup: who kept an old copy of both, file and key, can still read it.

mod key;
mod key_file;
mod name;
mod open;
mod records;
mod seal;
mod sqlite;

pub use key::Key;
pub use key_file::KeyFile;
pub use name::SecretName;
pub use open::{Sealer, Vault};
pub use records::{Held, Record, Records, Reseal};
pub use sqlite::SecretsFile;

use crate::error::{Code, Disposition, Error, Scope, Side};

/// An error of the vault; `subject` says what and what to do about it.
fn refused(subject: impl Into<String>) -> Error {
    Error::new(Code::Vault, Side::System, Scope::Run, Disposition::NeedsPerson, subject)
}
