//! A directory, a service, clients of it, and a store of refresh tokens.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use mailhaul::{
    error::{Error, Result, Side},
    lab::{
        Certificate as LabCertificate,
        entra::{App, Directory, Entra, Settings, User},
    },
    net::http::{self, Way},
    oauth::{
        Account, Audience, Authority, Certificate, Client, Credential, Grant, RefreshStore, RefreshToken, Tokens,
        Wanted,
    },
    secret::Secret,
};

pub const TENANT: &str = "contoso.example";
pub const APP: &str = "11111111-2222-3333-4444-555555555555";
pub const PUBLIC: &str = "99999999-2222-3333-4444-555555555555";
pub const SECRET: &str = "s3cret~of.the-app";
pub const OLD_SECRET: &str = "0ld~secret.of-app";
pub const ANNA: &str = "anna@contoso.example";
pub const BEN: &str = "ben@contoso.example";
pub const SHARED: &str = "office@contoso.example";

/// A running service and what leads to it.
pub struct Stage {
    pub entra: Entra,
    pub http: reqwest::Client,
    pub directory: tempfile::TempDir,
}

impl Stage {
    pub async fn new(settings: Settings) -> Self {
        let certificate = LabCertificate::new().unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("ca.pem"), certificate.authority_pem()).unwrap();
        let mut people = Directory::new(TENANT);
        people.app(App::new(APP).secret(SECRET).expired_secret(OLD_SECRET));
        people.app(App::new(PUBLIC));
        people.user(User::new(ANNA).full_access(SHARED));
        people.user(User::new(BEN));
        let entra = Entra::start(people, settings, certificate.acceptor()).await.unwrap();
        let way = Way { ca: vec![directory.path().join("ca.pem")], ..Way::default() };
        let http = http::client(&way).await.unwrap();
        Stage { entra, http, directory }
    }

    pub fn ca(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// `id` in the tenant.
    pub fn client(&self, id: &str, credential: Credential) -> Client {
        self.client_of(TENANT, id, credential)
    }

    pub fn client_of(&self, tenant: &str, id: &str, credential: Credential) -> Client {
        let authority = Authority::microsoft(&self.entra.authority(tenant)).unwrap();
        Client::new(authority, id, credential, self.http.clone())
    }

    /// The application with its secret.
    pub fn app(&self) -> Client {
        self.client(APP, secret(SECRET))
    }

    /// The public client.
    pub fn public(&self) -> Arc<Client> {
        Arc::new(self.client(PUBLIC, Credential::None))
    }

    /// How often a token was asked for with this grant.
    pub fn asked(&self, grant: &str) -> usize {
        self.entra.requests().iter().filter(|(kind, _)| kind.ends_with(grant)).count()
    }
}

pub fn secret(text: &str) -> Credential {
    Credential::Secret(Secret::new(text.to_owned()))
}

/// The application's own token for Exchange.
pub fn exchange(client: Client) -> Wanted {
    let audience = Audience::exchange_app("outlook.office365.com");
    Wanted { client: Arc::new(client), audience, grant: Grant::ClientCredentials }
}

/// The error of the only request for `wanted`.
pub async fn refusal(wanted: Wanted) -> Error {
    let error = Tokens::new(None).token(&wanted).await.unwrap_err();
    assert_eq!(error.side(), Side::System);
    let told = format!("{error} {error:?}");
    for secret in [SECRET, OLD_SECRET, "wrong secret"] {
        assert!(!told.contains(secret), "{told}");
    }
    error
}

/// An RSA key and its certificate, made by OpenSSL.
pub struct KeyPair {
    directory: tempfile::TempDir,
}

impl KeyPair {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let pair = KeyPair { directory };
        let subject = ["-subj", "/CN=mailhaul trial", "-days", "2"];
        let files = ["-keyout", "key.pem", "-out", "certificate.pem"];
        openssl(pair.path(), &[&["req", "-x509", "-newkey", "rsa:2048", "-nodes"], &subject[..], &files].concat());
        openssl(pair.path(), &["rsa", "-in", "key.pem", "-traditional", "-out", "pkcs1.pem"]);
        openssl(pair.path(), &["x509", "-in", "certificate.pem", "-outform", "der", "-out", "certificate.der"]);
        pair
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.path().join(file)).unwrap()
    }

    pub fn der(&self) -> Vec<u8> {
        std::fs::read(self.path().join("certificate.der")).unwrap()
    }

    /// As a credential, with the key in `file`.
    pub fn credential(&self, file: &str) -> Credential {
        let key = Secret::new(self.text(file));
        Credential::Certificate(Certificate::from_pem(&self.text("certificate.pem"), &key).unwrap())
    }
}

fn openssl(directory: &Path, arguments: &[&str]) {
    let done = Command::new("openssl").args(arguments).current_dir(directory).output().expect("openssl runs");
    assert!(done.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Refresh tokens in memory.
#[derive(Default)]
pub struct Shelf(Mutex<HashMap<Account, Secret>>);

impl Shelf {
    pub fn with(client: &Client, user: &str, token: &RefreshToken) -> Arc<Self> {
        let shelf = Shelf::default();
        shelf.0.lock().unwrap().insert(Account::new(client, user), token.0.clone());
        Arc::new(shelf)
    }

    pub fn only(&self) -> String {
        let tokens = self.0.lock().unwrap();
        assert_eq!(tokens.len(), 1);
        tokens.values().next().unwrap().expose().to_owned()
    }
}

#[async_trait]
impl RefreshStore for Shelf {
    async fn load(&self, account: &Account) -> Result<Option<RefreshToken>> {
        Ok(self.0.lock().unwrap().get(account).cloned().map(RefreshToken))
    }

    async fn save(&self, account: &Account, token: &RefreshToken) -> Result<()> {
        self.0.lock().unwrap().insert(account.clone(), token.0.clone());
        Ok(())
    }
}
