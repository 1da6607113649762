//! OAuth clients of a project: who issues their tokens, what they prove themselves with, and which tokens the mailboxes of an endpoint get.
//!
//! By whose leave a token is asked for follows from the client: one of Microsoft with a secret or a certificate asks for itself
//! (`IMAP.AccessAsApp`), a Google service account for each user of its domain, and any other in the name of a person who signed in with
//! `mailhaul login`. Google's own "desktop" clients have a secret that is none, so they are of the last kind.

use std::sync::Arc;

use url::Url;

use super::endpoint::{Endpoint, Kind};
use crate::{
    error::Error,
    limits,
    net::{http::Way, is_loopback},
    oauth::{Audience, Authority, Client, Cloud, Credential, Grant},
};

/// Who issues tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Entra.
    Microsoft,
    /// Google.
    Google,
}

/// An application of `[oauth-client.NAME]`.
#[derive(Clone)]
pub struct OauthClient {
    /// Its name in the configuration.
    pub name: String,
    /// Whose it is.
    pub provider: Provider,
    /// Where its tokens are issued.
    pub authority: Authority,
    /// Its id there.
    pub id: String,
    /// What it proves itself with.
    pub credential: Credential,
}

impl OauthClient {
    /// Whether it asks for tokens only in the name of a person who signed in.
    pub fn needs_sign_in(&self) -> bool {
        match (&self.credential, self.provider) {
            (Credential::None, _) | (Credential::Secret(_), Provider::Google) => true,
            (Credential::Secret(_) | Credential::Certificate(_) | Credential::ServiceAccount(_), _) => false,
        }
    }

    /// Microsoft's cloud that it belongs to: the one whose IMAP server or Graph `host` is, else the one where it signs in.
    pub fn cloud(&self, host: Option<&str>) -> Cloud {
        let is_at = |cloud: &Cloud, host: &str| {
            [cloud.exchange, cloud.graph].iter().any(|known| known.eq_ignore_ascii_case(host))
        };
        let by_host = host.and_then(|host| Cloud::ALL.into_iter().find(|cloud| is_at(cloud, host)));
        let by_login = || self.authority.token.host_str().and_then(Cloud::of_login);
        by_host.or_else(by_login).unwrap_or(Cloud::WORLDWIDE)
    }

    /// What its tokens must be good for to read and write mail by IMAP, or to read it by POP3, at `host`.
    pub fn mail_audience(&self, kind: Kind, host: Option<&str>) -> Audience {
        match (self.provider, self.needs_sign_in()) {
            (Provider::Google, _) => Audience::google_mail(),
            (Provider::Microsoft, true) if kind == Kind::Pop3 => Audience::pop(self.cloud(host).delegated),
            (Provider::Microsoft, true) => Audience::imap(self.cloud(host).delegated),
            (Provider::Microsoft, false) => Audience::exchange_app(self.cloud(host).exchange),
        }
    }

    /// What its tokens must be good for at Microsoft Graph.
    pub fn graph_audience(&self, host: Option<&str>) -> Audience {
        Audience::graph(self.cloud(host).graph)
    }

    /// By whose leave it asks for the mailbox of `user`; `signs_in` is whose sign-in is used instead of the user's own, if anybody's.
    pub fn grant(&self, user: &str, signs_in: Option<&str>) -> Grant {
        match (&self.credential, self.needs_sign_in()) {
            (_, true) => Grant::Refresh { user: signs_in.unwrap_or(user).to_lowercase() },
            (Credential::ServiceAccount(_), _) => Grant::ServiceAccount { user: user.to_owned() },
            (_, false) => Grant::ClientCredentials,
        }
    }

    /// As its authority is asked; `http` leads there ([`way`]).
    pub fn connected(&self, http: reqwest::Client) -> Arc<Client> {
        Arc::new(Client::new(self.authority.clone(), self.id.clone(), self.credential.clone(), http))
    }
}

/// How the authority of an endpoint's client and its Graph are reached: as its mail server, but that an unchecked certificate is taken from
/// this machine only, for what a person said of a mail server they did not say of who issues its tokens.
pub fn way(endpoint: &Endpoint, client: &OauthClient) -> Way {
    let local = client.authority.token.host_str().is_some_and(is_loopback);
    Way {
        ca: endpoint.ca.iter().cloned().collect(),
        insecure: endpoint.insecure && local,
        proxy: endpoint.proxy.clone(),
        connect_deadline: endpoint.timeout.unwrap_or(limits::CONNECT_DEADLINE),
    }
}

