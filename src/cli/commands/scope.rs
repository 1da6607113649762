//! Which mailbox pairs of the project a command is about.

use std::{path::Path, time::Duration};

use crate::{
    cli::{face::Face, keys},
    error::{Error, Result},
    project::{
        config::Config,
        credentials,
        finalised::{self, Finalised},
        pairs::{self, MailboxPair},
        secrets::Secrets,
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
    /// Its vault.
    pub secrets: Secrets,
    /// How long secrets are kept after a pair was finalised; `None`: until they are wiped by hand.
    pub kept: Option<Duration>,
    /// The chosen pairs, by priority.
    pub pairs: Vec<MailboxPair>,
    /// All of them.
    pub everyone: Vec<MailboxPair>,
    finalised: Finalised,
}

impl Project {
    /// Wipes what finalised pairs do not need any more, and tells it.
    pub(super) async fn wipe_due(&self, face: &Face) {
        let Some(kept) = self.kept else { return };
        match finalised::wipe_due(&self.store, &self.secrets, &self.everyone, kept).await {
            Ok(wiped) if wiped.is_empty() => {}
            Ok(wiped) => face.note(&format!("Secrets wiped of pairs that are finalised: {}", wiped.len())),
            Err(error) => face.warn(&format!("The secrets of finalised pairs could not be wiped: {error}")),
        }
    }
}

impl ScopeArgs {
    /// Whether nothing was left out by name or batch.
    pub(super) fn is_everything(&self) -> bool {
        self.pairs.is_empty() && self.batch.is_none()
    }

    /// Reads the configuration and chooses; what the chosen ones sign in with is filled in.
    ///
    /// # Errors
    /// The configuration or a user file is wrong, a name fits nothing, or the vault cannot be opened.
    pub(super) async fn project(&self, face: &Face) -> Result<Project> {
        let project = project(face).await?;
        let chosen = pairs::select(project.pairs, &self.pairs, self.batch.as_deref())?;
        let mut pairs = without_closed(face, chosen, &project.finalised, &project.secrets).await?;
        credentials::fill(&project.secrets, &keys::passphrase, &mut pairs).await?;
        Ok(Project { pairs, ..project })
    }
}

/// The pairs that still have what they sign in with.
///
/// # Errors
/// None has; or the vault cannot be read.
async fn without_closed(
    face: &Face,
    chosen: Vec<MailboxPair>,
    finalised: &Finalised,
    secrets: &Secrets,
) -> Result<Vec<MailboxPair>> {
    let held = secrets.names().await?;
    let (closed, open): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|pair| finalised.is_closed(pair, &held));
    match (closed.len(), open.is_empty()) {
        (0, _) => {}
        (_, true) => {
            return Err(Error::usage(
                "these mailbox pairs are finalised and their secrets wiped. Store them again to go on.",
            ));
        }
        (count, false) => {
            face.note(&format!("note: mailbox pairs left out, for they are finalised and their secrets wiped: {count}"))
        }
    }
    Ok(open)
}

/// The configuration.
///
/// # Errors
/// It cannot be read or is wrong.
pub(super) fn config(face: &Face) -> Result<Config> {
    Config::read(face.config.as_deref().unwrap_or(Path::new(DEFAULT)))
}

/// The configuration, if there is one.
///
/// # Errors
/// It is wrong.
fn config_if_any(face: &Face) -> Result<Option<Config>> {
    (face.config.is_some() || Path::new(DEFAULT).exists()).then(|| config(face)).transpose()
}

/// The whole project. Passwords may be missing that are in the vault.
///
/// # Errors
/// The configuration or a user file is wrong.
pub(super) async fn project(face: &Face) -> Result<Project> {
    let config = config(face)?;
    let (store, secrets) = places(face, Some(&config))?;
    // Without a vault nothing was ever wiped; and what is wrong with the ledger is told by whoever needs it.
    let finalised = match secrets.path().exists() {
        true => Finalised::in_store(&store).await.unwrap_or_default(),
        false => Finalised::default(),
    };
    let (pairs, notes) = pairs::all(&config, &secrets.names().await?, &finalised)?;
    notes.iter().for_each(|note| face.note(&format!("note: {note}")));
    let (everyone, kept) = (pairs.clone(), config.wipe_secrets);
    Ok(Project { name: config.name, store, secrets, kept, pairs, everyone, finalised })
}

/// The vault of the project if there is one, else of the ledger alone.
///
/// # Errors
/// There is a configuration, and it is wrong.
pub(super) fn secrets(face: &Face) -> Result<Secrets> {
    Ok(places(face, config_if_any(face)?.as_ref())?.1)
}

fn places(face: &Face, config: Option<&Config>) -> Result<(Store, Secrets)> {
    let configured = config.and_then(|config| config.store.as_deref());
    let directory = config.map_or(Path::new(""), |config| &config.directory);
    let store = Store::locate(face.store.as_deref(), configured, directory)?;
    let key_file = config.and_then(|config| config.key_file.as_deref());
    let secrets = Secrets::locate(&store, key_file, keys::environment());
    Ok((store, secrets))
}

/// The project if there is one, else the ledger alone: `status` and `report` serve `copy` as well.
///
/// # Errors
/// There is a configuration, and it is wrong.
pub(super) async fn project_or_ledger(face: &Face) -> Result<Project> {
    if config_if_any(face)?.is_some() {
        return project(face).await;
    }
    let (store, secrets) = places(face, None)?;
    let (pairs, everyone, finalised) = Default::default();
    Ok(Project { name: "mailhaul".to_owned(), store, secrets, kept: None, pairs, everyone, finalised })
}
