//! The URLs of `copy`: `imaps://user:password@host:port?…`, one mailbox each, with nothing else to configure.
//!
//! A URL may hold a password, so no error and no log ever repeats it; what is said names the option and the part at fault.

use std::{borrow::Cow, path::PathBuf, sync::Arc};

use percent_encoding::percent_decode_str;
use url::{ParseError, Url};

use crate::{
    error::{Error, Result},
    net::{Encryption, Proxy, is_loopback},
    project::{
        endpoint::{self, Auth, Caps, Endpoint, ImapPlace, Kind, Oauth},
        oauth::{self, OauthClient},
        pairs::Mailbox,
        users::Login,
        values::Lasting,
    },
    target::Transport,
};

const ENCODE: &str =
    "In user and password write `@` as %40, `/` as %2F, `:` as %3A, `?` as %3F, `#` as %23 and `%` as %25";

/// How a URL is to be read.
#[derive(Clone, Default)]
pub struct Manner {
    /// Plaintext may go to other machines.
    pub allow_plaintext: bool,
    /// The application whose tokens open the mailbox (`--from-oauth`, `--to-oauth`).
    pub oauth: Option<Arc<OauthClient>>,
}

/// Reads the URL given to `option` (`--from`, `--to`).
///
/// # Errors
/// The part at fault and the remedy, without the URL.
pub fn parse(option: &str, text: &str, manner: &Manner) -> Result<Mailbox> {
    read(text, manner, option.trim_start_matches('-')).map_err(|what| Error::usage(format!("{option}: {what}.")))
}

fn read(text: &str, manner: &Manner, name: &str) -> Result<Mailbox, String> {
    let url = Url::parse(text).map_err(|error| malformed(&error))?;
    let (kind, encryption) = scheme(url.scheme())?;
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err(format!("something follows the host. {ENCODE}; folders are chosen with `--folder`"));
    }
    let query = Query::read(&url)?;
    let auth = manner.oauth.clone().map_or(Auth::Password, |client| Auth::Oauth(Oauth { client, user: None }));
    if kind != Kind::Zimbra && query.imap_port.is_some() {
        return Err("`imap-port` has no meaning here: the port is in the URL".to_owned());
    }
    let imap_host = query.imap_host.as_deref().filter(|_| kind != Kind::Zimbra);
    let Whose { user, host } = Whose::read(&url, kind, &auth, imap_host)?;
    let password = url.password().map(|password| decode("password", password)).transpose()?;
    refuse_two_ways(&auth, kind, name, password.is_some())?;
    let encryption = query.encryption.unwrap_or(encryption);
    if let Some(why) = endpoint::unsupported(kind, &host, &auth) {
        return Err(why);
    }
    if let Some(why) = endpoint::impossible(kind, encryption) {
        return Err(format!("`encryption`: {why}"));
    }
    if encryption == Encryption::None && !manner.allow_plaintext && !is_loopback(&host) {
        return Err("`encryption=none` would send the password and the mail readable to everybody on the way; \
                    use tls or starttls, or add `--allow-plaintext`"
            .to_owned());
    }
    if name == "to"
        && let Some(why) = endpoint::only_source(kind)
    {
        return Err(why);
    }
    let by_imap = kind != Kind::Office365 || query.imap_host.is_some() || matches!(auth, Auth::Password);
    let endpoint = Endpoint {
        name: name.to_owned(),
        kind,
        identity: query.identity.unwrap_or_else(|| kind.word().to_owned()),
        host,
        admin_port: endpoint::ZIMBRA_ADMIN_PORT,
        imap: ImapPlace {
            host: query.imap_host.clone().filter(|_| kind == Kind::Zimbra),
            port: query.imap_port,
            ..ImapPlace::default()
        },
        port: url.port().unwrap_or_else(|| endpoint::usual_port(kind, encryption)),
        encryption,
        auth,
        timeout: query.timeout.map(|length| length.0),
        ca: query.ca,
        insecure: query.insecure,
        proxy: query.proxy,
        caps: Caps::default().of(kind),
        graph_url: query.graph_url,
        by_graph: false,
        transport: query.transport,
    };
    let endpoint = Arc::new(if by_imap { endpoint } else { endpoint.through_graph() });
    let login = Login::new(user, None, password);
    Ok(Mailbox { endpoint, login })
}

