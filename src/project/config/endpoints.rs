//! The endpoints of a configuration, from their tables to [`Endpoint`]s: defaults, files, and what may not be.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use crate::{
    error::Result,
    graph::Pace,
    net::{Encryption, is_loopback},
    project::{
        config::{Fault, raw, unknown},
        endpoint::{self, Admin, Auth, Caps, Endpoint, ImapPlace, Kind, Oauth},
        files,
        oauth::{self, OauthClient},
        place::Text,
        values::PerTime,
    },
    secret::Secret,
};

/// Every endpoint of the file, checked.
pub(super) fn resolve(
    file: &raw::File,
    clients: &BTreeMap<String, Arc<OauthClient>>,
    place: Text<'_>,
    directory: &Path,
) -> Result<BTreeMap<String, Arc<Endpoint>>> {
    let resolved = file.endpoint.iter().map(|(name, spanned)| {
        let table = Table { name, raw: spanned.get_ref(), clients, directory };
        let fault = |(key, what)| place.error(place.line_of(&spanned.span(), key), key, what);
        Ok((name.clone(), Arc::new(table.endpoint().map_err(fault)?)))
    });
    resolved.collect()
}

struct Table<'a> {
    name: &'a str,
    raw: &'a raw::Endpoint,
    clients: &'a BTreeMap<String, Arc<OauthClient>>,
    directory: &'a Path,
}

