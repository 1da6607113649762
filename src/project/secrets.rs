//! A project's vault: where it lies, the key that opens it, and the secrets of a mailbox pair in it.
//!
//! The vault is `mailhaul.secrets` beside the ledger. Its key is looked for in this order: the variable MAILHAUL_KEY, the file that `key-file`
//! names, `mailhaul.key` beside the ledger. A key beside its vault protects backups and copies of the vault alone; on a machine that others
//! share, give it another place or a passphrase.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    endpoint::{Auth, Oauth},
    pairs::{Mailbox, MailboxPair},
    store::Store,
};
use crate::{
    error::{Code, Disposition, Error, Result, Scope, Side},
    oauth::Grant,
    secret::Secret,
    vault::{Key, KeyFile, Sealer, SecretName, SecretsFile, Vault},
};

/// Asks for the passphrase of a key's file.
pub type AskPassphrase<'a> = &'a dyn Fn(&Path) -> Result<Secret>;

/// Where a project's secrets are.
#[derive(Clone)]
pub struct Secrets {
    vault: PathBuf,
    key: KeyPlace,
}

#[derive(Clone)]
enum KeyPlace {
    Environment(Secret),
    File(PathBuf),
}

impl Secrets {
    /// The vault beside `store`. `environment` is the value of MAILHAUL_KEY, `key_file` what the configuration names.
    pub fn locate(store: &Store, key_file: Option<&Path>, environment: Option<Secret>) -> Secrets {
        let file = || KeyPlace::File(key_file.map_or_else(|| store.key(), Path::to_path_buf));
        Secrets { vault: store.secrets(), key: environment.map_or_else(file, KeyPlace::Environment) }
    }

    /// The vault's file.
    pub fn path(&self) -> &Path {
        &self.vault
    }

    /// Where its key is, in words.
    pub fn key_words(&self) -> String {
        match &self.key {
            KeyPlace::Environment(_) => "the variable MAILHAUL_KEY".to_owned(),
            KeyPlace::File(path) => path.display().to_string(),
        }
    }

    /// Makes the vault, and its key where there is none yet: with a passphrase, if one is given.
    ///
    /// # Errors
    /// There is a vault already, a passphrase is given for a key that exists, or a file cannot be written.
    pub fn create(&self, passphrase: Option<Secret>, ask: AskPassphrase<'_>) -> Result<Sealer> {
        if self.vault.exists() {
            return Err(fault(format!("{} is there already", self.vault.display())));
        }
        let (has_key, protect) = (self.has_key(), passphrase.is_some());
        let key = match &self.key {
            KeyPlace::File(path) if !has_key => {
                let key = Key::generate();
                KeyFile::create(path, &key, passphrase)?;
                key
            }
            _ if protect => return Err(fault(format!("the key is there already, in {}", self.key_words()))),
            _ => self.key(ask)?.0,
        };
        Ok(Sealer::new(Arc::new(SecretsFile::create(&self.vault, &key.recipient())?)))
    }

    fn has_key(&self) -> bool {
        match &self.key {
            KeyPlace::Environment(_) => true,
            KeyPlace::File(path) => path.exists(),
        }
    }

    /// The end of the vault that puts in; `None` if there is no vault yet. It needs no key.
    ///
    /// # Errors
    /// The vault cannot be read.
    pub fn sealer(&self) -> Result<Option<Sealer>> {
        Ok(SecretsFile::open(&self.vault)?.map(|file| Sealer::new(Arc::new(file))))
    }

    /// Names of what is stored; none without a vault.
    ///
    /// # Errors
    /// The vault cannot be read.
    pub async fn names(&self) -> Result<HashSet<SecretName>> {
        match self.sealer()? {
            Some(sealer) => Ok(sealer.list().await?.into_iter().map(|held| held.name).collect()),
            None => Ok(HashSet::new()),
        }
    }

    /// The vault, opened with its key.
    ///
    /// # Errors
    /// There is no vault, or the key is not there, not readable or another one.
    pub async fn open(&self, ask: AskPassphrase<'_>) -> Result<Vault> {
        let file = self.file()?;
        Vault::open(Arc::new(file), self.key(ask)?.0).await
    }

    fn file(&self) -> Result<SecretsFile> {
        let missing =
            || fault(format!("there is no vault at {} yet; `mailhaul secrets init` makes one", self.vault.display()));
        SecretsFile::open(&self.vault)?.ok_or_else(missing)
    }

    /// Encrypts everything to a new key, which takes the place of the old one, or goes to `new_file`; returns how many secrets there are.
    ///
    /// # Errors
    /// As [`Secrets::open`]; the key is in the environment and no new file is named.
    pub async fn rotate(&self, new_file: Option<(&Path, Option<Secret>)>, ask: AskPassphrase<'_>) -> Result<usize> {
        let (file, (key, place)) = (self.file()?, self.key(ask)?);
        let vault = Vault::open(Arc::new(file), key).await?;
        match (new_file, place) {
            (Some((path, passphrase)), _) => vault.rotate_into(path, passphrase).await,
            (None, Some(file)) => vault.rotate(&file).await,
            (None, None) => Err(Error::usage(
                "the key is in MAILHAUL_KEY: name a file for the new one with `--new-key-file`, and put its key into the variable afterwards.",
            )),
        }
    }

    fn key(&self, ask: AskPassphrase<'_>) -> Result<(Key, Option<KeyFile>)> {
        match &self.key {
            KeyPlace::Environment(text) => {
                Ok((Key::parse(text.expose()).map_err(|what| fault(format!("MAILHAUL_KEY: {what}")))?, None))
            }
            KeyPlace::File(path) => {
                let (key, file) = KeyFile::read(path, || ask(path))?;
                Ok((key, Some(file)))
            }
        }
    }
}

/// The names of all that is stored for a pair.
pub fn names_of(pair: &MailboxPair) -> Vec<SecretName> {
    let names = |mailbox: &Mailbox| [Some(mailbox.password_name()), mailbox.sign_in_name()];
    [&pair.source, &pair.target].into_iter().flat_map(names).flatten().collect()
}

impl Mailbox {
    /// The name of the password that the vault must have for it: none where it has one, or signs in otherwise.
    pub fn missing_password(&self) -> Option<SecretName> {
        let missing = matches!(self.endpoint.auth, Auth::Password) && self.login.password.is_none();
        missing.then(|| self.password_name())
    }

    /// What the sign-in is called whose tokens open it, if it is a person's.
    pub fn sign_in_name(&self) -> Option<SecretName> {
        let Oauth { client, user } = self.oauth()?;
        match client.grant(&self.login.user, user.as_deref()) {
            Grant::Refresh { user } => Some(SecretName::sign_in(&client.name, &user)),
            Grant::ClientCredentials | Grant::ServiceAccount { .. } => None,
        }
    }

    /// What its password is called in the vault.
    pub fn password_name(&self) -> SecretName {
        SecretName::password(&self.endpoint.name, &self.login.user)
    }
}

fn fault(subject: impl Into<String>) -> Error {
    Error::new(Code::Vault, Side::System, Scope::Run, Disposition::NeedsPerson, subject)
}
