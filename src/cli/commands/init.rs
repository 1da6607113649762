//! `mailhaul init [DIR]`: a configuration and a user file to fill in. What is there already is never overwritten.

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::{
    cli::{errors, face::Face},
    error::{Error, Result},
    project::outcome::Ending,
};

/// Write a commented mailhaul.toml and users.csv
#[derive(clap::Args)]
pub struct InitArgs {
    /// Where
    #[arg(default_value = ".")]
    directory: PathBuf,
}

const CONFIGURATION: &str = include_str!("init/mailhaul.toml");
const USERS: &str = include_str!("init/users.csv");

pub(super) fn run(args: &InitArgs, face: &Face) -> Result<Ending> {
    let directory = &args.directory;
    let failed = |error| errors::machine(&format!("{} cannot be written", directory.display()), error);
    std::fs::create_dir_all(directory).map_err(failed)?;
    let files =
        [("mailhaul.toml", CONFIGURATION), ("users.csv", USERS)].map(|(name, text)| (directory.join(name), text));
    if let Some((path, _)) = files.iter().find(|(path, _)| path.exists()) {
        return Err(Error::usage(format!(
            "{} is there already and is not overwritten. Choose another directory.",
            path.display()
        )));
    }
    for (path, text) in &files {
        write_new(path, text).map_err(failed)?;
        face.note(&format!("wrote {}", path.display()));
    }
    face.note("Fill in both, then: mailhaul check");
    Ok(Ending::Done)
}

/// Readable by its owner only: passwords will be written into it.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())
}
