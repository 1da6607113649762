//! A tenant with people and mailboxes, and the client of an application in it.

use std::{path::PathBuf, sync::Arc};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use mailhaul::{
    body::BodyStore,
    error::Side,
    graph::{Mailbox, Pace, Service},
    lab::{
        Certificate,
        entra::{self, App, Directory, Entra},
        graph::{Graph, NewItem, Person, Settings, Status},
        mailstore::Content,
    },
    net::http::{self, Way},
    oauth::{Audience, Authority, Client, Credential, Grant, SignIn, Tokens, Wanted},
    secret::Secret,
};
use serde_json::Value;

pub const TENANT: &str = "contoso.example";
pub const APP: &str = "11111111-2222-3333-4444-555555555555";
pub const SECRET: &str = "s3cret~of.the-app";
pub const KIM: &str = "kim@contoso.example";
pub const LEE: &str = "lee@contoso.example";

pub struct Stage {
    pub entra: Entra,
    pub graph: Graph,
    pub http: reqwest::Client,
    pub directory: tempfile::TempDir,
    pub bodies: BodyStore,
    tokens: Tokens,
    wanted: Wanted,
}

impl Stage {
    pub async fn new(settings: Settings) -> Self {
        Stage::with(settings, Audience::graph("graph.microsoft.com"), Vec::new()).await
    }

    /// With more people than Kim and Lee.
    pub async fn of_people(people: Vec<Person>) -> Self {
        Stage::with(Settings::default(), Audience::graph("graph.microsoft.com"), people).await
    }

    pub async fn with(settings: Settings, audience: Audience, more: Vec<Person>) -> Self {
        let certificate = Certificate::new().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let ca = directory.path().join("ca.pem");
        std::fs::write(&ca, certificate.authority_pem()).unwrap();
        let mut apps = Directory::new(TENANT);
        apps.app(App::new(APP).secret(SECRET));
        let entra = Entra::start(apps, entra::Settings::default(), certificate.acceptor()).await.unwrap();
        let mut people = vec![Person::new(KIM, Status::Member), Person::new(LEE, Status::Member)];
        people.extend(more);
        let graph = Graph::start(people, settings, entra.desk(), certificate.acceptor()).await.unwrap();
        let http = http::client(&Way { ca: vec![ca], ..Way::default() }).await.unwrap();
        let authority = Authority::microsoft(&entra.authority(TENANT)).unwrap();
        let credential = Credential::Secret(Secret::new(SECRET.to_owned()));
        let client = Client::new(authority, APP, credential, http.clone());
        let wanted = Wanted { client: Arc::new(client), audience, grant: Grant::ClientCredentials };
        Stage { entra, graph, http, directory, bodies: BodyStore::new(), tokens: Tokens::new(None), wanted }
    }

    pub fn ca(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    pub fn service(&self, pace: Pace) -> Service {
        self.service_on(Side::Source, pace)
    }

    /// The service as one side of a transfer reaches it.
    pub fn service_on(&self, side: Side, pace: Pace) -> Service {
        let sign_in = SignIn::new(self.tokens.clone(), self.wanted.clone(), side);
        Service::new(&self.graph.root(), self.http.clone(), sign_in, side, pace).unwrap()
    }

    pub fn mailbox(&self, user: &str) -> Mailbox {
        self.service(Pace::default()).mailbox(user)
    }

    pub async fn token(&self) -> String {
        self.tokens.token(&self.wanted).await.unwrap().secret.expose().to_owned()
    }

    /// What the stand-in answers to a plain request below its root.
    pub async fn raw(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.graph.root());
        let answer = self.http.get(url).bearer_auth(self.token().await).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    /// Adds a message and tells its id.
    pub fn add(&self, user: &str, folder: &str, subject: &str) -> String {
        self.graph.mailbox(user, |mailbox| mailbox.add(folder, mail(subject))).flatten().unwrap()
    }

    pub fn folder(&self, user: &str, path: &str) -> String {
        self.graph.mailbox(user, |mailbox| mailbox.folder_id(path)).flatten().unwrap()
    }
}

pub fn date(unix: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(unix, 0).unwrap()
}

pub fn mail(subject: &str) -> NewItem {
    let text = format!(
        "From: a@b.example\r\nSubject: {subject}\r\nMessage-ID: <{subject}@b.example>\r\n\r\nbody of {subject}\r\n"
    );
    let mut item = NewItem::new("IPM.Note", subject, Content::Stored(text.into()), date(1_500_000_000));
    item.message_id = Some(format!("<{subject}@b.example>"));
    item
}

pub fn bytes_of(item: &NewItem) -> Bytes {
    item.content.bytes()
}