/// The authority at `url`, and whose it is: Google's by its host, unless `provider` says so.
///
/// # Errors
/// No URL, plain http to another machine, or no tenant; in words for the key `authority`.
pub fn authority(url: &str, provider: Option<Provider>) -> Result<(Provider, Authority), String> {
    let is_google =
        |url: &Url| url.host_str().is_some_and(|host| host == "google.com" || host.ends_with(".google.com"));
    let parsed = Url::parse(url).map_err(|_| "it is not a URL".to_owned())?;
    let own = is_google(&parsed);
    let provider = provider.unwrap_or(if own { Provider::Google } else { Provider::Microsoft });
    let made = match provider {
        Provider::Google if own => Authority::google(),
        Provider::Google => Authority::google_at(url),
        Provider::Microsoft => Authority::microsoft(url),
    };
    let words = |error: Error| error.subject().trim_start_matches("authority: ").to_owned();
    Ok((provider, made.map_err(words)?))
}

/// Why mailboxes of this kind cannot be opened with tokens of that provider; `None` if they can.
pub fn mismatch(kind: Kind, provider: Provider) -> Option<&'static str> {
    match (kind, provider) {
        (Kind::Gmail, Provider::Microsoft) => {
            Some("its authority is Microsoft's; Gmail takes tokens of https://accounts.google.com")
        }
        (Kind::Microsoft365 | Kind::Office365, Provider::Google) => {
            Some("its authority is Google's; Microsoft 365 takes tokens of https://login.microsoftonline.com/TENANT")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn client(url: &str, credential: Credential) -> OauthClient {
        let (provider, authority) = authority(url, None).unwrap();
        OauthClient { name: "c".to_owned(), provider, authority, id: "id".to_owned(), credential }
    }

    fn secret() -> Credential {
        Credential::Secret(Secret::new("s".to_owned()))
    }

    #[test]
    fn the_leave_follows_from_the_client() {
        let tenant = "https://login.microsoftonline.com/contoso.example";
        let of = |client: OauthClient| client.grant("Anna@x", None);
        let anna = Grant::Refresh { user: "anna@x".to_owned() };
        assert_eq!(of(client(tenant, secret())), Grant::ClientCredentials);
        assert_eq!(of(client(tenant, Credential::None)), anna);
        assert_eq!(of(client("https://accounts.google.com", secret())), anna);
        let shared = client(tenant, Credential::None).grant("shared@x", Some("Admin@x"));
        assert_eq!(shared, Grant::Refresh { user: "admin@x".to_owned() });
    }

    #[test]
    fn the_audience_follows_the_cloud() {
        let audience = |url: &str, credential, host| client(url, credential).mail_audience(Kind::Imap, host).joined();
        let world = "https://login.microsoftonline.com/t";
        assert_eq!(audience(world, secret(), None), "https://outlook.office365.com/.default");
        assert_eq!(audience(world, Credential::None, None), "https://outlook.office.com/IMAP.AccessAsUser.All");
        let high = "https://login.microsoftonline.us/t";
        assert_eq!(audience(high, secret(), None), "https://outlook.office365.us/.default");
        // DoD signs in where GCC High does: its IMAP server tells it apart.
        assert_eq!(
            audience(high, secret(), Some("outlook-dod.office365.us")),
            "https://outlook-dod.office365.us/.default"
        );
        assert_eq!(
            audience("http://127.0.0.1:1/t", secret(), Some("127.0.0.1")),
            "https://outlook.office365.com/.default"
        );
        assert_eq!(audience("https://accounts.google.com", secret(), None), "https://mail.google.com/");
    }

    #[test]
    fn an_authority_is_googles_by_its_host_or_by_word() {
        let provider = |url, word| authority(url, word).map(|(provider, _)| provider);
        assert_eq!(provider("https://accounts.google.com", None), Ok(Provider::Google));
        assert_eq!(provider("https://127.0.0.1:1/g", Some(Provider::Google)), Ok(Provider::Google));
        assert!(provider("https://login.microsoftonline.com", None).unwrap_err().contains("tenant"));
        assert!(provider("http://login.example/t", None).unwrap_err().contains("https://"));
    }
}
