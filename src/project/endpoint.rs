//! Endpoints: a server with its protocol, its way of signing in and its caps; source or target of many mailboxes.
//!
//! What a person writes (a table of `mailhaul.toml`, a URL) becomes an [`Endpoint`] here, checked by the same rules.
//! The rule that matters most: no password and no mail goes over an unencrypted line except to this machine itself,
//! unless a person said so for that endpoint.

use std::{path::PathBuf, sync::Arc, time::Duration};

use serde::Deserialize;
use url::Url;

use crate::{
    graph::Pace,
    imap::AdminForm,
    limits,
    net::{Encryption, Proxy, is_loopback},
    oauth::Cloud,
    project::oauth::OauthClient,
    secret::Secret,
    target::Transport,
};

/// What kind of server an endpoint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Any IMAP server.
    Imap,
    /// A POP3 server (source only).
    Pop3,
    /// Zimbra by its own interface (source only).
    Zimbra,
    /// Office 365 by Graph, or by IMAP where its IMAP server is named (source only).
    Office365,
    /// Gmail with OAuth2.
    Gmail,
    /// Microsoft 365 (target).
    Microsoft365,
}

impl Kind {
    /// The word of the configuration; also the default of an endpoint's identity in the ledger.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Imap => "imap",
            Kind::Pop3 => "pop3",
            Kind::Zimbra => "zimbra",
            Kind::Office365 => "office365",
            Kind::Gmail => "gmail",
            Kind::Microsoft365 => "microsoft365",
        }
    }
}

/// The port that POP3, Zimbra's web or IMAP uses with an encryption (RFC 8314 §3.2 and §3.3, RFC 3501 §2.1, RFC 1939 §3, RFC 9110 §4.2).
pub fn usual_port(kind: Kind, encryption: Encryption) -> u16 {
    match (kind, encryption) {
        (Kind::Pop3, Encryption::Tls) => 995,
        (Kind::Pop3, _) => 110,
        (Kind::Zimbra, Encryption::None) => 80,
        (Kind::Zimbra, _) => 443,
        (_, Encryption::Tls) => 993,
        (_, Encryption::StartTls | Encryption::None) => 143,
    }
}

/// The port at which Zimbra's administrators sign in (zimbra.md §1.1).
pub const ZIMBRA_ADMIN_PORT: u16 = 7071;

/// Who signs in.
#[derive(Clone)]
pub enum Auth {
    /// Each mailbox with its own password.
    Password,
    /// One account on behalf of every mailbox.
    Admin(Admin),
    /// Tokens of an application.
    Oauth(Oauth),
    /// The pre-authentication key of a domain of Zimbra's.
    Key(Secret),
}

/// Whose tokens open the mailboxes.
#[derive(Clone)]
pub struct Oauth {
    /// The application.
    pub client: Arc<OauthClient>,
    /// Whose sign-in opens every mailbox, where it is not each user's own: somebody with full access to all of them.
    pub user: Option<String>,
}

/// An account that may open other people's mailboxes.
#[derive(Clone)]
pub struct Admin {
    /// Its user name.
    pub user: String,
    /// Its password.
    pub password: Secret,
    /// How the server is told whose mailbox is meant.
    pub form: AdminForm,
}

/// Reads how an administrator names the mailbox: `sasl-plain` or a template.
///
/// # Errors
/// Neither, in words.
pub fn admin_form(text: &str) -> Result<AdminForm, String> {
    match text {
        "sasl-plain" => Ok(AdminForm::SaslPlain),
        template if template.contains("{user}") => Ok(AdminForm::Template(template.to_owned())),
        other => Err(format!(
            "`{other}` is no way to sign in: write \"sasl-plain\" or a template with {{user}}, as in \"{{user}}*{{admin}}\""
        )),
    }
}

/// What an endpoint may be asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Connections in all.
    pub connections: Option<usize>,
    /// Connections of one mailbox.
    pub connections_per_mailbox: Option<usize>,
    /// Messages a second, per connection.
    pub messages_per_second: Option<u32>,
    /// Bytes a second, per connection.
    pub bytes_per_second: Option<u64>,
    /// Bytes that may be read in a day, per mailbox.
    pub bytes_per_day: Option<u64>,
    /// What one mailbox is asked by Microsoft Graph.
    pub graph: Pace,
}

impl Caps {
    /// What a person set, and where they set nothing what the kind of mailbox bears.
    #[must_use]
    pub fn of(self, kind: Kind) -> Caps {
        let usual = (kind == Kind::Gmail).then_some(limits::GMAIL_DAY);
        Caps { bytes_per_day: self.bytes_per_day.or(usual), ..self }
    }
}

