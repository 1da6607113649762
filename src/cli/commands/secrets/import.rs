//! `mailhaul secrets import [FILE]`: the passwords of user files go into the vault.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::super::scope;
use crate::{
    cli::face::Face,
    error::{Error, Result},
    project::{
        config::Batch,
        outcome::Ending,
        pairs::Mailbox,
        users::{self, User},
    },
    secret::Secret,
    vault::SecretName,
};

/// Store the passwords of users.csv, so that they can be deleted there
#[derive(clap::Args)]
pub struct ImportArgs {
    /// Only this user file [default: those of all batches]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Then empty the password columns in the files
    #[arg(long)]
    empty_columns: bool,
}

pub(super) async fn run(args: &ImportArgs, face: &Face) -> Result<Ending> {
    let config = scope::config(face)?;
    let chosen: Vec<&Batch> = config
        .batches
        .iter()
        .filter(|batch| args.file.as_deref().is_none_or(|file| is_same(file, &batch.users)))
        .collect();
    if chosen.is_empty() {
        let file = args.file.as_deref().unwrap_or(Path::new("users.csv")).display();
        return Err(Error::usage(format!("{file} is the user file of no batch in the configuration.")));
    }
    let mut found: Vec<(SecretName, Secret)> = Vec::new();
    for batch in &chosen {
        users::read(&batch.users)?.into_iter().for_each(|user| found.extend(passwords(batch, user)));
    }
    if !found.is_empty() {
        super::sealer(&scope::secrets(face)?, face)?.put(&found).await?;
    }
    let mut files: Vec<&Path> = chosen.iter().map(|batch| batch.users.as_path()).collect();
    files.dedup();
    if args.empty_columns {
        files.iter().try_for_each(|file| users::empty_passwords(file))?;
    }
    let names: Vec<String> = found.iter().map(|(name, _)| name.to_string()).collect();
    face.answer(&json!({ "stored": names, "emptied": args.empty_columns }), || {
        words(names.len(), &files, args.empty_columns)
    })?;
    Ok(Ending::Done)
}

/// The passwords on one line, by the names under which a run looks for them.
fn passwords(batch: &Batch, user: User) -> impl Iterator<Item = (SecretName, Secret)> {
    let source = Mailbox { endpoint: batch.source.clone(), login: user.source };
    let target = Mailbox { endpoint: batch.target.clone(), login: user.target };
    [source, target].into_iter().filter_map(|mailbox| Some((mailbox.password_name(), mailbox.login.password?)))
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

fn words(count: usize, files: &[&Path], emptied: bool) -> String {
    let files = files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ");
    let next = match (count, emptied) {
        (0, _) => "They hold none.".to_owned(),
        (_, true) => "Their columns are empty now. Copies and backups of the files still hold them.".to_owned(),
        (_, false) => {
            "They are still in the files as well: add --empty-columns, or empty the columns yourself.".to_owned()
        }
    };
    format!("{count} passwords of {files} are stored. {next}\n")
}
