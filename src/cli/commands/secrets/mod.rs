//! `mailhaul secrets …`: the stored passwords and sign-ins. No command shows a value; only `rotate` needs the key.

mod import;
mod list;
mod wipe;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use super::scope;
use crate::{
    cli::{face::Face, keys},
    error::{Error, Result},
    project::{outcome::Ending, secrets::Secrets},
    vault::{Sealer, SecretName},
};

/// Store passwords encrypted; list, rotate and wipe what is stored
///
/// The vault is mailhaul.secrets beside the ledger. Its key is looked for in MAILHAUL_KEY, in the file that `key-file` of [project]
/// names, then in mailhaul.key beside the ledger. Whoever has the vault without its key can add to it and read nothing.
#[derive(clap::Args)]
pub struct SecretsArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Make the vault and its key
    Init {
        /// Protect the key with a passphrase (asked, or MAILHAUL_PASSPHRASE)
        #[arg(long)]
        passphrase: bool,
    },
    /// Tell what is stored, by name and date
    List,
    /// Store one secret: typed, from a file, or the first line of standard input
    Set {
        /// Its name: password/ENDPOINT/USER
        name: SecretName,
        /// Take the first line of this file
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    Import(import::ImportArgs),
    /// Encrypt everything to a new key, in place of the old one
    Rotate {
        /// Write the new key to this new file (needed where the old one is in MAILHAUL_KEY)
        #[arg(long, value_name = "FILE")]
        new_key_file: Option<PathBuf>,
        /// Protect that file with a passphrase
        #[arg(long, requires = "new_key_file")]
        passphrase: bool,
    },
    Wipe(wipe::WipeArgs),
}

pub(super) async fn run(args: &SecretsArgs, face: &Face) -> Result<Ending> {
    match &args.what {
        What::Init { passphrase } => init(face, *passphrase),
        What::List => list::run(face).await,
        What::Set { name, file } => set(face, name, file.as_deref()).await,
        What::Import(args) => import::run(args, face).await,
        What::Rotate { new_key_file, passphrase } => rotate(face, new_key_file.as_deref(), *passphrase).await,
        What::Wipe(args) => wipe::run(args, face).await,
    }
}

fn init(face: &Face, passphrase: bool) -> Result<Ending> {
    let secrets = scope::secrets(face)?;
    let passphrase = if passphrase { Some(keys::new_passphrase()?) } else { None };
    secrets.create(passphrase, &keys::passphrase)?;
    face.answer(&made(&secrets), || made_words(&secrets))?;
    Ok(Ending::Done)
}

/// The vault to put into; made where there is none yet.
///
/// # Errors
/// It cannot be read or made.
pub(super) fn sealer(secrets: &Secrets, face: &Face) -> Result<Sealer> {
    if let Some(sealer) = secrets.sealer()? {
        return Ok(sealer);
    }
    let sealer = secrets.create(None, &keys::passphrase)?;
    face.note(made_words(secrets).trim_end());
    Ok(sealer)
}

fn made(secrets: &Secrets) -> serde_json::Value {
    json!({ "vault": secrets.path().display().to_string(), "key": secrets.key_words() })
}

fn made_words(secrets: &Secrets) -> String {
    format!(
        "The vault is {}, its key is in {}.\nKeep a copy of the key, apart from copies of the vault: without it nothing in there can be read.\n",
        secrets.path().display(),
        secrets.key_words()
    )
}

async fn set(face: &Face, name: &SecretName, file: Option<&Path>) -> Result<Ending> {
    let secrets = scope::secrets(face)?;
    let secret = keys::secret(file, &format!("{name}: "))?;
    sealer(&secrets, face)?.put(&[(name.clone(), secret)]).await?;
    face.answer(&json!({ "stored": [name.to_string()] }), || format!("Stored: {name}\n"))?;
    Ok(Ending::Done)
}

async fn rotate(face: &Face, new_key_file: Option<&Path>, passphrase: bool) -> Result<Ending> {
    let secrets = scope::secrets(face)?;
    if let Some(path) = new_key_file.filter(|path| path.exists()) {
        return Err(Error::usage(format!(
            "--new-key-file: {} is there already and is not overwritten.",
            path.display()
        )));
    }
    let passphrase = if passphrase { Some(keys::new_passphrase()?) } else { None };
    let count = secrets.rotate(new_key_file.map(|path| (path, passphrase)), &keys::passphrase).await?;
    let key = new_key_file.map_or_else(|| secrets.key_words(), |path| path.display().to_string());
    face.answer(&json!({ "secrets": count, "key": key }), || {
        let next = match new_key_file {
            Some(_) => "Let `key-file` name it, or MAILHAUL_KEY hold it, from now on.\n",
            None => "Backups of the old key open backups of the vault still: remove both.\n",
        };
        format!("{count} secrets are encrypted to a new key, in {key}.\n{next}")
    })?;
    Ok(Ending::Done)
}
