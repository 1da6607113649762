//! The endpoints of a configuration, from their tables to [`Endpoint`]s: defaults, files, and what may not be.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use crate::{
    error::Result,
    net::{Encryption, is_loopback},
    project::{
        config::{raw, unknown},
        endpoint::{self, Admin, Auth, Caps, Endpoint, Kind},
        files,
        place::Text,
    },
    secret::Secret,
};

/// A mistake of one table: the key and the words.
type Fault = (&'static str, String);

/// Every endpoint of the file, checked.
pub(super) fn resolve(file: &raw::File, place: Text<'_>, directory: &Path) -> Result<BTreeMap<String, Arc<Endpoint>>> {
    for spanned in file.oauth_client.values() {
        check_client(spanned.get_ref())
            .map_err(|(key, what)| place.error(place.line_of(&spanned.span(), key), key, what))?;
    }
    let resolved = file.endpoint.iter().map(|(name, spanned)| {
        let table = Table { name, raw: spanned.get_ref(), file, directory };
        let fault = |(key, what)| place.error(place.line_of(&spanned.span(), key), key, what);
        Ok((name.clone(), Arc::new(table.endpoint().map_err(fault)?)))
    });
    resolved.collect()
}

struct Table<'a> {
    name: &'a str,
    raw: &'a raw::Endpoint,
    file: &'a raw::File,
    directory: &'a Path,
}

