//! A project with a Zimbra at one side and an IMAP server at the other, run by the product's own binary.

use std::{path::Path, process::Command};

use mailhaul::lab::{
    imap::{Accounts, Persona, Server},
    mailstore::Mailstore,
    zimbra::{Settings, fill},
};

use super::stage::{ADMIN, ADMIN_PASSWORD, ANN, Stage};
use crate::support::haul::{Ended, Running};

pub const KEY: &str = "6b7ead4bd425836e8cf0079cd6c1a05acc127acd07c8ee4b61023e19250e929c";

/// Messages in the mailbox.
pub const MESSAGES: u64 = 120;

pub struct Site {
    pub stage: Stage,
    pub to: Mailstore,
    pub target: Server,
    pub home: tempfile::TempDir,
}

impl Site {
    pub async fn new() -> Site {
        let stage = Stage::new(Settings { preauth_key: Some(KEY.to_owned()), ..Settings::default() }).await;
        stage.kept(ANN, |kept| fill(kept, MESSAGES as usize, 5));
        let to = Mailstore::empty();
        let accounts = Accounts::default().with("ann", "pass", to.clone());
        let target = Server::start(accounts, Persona::generic()).await.unwrap();
        Site { stage, to, target, home: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, text: &str) {
        std::fs::write(self.home.path().join(name), text).unwrap();
    }

    /// A project whose source endpoint ends with these lines.
    pub fn project(&self, lines: &str) {
        self.file(
            "mailhaul.toml",
            &format!(
                "[endpoint.old]\nkind = \"zimbra\"\nhost = \"localhost\"\nport = {}\nencryption = \"none\"\n{lines}\n\
                 [endpoint.new]\nkind = \"imap\"\nhost = \"127.0.0.1\"\nport = {}\nencryption = \"none\"\n\
                 [batch.all]\nsource = \"old\"\ntarget = \"new\"\nusers = \"users.csv\"\n",
                self.stage.zimbra.port(),
                self.target.port()
            ),
        );
        self.file(
            "users.csv",
            &format!("source,target,target_username,target_password\n{ANN},ann@new.example,ann,pass\n"),
        );
        self.file("admin.txt", ADMIN_PASSWORD);
        self.file("key.txt", KEY);
    }

    pub fn as_admin(&self) -> String {
        self.as_admin_named(ADMIN)
    }

    pub fn as_admin_named(&self, name: &str) -> String {
        let port = self.stage.zimbra.admin_port();
        format!(
            "auth = \"admin\"\nadmin-username = \"{name}\"\nadmin-password-file = \"admin.txt\"\nadmin-port = {port}"
        )
    }

    pub fn start(&self, arguments: &[&str]) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailhaul"));
        command.args(arguments).args(["--json", "--no-progress"]);
        Running::start(command, Path::new(self.home.path()))
    }

    pub async fn run(&self, arguments: &[&str]) -> Ended {
        let running = self.start(arguments);
        tokio::task::spawn_blocking(move || running.wait()).await.unwrap()
    }

    /// Messages at the target.
    pub fn arrived(&self) -> u64 {
        self.to.read(|mailbox| mailbox.folders().map(|(_, folder)| folder.messages().len() as u64).sum())
    }
}