/// An IMAP server beside another interface, as far as a person said where it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImapPlace {
    /// Its host, if another one.
    pub host: Option<String>,
    /// Its port, if not the usual one.
    pub port: Option<u16>,
    /// Its encryption, if another one.
    pub encryption: Option<Encryption>,
}

/// A server, ready to be dialled.
#[derive(Clone)]
pub struct Endpoint {
    /// Its name in the configuration, or `source` and `target` for `copy`.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// What its mailboxes are known by in the ledger besides their user name; not the host, which may change.
    pub identity: String,
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The port of Zimbra's administrators.
    pub admin_port: u16,
    /// Where the IMAP server is beside Zimbra's interface or Graph's, if not at the host's usual port: for what these do not give or take.
    pub imap: ImapPlace,
    /// Encryption.
    pub encryption: Encryption,
    /// Who signs in.
    pub auth: Auth,
    /// The deadline of one command, where the person set one.
    pub timeout: Option<Duration>,
    /// A PEM file with further trusted roots.
    pub ca: Option<PathBuf>,
    /// Whether any certificate will do: a person said so for this endpoint.
    pub insecure: bool,
    /// The proxy to go through.
    pub proxy: Option<Proxy>,
    /// Its caps.
    pub caps: Caps,
    /// Where Microsoft Graph is, if not where its cloud has it.
    pub graph_url: Option<String>,
    /// Its mailboxes are read by Graph: host and port are Graph's, not those of an IMAP server.
    pub by_graph: bool,
    /// What goes from or to it, where a person said so and both ways are open.
    pub transport: Option<Transport>,
}

impl Endpoint {
    /// Where Microsoft Graph's paths begin, if there is one for its mailboxes.
    pub fn graph_root(&self) -> Option<String> {
        match (self.kind, &self.auth) {
            (Kind::Microsoft365 | Kind::Office365, Auth::Oauth(oauth)) => {
                let usual = || format!("https://{}/v1.0", oauth.client.cloud(Some(&self.host)).graph);
                Some(self.graph_url.clone().unwrap_or_else(usual))
            }
            _ => None,
        }
    }

    /// Whether Graph is known to be that of its mailboxes: it was given, or the host is Microsoft's own.
    pub fn knows_its_graph(&self) -> bool {
        let is_own =
            |cloud: &Cloud| [cloud.exchange, cloud.graph].iter().any(|own| own.eq_ignore_ascii_case(&self.host));
        self.graph_url.is_some() || Cloud::ALL.iter().any(is_own)
    }

    /// The same, read by Graph instead of IMAP where there is a Graph for it.
    #[must_use]
    pub fn through_graph(self) -> Self {
        let Some(root) = self.graph_root() else { return self };
        let Some((host, port, encryption)) = server_of(&root) else { return self };
        let imap = ImapPlace { host: Some(self.host), port: Some(self.port), encryption: Some(self.encryption) };
        Endpoint { host, port, encryption, graph_url: Some(root), by_graph: true, imap, ..self }
    }

    /// The same server's IMAP side; `None` where what signs in here does not sign in there.
    pub fn beside_imap(&self) -> Option<Self> {
        let encryption = self.imap.encryption.unwrap_or(self.encryption);
        let port = self.imap.port.unwrap_or_else(|| usual_port(Kind::Imap, encryption));
        let host = self.imap.host.clone().unwrap_or_else(|| self.host.clone());
        let able = self.by_graph || matches!(self.auth, Auth::Password | Auth::Admin(_));
        able.then(|| Endpoint { host, port, encryption, by_graph: false, ..self.clone() })
    }

    /// The identity of one of its mailboxes in the ledger.
    pub fn mailbox_identity(&self, user: &str) -> String {
        format!("{user}@{}", self.identity)
    }
}

/// `target` as mailboxes of `source` reach it: by Graph where whole items go there, which is what happens by itself wherever it can
/// (export and import exist in the worldwide cloud only, microsoft365.md §5.1).
///
/// # Errors
/// A person wants what cannot be, in words.
pub fn target_of(source: &Endpoint, target: &Arc<Endpoint>) -> Result<Arc<Endpoint>, String> {
    let wanted = match (source.transport, target.transport) {
        (Some(one), Some(other)) if one != other => {
            return Err(
                "`transport` says \"items\" at one endpoint and \"mail\" at the other: keep one of them".to_owned()
            );
        }
        (one, other) => one.or(other),
    };
    let worldwide = |endpoint: &Endpoint| match &endpoint.auth {
        Auth::Oauth(oauth) => oauth.client.cloud(Some(&endpoint.host)) == Cloud::WORLDWIDE,
        Auth::Password | Auth::Admin(_) | Auth::Key(_) => false,
    };
    let able = source.by_graph && target.kind == Kind::Microsoft365 && worldwide(source) && worldwide(target);
    match wanted {
        Some(Transport::Items) if !able => {
            Err("`transport` \"items\" needs office365 at the source and microsoft365 at the target, \
             both opened with an oauth-client in the worldwide cloud; write \"mail\" or remove it"
                .to_owned())
        }
        Some(Transport::Items) => Ok(Arc::new((**target).clone().through_graph())),
        None if able && target.knows_its_graph() => Ok(Arc::new((**target).clone().through_graph())),
        Some(Transport::Mail) | None => Ok(target.clone()),
    }
}

