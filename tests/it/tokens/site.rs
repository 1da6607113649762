//! A project whose mailboxes are opened with tokens, and the service that issues them.

use mailhaul::lab::{
    Certificate,
    entra::{App, Directory, Entra, Service, Settings, User},
    generate::{Language, exchange_target},
    imap::{Accounts, Persona, Profile, Server},
    mailstore::Mailstore,
};
use std::{path::Path, process::Command};

use crate::support::{haul::Running, place};

pub const TENANT: &str = "contoso.example";
/// An application with a secret of its own.
pub const APP: &str = "11111111-2222-3333-4444-555555555555";
pub const SECRET: &str = "s3cret~of.the-app";
/// An application that people sign in to.
pub const PUBLIC: &str = "99999999-2222-3333-4444-555555555555";
pub const ANNA: &str = "anna@contoso.example";
pub const BEN: &str = "ben@contoso.example";

/// A project directory and the service.
pub struct Site {
    pub home: tempfile::TempDir,
    pub entra: Entra,
    /// What `ca.pem` believes, for further servers.
    pub certificate: Certificate,
    /// Tables of the configuration, besides the two clients of the directory and the batch.
    tables: String,
}

impl Site {
    pub async fn new(settings: Settings) -> Site {
        let (home, certificate) = (place::fresh("tokens"), Certificate::new().unwrap());
        std::fs::write(home.path().join("ca.pem"), certificate.authority_pem()).unwrap();
        std::fs::write(home.path().join("secret.txt"), format!("{SECRET}\n")).unwrap();
        let mut directory = Directory::new(TENANT);
        directory.app(App::new(APP).secret(SECRET));
        directory.app(App::new(PUBLIC));
        directory.user(User::new(ANNA));
        let entra = Entra::start(directory, settings, certificate.acceptor()).await.unwrap();
        Site { home, entra, certificate, tables: String::new() }
    }

    /// An endpoint on this machine; `more` are further lines of its table.
    pub fn endpoint(&mut self, name: &str, kind: &str, port: u16, more: &str) {
        let host = if matches!(kind, "imap" | "gmail" | "pop3") { "host" } else { "imap-host" };
        self.tables += &format!(
            "[endpoint.{name}]\nkind = \"{kind}\"\n{host} = \"127.0.0.1\"\nport = {port}\nencryption = \"none\"\nca = \"ca.pem\"\n{more}\n"
        );
    }

    /// An endpoint whose servers are named by these lines.
    pub fn table(&mut self, name: &str, lines: &str) {
        self.tables += &format!("[endpoint.{name}]\nca = \"ca.pem\"\n{lines}\n");
    }

    /// One more client, with these lines in its table.
    pub fn client(&mut self, name: &str, lines: &str) {
        self.tables += &format!("[oauth-client.{name}]\n{lines}\n");
    }

    /// Writes the configuration, and `users` below the header of `users.csv`.
    pub fn write(&self, users: &str) {
        let authority = self.entra.authority(TENANT);
        let text = format!(
            "[project]\nname = \"trial\"\nstore = \"sqlite:ledger.db\"\n\
             [oauth-client.app]\nauthority = \"{authority}\"\nclient-id = \"{APP}\"\nclient-secret-file = \"secret.txt\"\n\
             [oauth-client.people]\nauthority = \"{authority}\"\nclient-id = \"{PUBLIC}\"\n\
             {}[batch.all]\nsource = \"old\"\ntarget = \"new\"\nusers = \"users.csv\"\n",
            self.tables
        );
        std::fs::write(self.path().join("mailhaul.toml"), text).unwrap();
        std::fs::write(self.path().join("users.csv"), format!("source,target,password\n{users}")).unwrap();
    }

    pub fn path(&self) -> &Path {
        self.home.path()
    }

    /// Starts a command of the product in this project.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailhaul"));
        command.args(arguments).args(["--json", "--no-progress"]);
        Running::start(command, self.path())
    }

    /// How often a token was asked for with this grant.
    pub fn asked(&self, grant: &str) -> usize {
        self.entra.requests().iter().filter(|(kind, _)| kind.ends_with(grant)).count()
    }

    /// An IMAP host with the mailboxes of Anna and Ben that takes the service's tokens for `service`.
    pub async fn host(&self, store: Mailstore, service: Service) -> Server {
        let persona =
            Persona::generic().without(&["AUTH=PLAIN"]).with(|persona| persona.capabilities.add(&["AUTH=XOAUTH2"]));
        let server = Server::start(
            Accounts::default().with(ANNA, "no-password", store).with(BEN, "no-password", empty()),
            persona,
        )
        .await
        .unwrap();
        server.accounts().take_tokens_of(self.entra.desk(), service);
        server
    }

    /// Exchange Online with Anna's mailbox, which takes the service's tokens and no passwords.
    pub async fn exchange(&self, store: Mailstore) -> Server {
        let server =
            Server::start(Accounts::default().with(ANNA, "no-password", store), Persona::exchange(Profile::Proxy));
        let server = server.await.unwrap();
        server.accounts().refuse_passwords(true);
        server.accounts().take_tokens_of(self.entra.desk(), Service::Imap);
        server
    }
}

/// An empty mailbox of Exchange Online.
pub fn empty() -> Mailstore {
    exchange_target(Language::English)
}