/// One way to sign in, and one that the other side knows.
fn refuse_two_ways(auth: &Auth, kind: Kind, side: &str, password: bool) -> Result<(), String> {
    let Auth::Oauth(Oauth { client, .. }) = auth else { return Ok(()) };
    if password {
        return Err(format!(
            "the URL has a password, and `--{side}-oauth` says to sign in with tokens: keep one of them"
        ));
    }
    oauth::mismatch(kind, client.provider).map_or(Ok(()), |why| Err(format!("`--{side}-oauth`: {why}")))
}

/// Whose mailbox, on which IMAP server.
struct Whose {
    user: String,
    host: String,
}

impl Whose {
    fn read(url: &Url, kind: Kind, auth: &Auth, imap_host: Option<&str>) -> Result<Whose, String> {
        let written = url.host_str().filter(|host| !host.is_empty()).ok_or("the host is missing")?;
        let user = decode("user", url.username())?;
        // At the big providers what stands in the host's place is a domain of theirs, unless it is a stand-in.
        let usual = endpoint::usual_host(kind, auth);
        if usual.is_none() && imap_host.is_some() {
            return Err("`imap-host` has no meaning here: the host is in the URL".to_owned());
        }
        let usual = usual.filter(|_| !is_loopback(written));
        let bare = |host: &str| host.trim_matches(['[', ']']).to_owned();
        let Some(usual) = usual else {
            if user.is_empty() {
                return Err("the user is missing: write it as in imaps://user@imap.example.org".to_owned());
            }
            return Ok(Whose { user, host: bare(imap_host.unwrap_or(written)) });
        };
        let domain = decode("user", written)?;
        let user = match user.as_str() {
            // `gmail://user` has nothing but a host to the reader of URLs.
            "" if kind == Kind::Gmail => domain,
            "" => return Err(format!("the user is missing: write it as in {}://user@tenant", kind.word())),
            user if user.contains('@') => user.to_owned(),
            user => format!("{user}@{domain}"),
        };
        Ok(Whose { user, host: bare(imap_host.unwrap_or(usual)) })
    }
}

fn malformed(error: &ParseError) -> String {
    match error {
        ParseError::RelativeUrlWithoutBase => "no URL: write it as in imaps://user@imap.example.org".to_owned(),
        ParseError::InvalidPort => format!("what follows the host's colon is no port. {ENCODE}"),
        other => format!("not a URL ({other}). {ENCODE}"),
    }
}

fn scheme(scheme: &str) -> Result<(Kind, Encryption), String> {
    Ok(match scheme {
        "imaps" => (Kind::Imap, Encryption::Tls),
        "imap" => (Kind::Imap, Encryption::StartTls),
        "pop3s" => (Kind::Pop3, Encryption::Tls),
        "pop3" => (Kind::Pop3, Encryption::StartTls),
        "zimbra" => (Kind::Zimbra, Encryption::Tls),
        "zimbra+http" => (Kind::Zimbra, Encryption::None),
        "office365" => (Kind::Office365, Encryption::Tls),
        "microsoft365" => (Kind::Microsoft365, Encryption::Tls),
        "gmail" => (Kind::Gmail, Encryption::Tls),
        // A scheme that is not known may be the user name of a URL without one: it is not repeated.
        _ => {
            return Err(
                "the URL begins with no scheme that is known: write imaps:// or pop3s:// (TLS), imap:// or pop3:// (STARTTLS)"
                    .to_owned()
            );
        }
    })
}

/// Decodes a user or password; neither may hold what would be a command of its own on the wire.
fn decode(what: &str, text: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8().map(Cow::into_owned);
    let decoded = decoded.map_err(|_| format!("the {what} is not UTF-8 after percent-decoding. {ENCODE}"))?;
    match decoded.chars().any(char::is_control) {
        true => Err(format!("the {what} holds a control character")),
        false => Ok(decoded),
    }
}

fn transport(word: &str) -> Result<Transport, String> {
    match word {
        "items" => Ok(Transport::Items),
        "mail" => Ok(Transport::Mail),
        other => Err(format!("`transport={other}`: write items or mail")),
    }
}

#[derive(Default)]
struct Query {
    encryption: Option<Encryption>,
    ca: Option<PathBuf>,
    insecure: bool,
    timeout: Option<Lasting>,
    proxy: Option<Proxy>,
    identity: Option<String>,
    imap_host: Option<String>,
    imap_port: Option<u16>,
    graph_url: Option<String>,
    transport: Option<Transport>,
}