impl Table<'_> {
    fn endpoint(&self) -> Result<Endpoint, Fault> {
        let raw = self.raw;
        let host = self.host()?;
        self.refuse_foreign_keys()?;
        self.refuse_unsupported(&host)?;
        if raw.encryption == Encryption::None && !is_loopback(&host) {
            let what = "\"none\" is accepted to this machine only; write \"tls\" or \"starttls\"";
            return Err(("encryption", what.to_owned()));
        }
        let caps = self.caps()?;
        Ok(Endpoint {
            name: self.name.to_owned(),
            kind: raw.kind,
            identity: raw.identity.clone().unwrap_or_else(|| raw.kind.word().to_owned()),
            port: raw.port.unwrap_or_else(|| endpoint::imap_port(raw.encryption)),
            host,
            encryption: raw.encryption,
            auth: self.auth()?,
            timeout: raw.timeout.map(|length| length.0),
            ca: raw.ca.as_ref().map(|file| self.directory.join(file)),
            insecure: raw.insecure,
            proxy: raw.proxy.as_deref().map(endpoint::proxy).transpose().map_err(|what| ("proxy", what))?,
            caps,
        })
    }

    fn host(&self) -> Result<String, Fault> {
        let written = self.raw.imap_host.as_ref().or(self.raw.host.as_ref());
        match (written, self.raw.kind) {
            (Some(host), _) if host.is_empty() || host.contains(['/', ' ', '@']) => {
                Err(("host", format!("`{host}` is not a host name; write it bare, as in \"imap.example.org\"")))
            }
            (Some(host), _) => Ok(host.clone()),
            (None, Kind::Microsoft365 | Kind::Office365) => Ok("outlook.office365.com".to_owned()),
            (None, Kind::Gmail) => Ok("imap.gmail.com".to_owned()),
            (None, _) => Err(("host", "it is missing; write host = \"imap.example.org\"".to_owned())),
        }
    }

    /// Keys that have a meaning for other kinds only: silently ignoring one would mislead.
    fn refuse_foreign_keys(&self) -> Result<(), Fault> {
        let raw = self.raw;
        let microsoft = matches!(raw.kind, Kind::Microsoft365 | Kind::Office365);
        let keys = [
            ("graph-url", raw.graph_url.is_some(), microsoft),
            ("imap-host", raw.imap_host.is_some(), microsoft),
            ("authority", raw.authority.is_some(), microsoft),
            ("admin-port", raw.admin_port.is_some(), raw.kind == Kind::Zimbra),
            ("preauth-key-file", raw.preauth_key_file.is_some(), raw.kind == Kind::Zimbra),
            ("admin-username", raw.admin_username.is_some(), raw.auth == raw::Auth::Admin),
            ("admin-password-file", raw.admin_password_file.is_some(), raw.auth == raw::Auth::Admin),
            ("admin-login", raw.admin_login.is_some(), raw.auth == raw::Auth::Admin),
            ("oauth-client", raw.oauth_client.is_some(), raw.auth == raw::Auth::Oauth2),
        ];
        match keys.into_iter().find(|(_, written, has_meaning)| *written && !has_meaning) {
            Some((key, ..)) => Err((key, "it has no meaning with this `kind` and `auth`; remove it".to_owned())),
            None => Ok(()),
        }
    }

    fn refuse_unsupported(&self, host: &str) -> Result<(), Fault> {
        let client = self.raw.oauth_client.as_ref().filter(|name| !self.file.oauth_client.contains_key(*name));
        if let Some(name) = client {
            return Err(("oauth-client", unknown("oauth-client", name, self.file.oauth_client.keys())));
        }
        if let Some(why) = endpoint::unsupported(self.raw.kind, host) {
            return Err(("kind", why));
        }
        match self.raw.auth {
            raw::Auth::Password | raw::Auth::Admin => Ok(()),
            raw::Auth::Oauth2 | raw::Auth::SelfService => {
                Err(("auth", "not yet supported in this version: write \"password\" or \"admin\"".to_owned()))
            }
        }
    }

    fn auth(&self) -> Result<Auth, Fault> {
        if self.raw.auth != raw::Auth::Admin {
            return Ok(Auth::Password);
        }
        let missing = |key| (key, "auth = \"admin\" needs it".to_owned());
        let user = self.raw.admin_username.clone().ok_or_else(|| missing("admin-username"))?;
        let form = endpoint::admin_form(self.raw.admin_login.as_deref().unwrap_or("sasl-plain"))
            .map_err(|what| ("admin-login", what))?;
        Ok(Auth::Admin(Admin { user, password: self.admin_password()?, form }))
    }

    fn admin_password(&self) -> Result<Secret, Fault> {
        const KEY: &str = "admin-password-file";
        let file = self.raw.admin_password_file.as_ref();
        let file =
            file.ok_or_else(|| (KEY, "auth = \"admin\" needs it: the file's first line is the password".to_owned()))?;
        files::password(&self.directory.join(file)).map_err(|what| (KEY, what))
    }

    fn caps(&self) -> Result<Caps, Fault> {
        let raw = self.raw;
        let zeros = [
            ("port", raw.port == Some(0)),
            ("max-connections", raw.max_connections == Some(0)),
            ("max-connections-per-mailbox", raw.max_connections_per_mailbox == Some(0)),
            ("messages-per-second", raw.messages_per_second == Some(0)),
        ];
        if let Some((key, _)) = zeros.into_iter().find(|(_, zero)| *zero) {
            return Err((key, "0 would let nothing through; write 1 or more, or remove the key".to_owned()));
        }
        Ok(Caps {
            connections: raw.max_connections,
            connections_per_mailbox: raw.max_connections_per_mailbox,
            messages_per_second: raw.messages_per_second,
            bytes_per_second: raw.bytes_per_second.map(|size| size.0),
        })
    }
}

fn check_client(client: &raw::OauthClient) -> Result<(), Fault> {
    if client.client_id.is_empty() {
        return Err(("client-id", "it is empty; write the application's id".to_owned()));
    }
    let url = url::Url::parse(&client.authority).map_err(|_| ("authority", "it is not a URL".to_owned()))?;
    let local = url.host_str().is_some_and(is_loopback);
    if url.scheme() != "https" && !(url.scheme() == "http" && local) {
        return Err(("authority", "write an https:// URL; http:// is accepted to this machine only".to_owned()));
    }
    let certificate = (client.client_certificate.is_some(), client.client_key.is_some());
    let ways = [client.client_secret.is_some(), client.client_secret_file.is_some(), certificate.0 || certificate.1];
    match certificate {
        (true, false) => Err(("client-certificate", "it needs `client-key` beside it".to_owned())),
        (false, true) => Err(("client-key", "it needs `client-certificate` beside it".to_owned())),
        _ if ways.into_iter().filter(|way| *way).count() > 1 => {
            Err(("client-id", "give only one of client-secret, client-secret-file and client-certificate".to_owned()))
        }
        _ => Ok(()),
    }
}
