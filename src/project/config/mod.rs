//! `mailhaul.toml`: what a project is made of. `raw` is the file's form, this module what it means.
//!
//! Unknown keys and tables are errors, so that a misspelt `exlude` never copies what it should leave out.
//! Relative file names are relative to the configuration.

mod clients;
mod endpoints;
mod policy;
mod raw;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::{
    error::{Error, Result},
    limits,
    project::{
        endpoint::{Endpoint, only_source},
        files,
        oauth::OauthClient,
        place::Text,
        values::WipeAfter,
    },
    transfer::Options,
};

pub use policy::Draft;

/// A project: its batches and where its ledger lies.
#[derive(Clone)]
pub struct Config {
    /// Its name, for reports.
    pub name: String,
    /// The ledger's URL as written, if it is.
    pub store: Option<String>,
    /// The file of the vault's key, if one is named.
    pub key_file: Option<PathBuf>,
    /// The configuration's directory; relative names start there.
    pub directory: PathBuf,
    /// How long secrets are kept after a pair was finalised; `None`: until somebody wipes them.
    pub wipe_secrets: Option<Duration>,
    /// Batches in the order of the file.
    pub batches: Vec<Batch>,
    /// Its OAuth clients, by name.
    pub clients: BTreeMap<String, Arc<OauthClient>>,
    /// Its endpoints, by name.
    pub endpoints: BTreeMap<String, Arc<Endpoint>>,
}

/// A mistake of one table: the key and the words.
type Fault = (&'static str, String);

/// Mailbox pairs that share endpoints and policy.
#[derive(Clone)]
pub struct Batch {
    /// Its name.
    pub name: String,
    /// Where its mailboxes are.
    pub source: Arc<Endpoint>,
    /// Where they go.
    pub target: Arc<Endpoint>,
    /// The user file.
    pub users: PathBuf,
    /// Its policy.
    pub options: Options,
    /// Most mailboxes at a time.
    pub max_mailboxes: usize,
}

/// Mailboxes of one batch that are worked on at a time, where the configuration does not say.
pub const DEFAULT_MAX_MAILBOXES: usize = 20;

impl Config {
    /// The OAuth client of this name.
    ///
    /// # Errors
    /// There is none; the names that there are.
    pub fn client(&self, name: &str) -> Result<&Arc<OauthClient>> {
        self.clients.get(name).ok_or_else(|| Error::usage(unknown("oauth-client", name, self.clients.keys()) + "."))
    }

    /// Reads the configuration `file`.
    ///
    /// # Errors
    /// It cannot be read, or says something wrong: file, line and key with the remedy.
    pub fn read(file: &Path) -> Result<Config> {
        let text = files::text(file, "Run `mailhaul init` to write one, or name another with `--config`.")?;
        Config::parse(file, &text)
    }

    /// As [`Config::read`], of a text at hand.
    ///
    /// # Errors
    /// See [`Config::read`].
    pub fn parse(file: &Path, text: &str) -> Result<Config> {
        let raw = raw::File::parse(file, text)?;
        let place = Text { file, text };
        let directory = file.parent().map(Path::to_path_buf).unwrap_or_default();
        let clients = clients::resolve(&raw, place, &directory)?;
        let endpoints = endpoints::resolve(&raw, &clients, place, &directory)?;
        let policies = policy::resolve(&raw, place)?;
        let mut batches: Vec<_> = raw.batch.iter().collect();
        batches.sort_by_key(|(_, batch)| batch.span().start);
        let batches = batches.into_iter().map(|(name, batch)| {
            let known = Known { endpoints: &endpoints, policies: &policies };
            known.batch(name, batch, place, &directory)
        });
        let batches = batches.collect::<Result<Vec<_>>>()?;
        let name = raw.project.name.clone().unwrap_or_else(|| "mailhaul".to_owned());
        let key_file = raw.project.key_file.as_ref().map(|file| directory.join(file));
        let wipe_secrets = raw.project.wipe_secrets.map_or(Some(limits::SECRETS_KEPT), |WipeAfter(time)| time);
        let store = raw.project.store.clone();
        Ok(Config { name, store, key_file, wipe_secrets, directory, batches, clients, endpoints })
    }
}

/// What a batch may refer to.
struct Known<'a> {
    endpoints: &'a BTreeMap<String, Arc<Endpoint>>,
    policies: &'a BTreeMap<String, Options>,
}

impl Known<'_> {
    fn batch(
        &self,
        name: &str,
        spanned: &toml::Spanned<raw::Batch>,
        place: Text<'_>,
        directory: &Path,
    ) -> Result<Batch> {
        let raw = spanned.get_ref();
        let fault = |key: &str, what: String| place.error(place.line_of(&spanned.span(), key), key, what);
        let endpoint = |key: &str, wanted: &str| {
            let found = self.endpoints.get(wanted).cloned();
            found.ok_or_else(|| fault(key, unknown("endpoint", wanted, self.endpoints.keys())))
        };
        let (source, target) = (endpoint("source", &raw.source)?, endpoint("target", &raw.target)?);
        if let Some(why) = only_source(target.kind) {
            return Err(fault("target", why));
        }
        let policy = raw.policy.as_deref().unwrap_or("default");
        let options = match self.policies.get(policy) {
            Some(options) => options.clone(),
            None if raw.policy.is_none() => Options::default(),
            None => return Err(fault("policy", unknown("policy", policy, self.policies.keys()))),
        };
        let max_mailboxes = raw.max_mailboxes.unwrap_or(DEFAULT_MAX_MAILBOXES);
        if max_mailboxes == 0 {
            return Err(fault("max-mailboxes", "write how many mailboxes may run at a time, 1 or more".to_owned()));
        }
        Ok(Batch { name: name.to_owned(), source, target, users: directory.join(&raw.users), options, max_mailboxes })
    }
}

fn unknown<'a>(what: &str, wanted: &str, known: impl Iterator<Item = &'a String>) -> String {
    let known: Vec<String> = known.map(|name| format!("`{name}`")).collect();
    let there = if known.is_empty() { "there is none".to_owned() } else { format!("there is {}", known.join(", ")) };
    format!("no {what} is called `{wanted}`; {there}. Add a table [{what}.{wanted}] or correct the name")
}

#[cfg(test)]
mod tests;
