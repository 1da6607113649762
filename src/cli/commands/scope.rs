//! Which mailbox pairs of the project a command is about.

use std::path::Path;

use crate::{
    cli::face::Face,
    error::Result,
    project::{
        config::Config,
        pairs::{self, MailboxPair},
        store::Store,
    },
};

/// The configuration where none is named.
const DEFAULT: &str = "mailhaul.toml";

/// Which pairs.
#[derive(clap::Args)]
pub struct ScopeArgs {
    /// Only these mailbox pairs, by source or target address as in users.csv [default: all]
    #[arg(value_name = "PAIR")]
    pairs: Vec<String>,
    /// Only the pairs of this batch
    #[arg(long, value_name = "BATCH")]
    batch: Option<String>,
}

/// A project with the pairs that a command is about.
pub(super) struct Project {
    /// Its name.
    pub name: String,
    /// Where its ledger lies.
    pub store: Store,
    /// The chosen pairs, by priority.
    pub pairs: Vec<MailboxPair>,
}

impl ScopeArgs {
    /// Reads the configuration and chooses.
    ///
    /// # Errors
    /// The configuration or a user file is wrong, or a name fits nothing.
    pub(super) fn project(&self, face: &Face) -> Result<Project> {
        let project = project(face)?;
        let pairs = pairs::select(project.pairs, &self.pairs, self.batch.as_deref())?;
        Ok(Project { pairs, ..project })
    }
}

/// The whole project.
///
/// # Errors
/// See [`ScopeArgs::project`].
pub(super) fn project(face: &Face) -> Result<Project> {
    let config = Config::read(face.config.as_deref().unwrap_or(Path::new(DEFAULT)))?;
    let (pairs, notes) = pairs::all(&config)?;
    notes.iter().for_each(|note| face.note(&format!("note: {note}")));
    let store = Store::locate(face.store.as_deref(), config.store.as_deref(), &config.directory)?;
    Ok(Project { name: config.name, store, pairs })
}

/// The project if there is one, else the ledger alone: `status` and `report` serve `copy` as well.
///
/// # Errors
/// There is a configuration, and it is wrong.
pub(super) fn project_or_ledger(face: &Face) -> Result<Project> {
    match face.config.is_some() || Path::new(DEFAULT).exists() {
        true => project(face),
        false => {
            let store = Store::locate(face.store.as_deref(), None, Path::new(""))?;
            Ok(Project { name: "mailhaul".to_owned(), store, pairs: Vec::new() })
        }
    }
}
