//! The form of `mailhaul.toml` and the places of its mistakes. Names and values only: what they mean is decided above.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Deserializer};
use toml::Spanned;

use crate::{
    error::{Error, Result},
    net::Encryption,
    project::{
        endpoint::Kind,
        oauth::Provider,
        place::Text,
        values::{Day, Lasting, Pattern, PerTime, Size, WipeAfter},
    },
    secret::Secret,
    target::Transport,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    #[serde(default)]
    pub(super) project: Project,
    #[serde(default)]
    pub(super) oauth_client: BTreeMap<String, Spanned<OauthClient>>,
    #[serde(default)]
    pub(super) endpoint: BTreeMap<String, Spanned<Endpoint>>,
    #[serde(default)]
    pub(super) policy: BTreeMap<String, Spanned<Policy>>,
    #[serde(default)]
    pub(super) batch: BTreeMap<String, Spanned<Batch>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Project {
    pub(super) name: Option<String>,
    pub(super) store: Option<String>,
    pub(super) key_file: Option<String>,
    pub(super) wipe_secrets: Option<WipeAfter>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct OauthClient {
    #[serde(default, deserialize_with = "provider")]
    pub(super) provider: Option<Provider>,
    pub(super) authority: Option<String>,
    pub(super) client_id: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    pub(super) client_secret: Option<Secret>,
    pub(super) client_secret_file: Option<String>,
    pub(super) client_certificate: Option<String>,
    pub(super) client_key: Option<String>,
    pub(super) service_account_file: Option<String>,
}

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    Ok(Some(Secret::new(String::deserialize(from)?)))
}

fn provider<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Provider>, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        Microsoft,
        Google,
    }
    Ok(Some(match Word::deserialize(from)? {
        Word::Microsoft => Provider::Microsoft,
        Word::Google => Provider::Google,
    }))
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Auth {
    #[default]
    Password,
    Admin,
    Oauth2,
    SelfService,
}

/// The words of [`Encryption`], which itself lives a floor below files.
#[derive(Deserialize)]
#[serde(remote = "Encryption", rename_all = "lowercase")]
enum EncryptionWord {
    Tls,
    StartTls,
    None,
}

fn tls() -> Encryption {
    Encryption::Tls
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Endpoint {
    pub(super) kind: Kind,
    #[serde(rename = "description")]
    pub(super) _description: Option<String>,
    pub(super) identity: Option<String>,
    pub(super) host: Option<String>,
    pub(super) imap_host: Option<String>,
    pub(super) imap_port: Option<u16>,
    pub(super) port: Option<u16>,
    #[serde(default = "tls", deserialize_with = "EncryptionWord::deserialize")]
    pub(super) encryption: Encryption,
    #[serde(default)]
    pub(super) auth: Auth,
    pub(super) timeout: Option<Lasting>,
    pub(super) max_connections: Option<usize>,
    pub(super) max_connections_per_mailbox: Option<usize>,
    pub(super) messages_per_second: Option<u32>,
    pub(super) bytes_per_second: Option<Size>,
    pub(super) bytes_per_day: Option<Size>,
    pub(super) ca: Option<String>,
    #[serde(default)]
    pub(super) insecure: bool,
    pub(super) proxy: Option<String>,
    pub(super) admin_username: Option<String>,
    pub(super) admin_password_file: Option<String>,
    pub(super) admin_login: Option<String>,
    pub(super) admin_port: Option<u16>,
    pub(super) preauth_key_file: Option<String>,
    pub(super) oauth_client: Option<String>,
    pub(super) oauth_user: Option<String>,
    pub(super) authority: Option<String>,
    pub(super) graph_url: Option<String>,
    pub(super) transport: Option<Transport>,
    pub(super) graph_in_flight: Option<u32>,
    pub(super) graph_requests: Option<PerTime>,
    pub(super) graph_bytes: Option<PerTime>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Policy {
    #[serde(default)]
    pub(super) folders: Vec<Pattern>,
    #[serde(default)]
    pub(super) exclude: Vec<Pattern>,
    #[serde(default)]
    pub(super) map: BTreeMap<String, String>,
    pub(super) since: Option<Day>,
    pub(super) before: Option<Day>,
    pub(super) max_size: Option<Size>,
    #[serde(default)]
    pub(super) order: super::policy::OrderWord,
    #[serde(default)]
    pub(super) deletions: super::policy::DeletionsWord,
    #[serde(default)]
    pub(super) deleted: super::policy::DeletedWord,
    #[serde(default)]
    pub(super) labels: super::policy::LabelsWord,
    #[serde(default)]
    pub(super) keywords: super::policy::KeywordsWord,
    pub(super) connections: Option<usize>,
    pub(super) verify: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Batch {
    pub(super) source: String,
    pub(super) target: String,
    pub(super) users: String,
    pub(super) policy: Option<String>,
    pub(super) max_mailboxes: Option<usize>,
}

impl File {
    /// Reads the form.
    ///
    /// # Errors
    /// Not TOML, an unknown or missing key, a value of the wrong kind: with its line and key.
    pub(super) fn parse(file: &Path, text: &str) -> Result<File> {
        toml::from_str(text).map_err(|error| fault(Text { file, text }, error))
    }
}

fn fault(place: Text<'_>, mut error: toml::de::Error) -> Error {
    let message = error.message().trim_end().replace('\n', "; ");
    let line = error.span().map_or(1, |span| place.line_at(span.start));
    error.set_input(None);
    // Without the text, only the path of keys is left of the library's own rendering.
    let shown = error.to_string();
    let table = shown.lines().find_map(|line| line.strip_prefix("in `")?.strip_suffix('`'));
    let key = place.text.lines().nth(line - 1).and_then(|line| line.split_once('=')).map(|(key, _)| key.trim());
    let key = match (key, table) {
        (Some(key), _) => key,
        (None, Some(path)) => path,
        (None, None) => return Error::config(format!("{}, line {line}: {message}", place.file.display())),
    };
    place.error(line, key, message)
}