impl Query {
    fn read(url: &Url) -> Result<Query, String> {
        let mut query = Query::default();
        for (key, value) in url.query_pairs() {
            query.set(&key, value.into_owned())?;
        }
        Ok(query)
    }

    fn set(&mut self, key: &str, value: String) -> Result<(), String> {
        match key {
            "transport" => self.transport = Some(transport(&value)?),
            "encryption" => self.encryption = Some(encryption(&value)?),
            "ca" => self.ca = Some(PathBuf::from(value)),
            "insecure" => self.insecure = boolean(&value)?,
            "timeout" => self.timeout = Some(value.parse()?),
            "proxy" => self.proxy = Some(endpoint::proxy(&value)?),
            "identity" if !value.is_empty() => self.identity = Some(value),
            "imap-host" if !value.is_empty() => self.imap_host = Some(value),
            "imap-port" => self.imap_port = Some(port(&value)?),
            "graph-url" => {
                self.graph_url = Some(endpoint::graph_url(&value).map_err(|what| format!("`graph-url`: {what}"))?)
            }
            _ => {
                let known = "encryption, ca, insecure, timeout, proxy, identity, imap-host, imap-port and graph-url";
                return Err(format!("after `?` only {known} are known"));
            }
        }
        Ok(())
    }
}

fn encryption(value: &str) -> Result<Encryption, String> {
    match value {
        "tls" => Ok(Encryption::Tls),
        "starttls" => Ok(Encryption::StartTls),
        "none" => Ok(Encryption::None),
        _ => Err("`encryption` is tls, starttls or none".to_owned()),
    }
}

fn port(value: &str) -> Result<u16, String> {
    value.parse().ok().filter(|port| *port > 0).ok_or_else(|| "`imap-port` is a number from 1 to 65535".to_owned())
}