impl Table<'_> {
    fn endpoint(&self) -> Result<Endpoint, Fault> {
        let raw = self.raw;
        self.refuse_foreign_keys()?;
        let auth = self.auth()?;
        let host = self.host(&auth)?;
        self.refuse_unsupported(&host, &auth)?;
        if raw.encryption == Encryption::None && !is_loopback(&host) {
            let what = "\"none\" is accepted to this machine only; write \"tls\" or \"starttls\"";
            return Err(("encryption", what.to_owned()));
        }
        if let Some(why) = endpoint::impossible(raw.kind, raw.encryption) {
            return Err(("encryption", why.to_owned()));
        }
        let caps = self.caps()?;
        let zimbra = raw.kind == Kind::Zimbra;
        let endpoint = Endpoint {
            name: self.name.to_owned(),
            kind: raw.kind,
            identity: raw.identity.clone().unwrap_or_else(|| raw.kind.word().to_owned()),
            port: raw.port.unwrap_or_else(|| endpoint::usual_port(raw.kind, raw.encryption)),
            admin_port: raw.admin_port.unwrap_or(endpoint::ZIMBRA_ADMIN_PORT),
            imap: ImapPlace {
                host: raw.imap_host.clone().filter(|_| zimbra),
                port: raw.imap_port,
                ..ImapPlace::default()
            },
            host,
            encryption: raw.encryption,
            auth,
            graph_url: self.graph_url()?,
            by_graph: false,
            transport: raw.transport,
            timeout: raw.timeout.map(|length| length.0),
            ca: raw.ca.as_ref().map(|file| self.directory.join(file)),
            insecure: raw.insecure,
            proxy: raw.proxy.as_deref().map(endpoint::proxy).transpose().map_err(|what| ("proxy", what))?,
            caps,
        };
        Ok(if self.by_graph() { endpoint.through_graph() } else { endpoint })
    }

    fn host(&self, auth: &Auth) -> Result<String, Fault> {
        // Zimbra's IMAP server is another place beside its host, Microsoft's is the host.
        let imap = self.raw.imap_host.as_ref().filter(|_| self.raw.kind != Kind::Zimbra);
        let written = imap.or(self.raw.host.as_ref());
        match written {
            Some(host) if host.is_empty() || host.contains(['/', ' ', '@']) => {
                Err(("host", format!("`{host}` is not a host name; write it bare, as in \"imap.example.org\"")))
            }
            Some(host) => Ok(host.clone()),
            None => {
                let missing = || ("host", "it is missing; write host = \"imap.example.org\"".to_owned());
                endpoint::usual_host(self.raw.kind, auth).map(str::to_owned).ok_or_else(missing)
            }
        }
    }

    /// Keys that have a meaning for other kinds only: silently ignoring one would mislead.
    fn refuse_foreign_keys(&self) -> Result<(), Fault> {
        let raw = self.raw;
        let microsoft = matches!(raw.kind, Kind::Microsoft365 | Kind::Office365);
        let graph = microsoft && raw.auth == raw::Auth::Oauth2;
        let keys = [
            ("graph-url", raw.graph_url.is_some(), microsoft),
            ("graph-in-flight", raw.graph_in_flight.is_some(), graph),
            ("graph-requests", raw.graph_requests.is_some(), graph),
            ("graph-bytes", raw.graph_bytes.is_some(), graph),
            ("transport", raw.transport.is_some(), graph),
            ("imap-host", raw.imap_host.is_some(), microsoft || raw.kind == Kind::Zimbra),
            ("imap-port", raw.imap_port.is_some(), raw.kind == Kind::Zimbra),
            ("port", raw.port.is_some(), !self.by_graph()),
            // Graph does not say how large a message is before it is read.
            ("bytes-per-day", raw.bytes_per_day.is_some(), !self.by_graph()),
            ("authority", raw.authority.is_some(), raw.auth == raw::Auth::Oauth2),
            ("oauth-user", raw.oauth_user.is_some(), raw.auth == raw::Auth::Oauth2),
            ("admin-port", raw.admin_port.is_some(), raw.kind == Kind::Zimbra),
            (
                "preauth-key-file",
                raw.preauth_key_file.is_some(),
                raw.kind == Kind::Zimbra && raw.auth == raw::Auth::Password,
            ),
            ("admin-username", raw.admin_username.is_some(), raw.auth == raw::Auth::Admin),
            ("admin-password-file", raw.admin_password_file.is_some(), raw.auth == raw::Auth::Admin),
            ("admin-login", raw.admin_login.is_some(), raw.auth == raw::Auth::Admin && raw.kind != Kind::Zimbra),
            ("oauth-client", raw.oauth_client.is_some(), raw.auth == raw::Auth::Oauth2),
        ];
        match keys.into_iter().find(|(_, written, has_meaning)| *written && !has_meaning) {
            Some((key, ..)) => Err((key, "it has no meaning with this `kind` and `auth`; remove it".to_owned())),
            None => Ok(()),
        }
    }

    fn refuse_unsupported(&self, host: &str, auth: &Auth) -> Result<(), Fault> {
        match endpoint::unsupported(self.raw.kind, host, auth) {
            Some(why) => Err(("kind", why)),
            None => Ok(()),
        }
    }

    fn auth(&self) -> Result<Auth, Fault> {
        match self.raw.auth {
            raw::Auth::Password => self.key(),
            raw::Auth::Admin => self.admin(),
            raw::Auth::Oauth2 => self.oauth(),
            raw::Auth::SelfService => Err((
                "auth",
                "not yet supported in this version: write \"password\", \"admin\" or \"oauth2\"".to_owned(),
            )),
        }
    }

    /// Each mailbox with its own password, unless a key opens all of a domain.
    fn key(&self) -> Result<Auth, Fault> {
        const KEY: &str = "preauth-key-file";
        let Some(file) = &self.raw.preauth_key_file else { return Ok(Auth::Password) };
        files::password(&self.directory.join(file)).map(Auth::Key).map_err(|what| (KEY, what))
    }

    fn admin(&self) -> Result<Auth, Fault> {
        let missing = |key| (key, "auth = \"admin\" needs it".to_owned());
        let user = self.raw.admin_username.clone().ok_or_else(|| missing("admin-username"))?;
        let form = endpoint::admin_form(self.raw.admin_login.as_deref().unwrap_or("sasl-plain"))
            .map_err(|what| ("admin-login", what))?;
        Ok(Auth::Admin(Admin { user, password: self.admin_password()?, form }))
    }

    fn oauth(&self) -> Result<Auth, Fault> {
        const KEY: &str = "oauth-client";
        let missing = || (KEY, "auth = \"oauth2\" needs it: the name of an [oauth-client.NAME]".to_owned());
        let name = self.raw.oauth_client.as_ref().ok_or_else(missing)?;
        let client = self.clients.get(name).ok_or_else(|| (KEY, unknown(KEY, name, self.clients.keys())))?;
        if let Some(why) = oauth::mismatch(self.raw.kind, client.provider) {
            return Err((KEY, why.to_owned()));
        }
        let client = match &self.raw.authority {
            Some(url) => {
                let (_, authority) =
                    oauth::authority(url, Some(client.provider)).map_err(|what| ("authority", what))?;
                Arc::new(OauthClient { authority, ..(**client).clone() })
            }
            None => client.clone(),
        };
        Ok(Auth::Oauth(Oauth { client, user: self.raw.oauth_user.clone() }))
    }

    fn graph_url(&self) -> Result<Option<String>, Fault> {
        let url = self.raw.graph_url.as_deref().map(endpoint::graph_url);
        url.transpose().map_err(|what| ("graph-url", what))
    }

    /// Office 365 is read by Graph unless its IMAP server is named.
    fn by_graph(&self) -> bool {
        let raw = self.raw;
        let by_imap = raw.imap_host.is_some() || raw.host.is_some();
        raw.kind == Kind::Office365 && raw.auth == raw::Auth::Oauth2 && !by_imap
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
            ("imap-port", raw.imap_port == Some(0)),
            ("max-connections", raw.max_connections == Some(0)),
            ("max-connections-per-mailbox", raw.max_connections_per_mailbox == Some(0)),
            ("messages-per-second", raw.messages_per_second == Some(0)),
            ("bytes-per-day", raw.bytes_per_day.as_ref().is_some_and(|size| size.0 == 0)),
            ("graph-in-flight", raw.graph_in_flight == Some(0)),
        ];
        if let Some((key, _)) = zeros.into_iter().find(|(_, zero)| *zero) {
            return Err((key, "0 would let nothing through; write 1 or more, or remove the key".to_owned()));
        }
        Ok(Caps {
            connections: raw.max_connections,
            connections_per_mailbox: raw.max_connections_per_mailbox,
            messages_per_second: raw.messages_per_second,
            bytes_per_second: raw.bytes_per_second.map(|size| size.0),
            bytes_per_day: raw.bytes_per_day.map(|size| size.0),
            graph: self.graph_pace(),
        }
        .of(raw.kind))
    }

    fn graph_pace(&self) -> Pace {
        let usual = Pace::default();
        let or = |written: Option<PerTime>, usual| written.map_or(usual, |PerTime(amount, time)| (amount, time));
        Pace {
            in_flight: self.raw.graph_in_flight.unwrap_or(usual.in_flight),
            requests: or(self.raw.graph_requests, usual.requests),
            bytes: or(self.raw.graph_bytes, usual.bytes),
        }
    }
}
