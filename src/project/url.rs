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
        endpoint::{self, Auth, Caps, Endpoint, Kind},
        pairs::Mailbox,
        users::Login,
        values::Lasting,
    },
    secret::Secret,
};

const ENCODE: &str =
    "In user and password write `@` as %40, `/` as %2F, `:` as %3A, `?` as %3F, `#` as %23 and `%` as %25";

/// Reads the URL given to `option` (`--from`, `--to`). Plaintext to another machine only with `allow_plaintext`.
///
/// # Errors
/// The part at fault and the remedy, without the URL.
pub fn parse(option: &str, text: &str, allow_plaintext: bool) -> Result<Mailbox> {
    read(text, allow_plaintext, option.trim_start_matches('-'))
        .map_err(|what| Error::usage(format!("{option}: {what}.")))
}

fn read(text: &str, allow_plaintext: bool, name: &str) -> Result<Mailbox, String> {
    let url = Url::parse(text).map_err(|error| malformed(&error))?;
    let (kind, encryption) = scheme(url.scheme())?;
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err(format!("something follows the host. {ENCODE}; folders are chosen with `--folder`"));
    }
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or("the host is missing")?;
    let user = decode("user", url.username())?;
    if user.is_empty() {
        return Err("the user is missing: write it as in imaps://user@imap.example.org".to_owned());
    }
    let password = url.password().map(|password| decode("password", password)).transpose()?;
    let query = Query::read(&url)?;
    let encryption = query.encryption.unwrap_or(encryption);
    if let Some(why) = endpoint::unsupported(kind, host) {
        return Err(why);
    }
    if encryption == Encryption::None && !allow_plaintext && !is_loopback(host) {
        return Err("`encryption=none` would send the password and the mail readable to everybody on the way; \
                    use tls or starttls, or add `--allow-plaintext`"
            .to_owned());
    }
    Ok(Mailbox {
        endpoint: Arc::new(Endpoint {
            name: name.to_owned(),
            kind,
            identity: query.identity.unwrap_or_else(|| kind.word().to_owned()),
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or_else(|| endpoint::imap_port(encryption)),
            encryption,
            auth: Auth::Password,
            timeout: query.timeout.map(|length| length.0),
            ca: query.ca,
            insecure: query.insecure,
            proxy: query.proxy,
            caps: Caps::default(),
        }),
        login: Login { address: user.clone(), user, password: password.map(Secret::new) },
    })
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
                "the URL begins with no scheme that is known: write imaps:// (TLS) or imap:// (STARTTLS)".to_owned()
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

#[derive(Default)]
struct Query {
    encryption: Option<Encryption>,
    ca: Option<PathBuf>,
    insecure: bool,
    timeout: Option<Lasting>,
    proxy: Option<Proxy>,
    identity: Option<String>,
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
            "encryption" => self.encryption = Some(encryption(&value)?),
            "ca" => self.ca = Some(PathBuf::from(value)),
            "insecure" => self.insecure = boolean(&value)?,
            "timeout" => self.timeout = Some(value.parse()?),
            "proxy" => self.proxy = Some(endpoint::proxy(&value)?),
            "identity" if !value.is_empty() => self.identity = Some(value),
            _ => {
                return Err("after `?` only encryption, ca, insecure, timeout, proxy and identity are known".to_owned());
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
        parse("--from", text, false)
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
        assert!(parse("--from", url, true).is_ok());
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
            ("anna:hunter2@h", "begins with no scheme that is known"),
            ("pop3s://a:hunter2@h", "pop3 endpoints are not yet supported"),
            ("gmail://a:hunter2@h", "imap.gmail.com and an app password"),
            ("microsoft365://a:hunter2@contoso.com", "needs OAuth2"),
        ];
        for (text, expected) in cases {
            let error = parse_from(text).err().unwrap_or_else(|| panic!("accepted: {text}"));
            assert!(error.subject().starts_with("--from: "), "{error}");
            assert!(error.subject().contains(expected), "{text}\n→ {error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }
}
