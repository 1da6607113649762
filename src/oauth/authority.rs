//! Who issues tokens, and at which addresses.

use url::Url;

use crate::{
    error::{Error, Result},
    net,
};

/// An issuer of tokens: a tenant of Entra, or Google.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    kind: Kind,
    name: String,
    /// Where access tokens are had.
    pub token: Url,
    /// Where a person signs in with a browser.
    pub authorize: Url,
    /// Where a device code is had.
    pub device: Url,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Microsoft,
    Google,
}

impl Authority {
    /// A tenant of Entra by its URL, `https://login.microsoftonline.com/TENANT` (microsoft365.md §2.3 to §2.5).
    ///
    /// # Errors
    /// No URL with a tenant, or plain `http` to another machine.
    pub fn microsoft(url: &str) -> Result<Self> {
        let base = base(url)?;
        if base.path().trim_matches('/').is_empty() {
            return Err(Error::config(format!("authority: {url:?} names no tenant: https://HOST/TENANT")));
        }
        let at = |path: &str| below(&base, &format!("oauth2/v2.0/{path}"));
        let name = base.as_str().trim_end_matches('/').to_owned();
        Ok(Authority {
            kind: Kind::Microsoft,
            name,
            token: at("token")?,
            authorize: at("authorize")?,
            device: at("devicecode")?,
        })
    }

    /// Where an administrator agrees to what the application `client` asks for (microsoft365.md §2.3). Google has no such page.
    pub fn admin_consent(&self, client: &str) -> Option<Url> {
        let mut url =
            Url::parse(&format!("{}/adminconsent", self.name)).ok().filter(|_| self.kind == Kind::Microsoft)?;
        url.query_pairs_mut().append_pair("client_id", client);
        Some(url)
    }

    /// Google (microsoft365.md §2.8).
    ///
    /// # Errors
    /// None; the addresses are ours.
    pub fn google() -> Result<Self> {
        let url = |text: &str| Url::parse(text).map_err(|e| Error::bug(format!("{text}: {e}")));
        Ok(Authority {
            kind: Kind::Google,
            name: "https://accounts.google.com".to_owned(),
            token: url("https://oauth2.googleapis.com/token")?,
            authorize: url("https://accounts.google.com/o/oauth2/v2/auth")?,
            device: url("https://oauth2.googleapis.com/device/code")?,
        })
    }

    /// A server that answers as Google does, at paths below `url`.
    ///
    /// # Errors
    /// No URL, or plain `http` to another machine.
    pub fn google_at(url: &str) -> Result<Self> {
        let base = base(url)?;
        let name = base.as_str().trim_end_matches('/').to_owned();
        Ok(Authority {
            kind: Kind::Google,
            name,
            token: below(&base, "token")?,
            authorize: below(&base, "o/oauth2/v2/auth")?,
            device: below(&base, "device/code")?,
        })
    }

    /// Its URL, tenant included: what tells it from others.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Scopes that a person's sign-in asks for besides the audience: a refresh token, and who signed in.
    pub(super) fn person_scopes(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Microsoft => &["offline_access", "openid", "profile"],
            Kind::Google => &["openid", "email"],
        }
    }

    /// Parameters of a sign-in with a browser besides the usual ones.
    pub(super) fn browser_parameters(&self) -> &'static [(&'static str, &'static str)] {
        match self.kind {
            Kind::Microsoft => &[("response_mode", "query")],
            // Google gives a refresh token for these two only.
            Kind::Google => &[("access_type", "offline"), ("prompt", "consent")],
        }
    }
}

fn base(url: &str) -> Result<Url> {
    let wrong = |words: &str| Error::config(format!("authority: {url:?} {words}"));
    let parsed = Url::parse(url).map_err(|_| wrong("is no URL"))?;
    let host = parsed.host_str().unwrap_or_default();
    match parsed.scheme() {
        "https" if !host.is_empty() => Ok(parsed),
        "http" if net::is_loopback(host) => Ok(parsed),
        _ => Err(wrong("must begin with https://")),
    }
}

fn below(base: &Url, path: &str) -> Result<Url> {
    let text = format!("{}/{path}", base.as_str().trim_end_matches('/'));
    Url::parse(&text).map_err(|e| Error::config(format!("authority: {text:?}: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenants_addresses_are_below_its_url() {
        for url in
            ["https://login.microsoftonline.com/contoso.example", "https://login.microsoftonline.com/contoso.example/"]
        {
            let authority = Authority::microsoft(url).unwrap();
            assert_eq!(authority.name(), "https://login.microsoftonline.com/contoso.example");
            let base = "https://login.microsoftonline.com/contoso.example/oauth2/v2.0";
            assert_eq!(authority.token.as_str(), format!("{base}/token"));
            assert_eq!(authority.authorize.as_str(), format!("{base}/authorize"));
            assert_eq!(authority.device.as_str(), format!("{base}/devicecode"));
        }
    }

    #[test]
    fn secrets_go_to_https_or_stay_on_this_machine() {
        assert!(Authority::microsoft("http://127.0.0.1:8080/t").is_ok());
        for url in [
            "http://login.example/t",
            "login.example/t",
            "https://login.example",
            "ftp://login.example/t",
            "https:///t",
        ] {
            let told = Authority::microsoft(url).map(|authority| authority.name().to_owned());
            assert!(told.is_err(), "{url}: {told:?}");
        }
    }

    #[test]
    fn consent_is_given_at_the_tenant() {
        let page = |authority: Authority| authority.admin_consent("app").map(String::from);
        let tenant = Authority::microsoft("https://login.microsoftonline.us/contoso.example/").unwrap();
        let there = "https://login.microsoftonline.us/contoso.example/adminconsent?client_id=app";
        assert_eq!(page(tenant).as_deref(), Some(there));
        assert_eq!(page(Authority::google().unwrap()), None);
    }

    #[test]
    fn google_has_addresses_of_its_own() {
        assert_eq!(Authority::google().unwrap().token.as_str(), "https://oauth2.googleapis.com/token");
        assert_eq!(Authority::google_at("https://127.0.0.1:1/google").unwrap().token.path(), "/google/token");
    }
}
