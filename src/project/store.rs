//! Where the ledger lies: `sqlite:FILE`, by default `mailhaul.db` beside the configuration.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    error::{Error, Result},
    ledger::{Ledger, SqliteLedger},
};

/// The place of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store(PathBuf);

const DEFAULT: &str = "mailhaul.db";

impl Store {
    /// The place that `option` names (relative to the current directory), else the one that the configuration names
    /// (relative to `directory`), else the default in `directory`.
    ///
    /// # Errors
    /// A URL of a kind that is not known.
    pub fn locate(option: Option<&str>, configured: Option<&str>, directory: &Path) -> Result<Store> {
        match (option, configured) {
            (Some(url), _) => Ok(Store(file(url).map_err(|what| Error::usage(format!("--store: {what}.")))?)),
            (None, Some(url)) => {
                let wrong = |what| Error::config(format!("`store` in [project]: {what}."));
                Ok(Store(directory.join(file(url).map_err(wrong)?)))
            }
            (None, None) => Ok(Store(directory.join(DEFAULT))),
        }
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where refused messages are kept: beside the ledger, for both are needed together.
    pub fn quarantine(&self) -> PathBuf {
        self.0.with_extension("quarantine")
    }

    /// The vault: beside the ledger and apart from it, for a ledger is shown to others.
    pub fn secrets(&self) -> PathBuf {
        self.0.with_extension("secrets")
    }

    /// The key of the vault, where no other place is named.
    pub fn key(&self) -> PathBuf {
        self.0.with_extension("key")
    }

    /// Opens it for writing.
    ///
    /// # Errors
    /// See [`SqliteLedger::open`].
    pub fn open(&self) -> Result<Arc<dyn Ledger>> {
        let ledger: Arc<dyn Ledger> = SqliteLedger::open(&self.0)?;
        Ok(ledger)
    }

    /// Opens it for reading, beside a writer or without one.
    ///
    /// # Errors
    /// See [`SqliteLedger::open_read_only`].
    pub fn open_read_only(&self) -> Result<Arc<dyn Ledger>> {
        let ledger: Arc<dyn Ledger> = SqliteLedger::open_read_only(&self.0)?;
        Ok(ledger)
    }
}

fn file(url: &str) -> Result<PathBuf, String> {
    match url.split_once(':') {
        Some(("sqlite", file)) if !file.is_empty() => Ok(PathBuf::from(file)),
        Some(("postgres" | "postgresql", _)) => {
            Err("PostgreSQL is not yet supported in this version: write sqlite:FILE".to_owned())
        }
        _ => Err("write the ledger's place as sqlite:FILE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_wins_over_the_configuration_and_both_over_the_default() {
        let at = |option, configured| Store::locate(option, configured, Path::new("p")).map(|store| store.0);
        assert_eq!(at(Some("sqlite:a.db"), Some("sqlite:b.db")).unwrap(), Path::new("a.db"));
        assert_eq!(at(None, Some("sqlite:b.db")).unwrap(), Path::new("p/b.db"));
        assert_eq!(at(None, None).unwrap(), Path::new("p/mailhaul.db"));
        assert!(at(Some("postgres://h/d"), None).unwrap_err().subject().contains("not yet supported"));
        assert!(at(None, Some("b.db")).unwrap_err().subject().starts_with("`store` in [project]"));
        assert_eq!(Store(PathBuf::from("x/mailhaul.db")).quarantine(), Path::new("x/mailhaul.quarantine"));
    }
}