fn boolean(value: &str) -> Result<bool, String> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("`insecure` is true or false".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_from(text: &str) -> Result<Mailbox> {
        parse("--from", text, &Manner::default())
    }

    #[test]
    fn a_url_tells_host_port_user_and_password() {
        let mailbox = parse_from("imaps://anna%40acme.example:p%40ss%2Fw%25@imap.example.org").unwrap();
        assert_eq!(
            (mailbox.login.user.as_str(), mailbox.endpoint.host.as_str()),
            ("anna@acme.example", "imap.example.org")
        );
        assert_eq!(mailbox.login.password.unwrap().expose(), "p@ss/w%");
        assert_eq!((mailbox.endpoint.port, mailbox.endpoint.encryption), (993, Encryption::Tls));
        assert_eq!(mailbox.endpoint.mailbox_identity("anna"), "anna@imap");

        let mailbox = parse_from("imap://anna@[::1]:1143?encryption=none").unwrap();
        assert_eq!((mailbox.endpoint.host.as_str(), mailbox.endpoint.port), ("::1", 1143));
        assert_eq!(mailbox.endpoint.encryption, Encryption::None);
        assert!(mailbox.login.password.is_none());

        let mailbox = parse_from("imap://a@h?ca=roots.pem&insecure=true&timeout=5s&identity=old").unwrap();
        assert_eq!((mailbox.endpoint.port, mailbox.endpoint.encryption), (143, Encryption::StartTls));
        assert!(mailbox.endpoint.insecure && mailbox.endpoint.ca.is_some());
        assert_eq!(mailbox.endpoint.mailbox_identity("a"), "a@old");
    }

    #[test]
    fn plaintext_goes_to_this_machine_unless_a_person_said_so() {
        let url = "imap://a:b@imap.example.org?encryption=none";
        assert!(parse_from(url).is_err());
        let allowed = Manner { allow_plaintext: true, ..Manner::default() };
        assert!(parse("--from", url, &allowed).is_ok());
        assert!(parse_from("imap://a:b@localhost?encryption=none").is_ok());
    }

    #[test]
    fn every_mistake_names_the_part_and_never_the_password() {
        let cases = [
            ("anna", "no URL"),
            ("imaps://anna:hunter2/x@h", "is no port. In user and password write"),
            ("imaps://anna:hunter2#x@h", "is no port"),
            ("imaps://a:12#hunter2@h", "something follows the host"),
            ("imaps://anna:hunter2@h/INBOX", "something follows the host"),
            ("imaps://anna:hunter2@h:99999", "is no port"),
            ("imaps://anna:hunter2@", "not a URL"),
            ("imaps://:hunter2@h", "the user is missing"),
            ("imaps://h", "the user is missing"),
            ("imaps://a%0D%0Ab:hunter2@h", "the user holds a control character"),
            ("imaps://a:hunter2%FF@h", "the password is not UTF-8"),
            ("imaps://a:hunter2@h?encryption=ssl", "`encryption` is tls, starttls or none"),
            ("imaps://a:hunter2@h?hunter2=1", "after `?` only encryption"),
            ("imaps://a:hunter2@h?insecure=yes", "`insecure` is true or false"),
            ("imaps://a:hunter2@h?imap-host=x", "`imap-host` has no meaning here"),
            ("anna:hunter2@h", "begins with no scheme that is known"),
            ("pop3s://:hunter2@h", "the user is missing"),
            ("microsoft365://a:hunter2@contoso.com", "Microsoft takes no passwords"),
            ("office365://a@contoso.com", "needs auth = \"oauth2\""),
            ("microsoft365://contoso.com", "the user is missing"),
        ];
        for (text, expected) in cases {
            let error = parse_from(text).err().unwrap_or_else(|| panic!("accepted: {text}"));
            assert!(error.subject().starts_with("--from: "), "{error}");
            assert!(error.subject().contains(expected), "{text}\n→ {error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }

    fn with_tokens(authority: &str, text: &str) -> Result<Mailbox> {
        let (provider, authority) = oauth::authority(authority, None).unwrap();
        let (name, id, credential) = ("c".to_owned(), "id".to_owned(), crate::oauth::Credential::None);
        let client = Arc::new(OauthClient { name, provider, authority, id, credential });
        let option = if text.starts_with("office365") { "--from" } else { "--to" };
        parse(option, text, &Manner { oauth: Some(client), ..Manner::default() })
    }

    #[test]
    fn what_can_only_be_read_is_no_target() {
        let error = parse("--to", "office365://a@127.0.0.1", &Manner::default()).err().unwrap();
        assert!(error.subject().contains("as a target write microsoft365"), "{error}");
        let error = parse("--to", "pop3s://a@h", &Manner::default()).err().unwrap();
        assert!(error.subject().contains("pop3 is a source only; as a target write imap"), "{error}");
        let maildrop = parse_from("pop3s://a@h").unwrap();
        assert_eq!((maildrop.endpoint.port, maildrop.endpoint.encryption), (995, Encryption::Tls));
        assert_eq!(parse_from("pop3://a@h").unwrap().endpoint.port, 110);
    }

    #[test]
    fn big_providers_are_known_by_their_users() {
        let at = |authority, text| {
            let mailbox = with_tokens(authority, text).unwrap();
            (mailbox.login.user, mailbox.endpoint.host.clone(), mailbox.endpoint.port)
        };
        let tuple = |user: &str, host: &str, port| (user.to_owned(), host.to_owned(), port);
        let entra = "https://login.microsoftonline.com/contoso.com";
        let anna = "anna@contoso.com";
        assert_eq!(at(entra, "microsoft365://anna@contoso.com"), tuple(anna, "outlook.office365.com", 993));
        assert_eq!(at(entra, "microsoft365://anna%40contoso.com@contoso.onmicrosoft.com").0, anna);
        assert_eq!(at(entra, "office365://anna@contoso.com:1993?imap-host=127.0.0.1"), tuple(anna, "127.0.0.1", 1993));
        assert_eq!(at(entra, "office365://anna@contoso.com"), tuple(anna, "graph.microsoft.com", 443));
        assert_eq!(
            at(entra, "office365://anna@contoso.com?graph-url=https://localhost:8443/v1.0"),
            tuple(anna, "localhost", 8443)
        );
        let china = "https://login.chinacloudapi.cn/contoso.com";
        assert_eq!(at(china, "microsoft365://anna@contoso.com").1, "partner.outlook.cn");
        let google = "https://accounts.google.com";
        for url in ["gmail://anna@contoso.com", "gmail://anna%40contoso.com"] {
            assert_eq!(at(google, url), tuple(anna, "imap.gmail.com", 993));
        }
        assert_eq!(parse_from("gmail://anna:app-pass@contoso.com").unwrap().login.user, anna);
        let refused = |authority, text| with_tokens(authority, text).err().unwrap().subject().to_owned();
        assert!(refused(google, "microsoft365://a@b.c").contains("its authority is Google's"));
        assert!(refused(entra, "imaps://a:hunter2@h").contains("keep one of them"));
    }
}