/// The server that a URL leads to.
fn server_of(url: &str) -> Option<(String, u16, Encryption)> {
    let url = Url::parse(url).ok()?;
    let encryption = if url.scheme() == "https" { Encryption::Tls } else { Encryption::None };
    Some((url.host_str()?.trim_matches(['[', ']']).to_owned(), url.port_or_known_default()?, encryption))
}

/// Reads where Microsoft Graph is.
///
/// # Errors
/// No URL, or plain http to another machine, in words.
pub fn graph_url(text: &str) -> Result<String, String> {
    let local = |url: &Url| url.scheme() == "http" && url.host_str().is_some_and(is_loopback);
    match Url::parse(text) {
        Ok(url) if url.scheme() == "https" || local(&url) => Ok(text.trim_end_matches('/').to_owned()),
        _ => Err("write an https:// URL; http:// is accepted to this machine only".to_owned()),
    }
}

/// Why an endpoint of this kind can be no target; `None` if it can.
pub fn only_source(kind: Kind) -> Option<String> {
    let instead = match kind {
        Kind::Office365 => "microsoft365",
        Kind::Pop3 | Kind::Zimbra => "imap",
        Kind::Imap | Kind::Gmail | Kind::Microsoft365 => return None,
    };
    Some(format!("{} is a source only; as a target write {instead}", kind.word()))
}

/// Reads the URL of a proxy.
///
/// # Errors
/// Not one of the two kinds, in words that do not repeat it: it may hold a password.
pub fn proxy(text: &str) -> Result<Proxy, String> {
    text.parse().map_err(|_| "write the proxy as `socks5://host:port` or `http://host:port`".to_owned())
}

/// The IMAP server of a provider, where it has a usual one.
pub fn usual_host(kind: Kind, auth: &Auth) -> Option<&'static str> {
    match (kind, auth) {
        (Kind::Microsoft365 | Kind::Office365, Auth::Oauth(oauth)) => Some(oauth.client.cloud(None).exchange),
        (Kind::Microsoft365 | Kind::Office365, _) => Some(Cloud::WORLDWIDE.exchange),
        (Kind::Gmail, _) => Some("imap.gmail.com"),
        (Kind::Imap | Kind::Pop3 | Kind::Zimbra, _) => None,
    }
}

/// Why an endpoint of this kind cannot be used by this version; `None` if it can.
///
/// Microsoft 365 itself takes no passwords any more (product.md §0, fact 5), so that with a password it can only be a
/// stand-in on this machine.
pub fn unsupported(kind: Kind, host: &str, auth: &Auth) -> Option<String> {
    let tokens = matches!(auth, Auth::Oauth(_));
    match kind {
        Kind::Microsoft365 | Kind::Office365 if !tokens && !is_loopback(host) => Some(format!(
            "Microsoft takes no passwords: {} needs auth = \"oauth2\" and an oauth-client (`--from-oauth`, `--to-oauth`)",
            kind.word()
        )),
        Kind::Zimbra if tokens => {
            Some("zimbra signs in with a password, an administrator or a preauth-key-file, not with tokens".to_owned())
        }
        Kind::Imap | Kind::Pop3 | Kind::Zimbra | Kind::Gmail | Kind::Microsoft365 | Kind::Office365 => None,
    }
}

/// Why an endpoint of this kind cannot be reached with this encryption; `None` if it can.
pub fn impossible(kind: Kind, encryption: Encryption) -> Option<&'static str> {
    let web = kind == Kind::Zimbra && encryption == Encryption::StartTls;
    web.then_some("zimbra is read by https, which knows no STARTTLS; write \"tls\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microsoft_365_with_a_password_is_a_stand_in_only() {
        let why = |kind, host| unsupported(kind, host, &Auth::Password);
        assert!(why(Kind::Microsoft365, "outlook.office365.com").is_some_and(|why| why.contains("oauth2")));
        assert_eq!(why(Kind::Microsoft365, "127.0.0.1"), None);
        assert_eq!(why(Kind::Imap, "imap.example.org"), None);
        assert_eq!(why(Kind::Gmail, "imap.gmail.com"), None, "with an app password");
        assert_eq!(usual_host(Kind::Gmail, &Auth::Password), Some("imap.gmail.com"));
    }
}
