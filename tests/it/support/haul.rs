//! The product itself, from outside: its real binary, its command line, its JSON.

use super::dovecot::PASSWORD;
use super::place;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Longer than any pass of a trial; a pass that takes more hangs.
const PATIENCE: Duration = Duration::from_secs(300);

/// One mailbox pair with a ledger of its own.
pub struct Haul {
    /// Where the ledger lies.
    pub home: tempfile::TempDir,
    /// `--from` and `--to`.
    pub from: String,
    pub to: String,
    /// Further options of every pass.
    pub options: Vec<String>,
}

/// How a pass ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    /// The document on standard output, or null.
    pub document: Value,
    pub stderr: String,
}

/// A pass that is under way.
pub struct Running {
    child: Child,
    output: PathBuf,
}

impl Haul {
    /// A pair between two plain-text servers.
    pub fn new(from: SocketAddr, from_user: &str, to: SocketAddr, to_user: &str) -> Haul {
        let home = place::fresh("haul");
        Haul { home, from: url(from, from_user), to: url(to, to_user), options: Vec::new() }
    }

    /// The same pair and ledger over another way.
    pub fn over(mut self, from: SocketAddr, to: SocketAddr) -> Haul {
        self.redirect(from, to);
        self
    }

    /// Changes the addresses and keeps the users.
    pub fn redirect(&mut self, from: SocketAddr, to: SocketAddr) {
        let user = |url: &str| url["imap://".len()..].split(':').next().unwrap_or("").to_owned();
        (self.from, self.to) = (url(from, &user(&self.from)), url(to, &user(&self.to)));
    }

    /// The ledger's file.
    pub fn ledger(&self) -> PathBuf {
        self.home.path().join("ledger.db")
    }

    /// `copy` as it is started.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailhaul"));
        command.args(["copy", "--json", "--no-progress", "--from", &self.from, "--to", &self.to]);
        command.arg("--store").arg(format!("sqlite:{}", self.ledger().display())).args(&self.options);
        command
    }

    /// Starts `copy`.
    pub fn start(&self) -> Running {
        Running::start(self.command(), self.home.path())
    }

    /// Runs `copy` to its end.
    pub fn copy(&self) -> Ended {
        self.start().wait()
    }

    /// Runs `copy` to its end, which must be `verified` with nothing left over.
    #[track_caller]
    pub fn copy_verified(&self) -> Ended {
        let ended = self.copy();
        assert_eq!(ended.document["outcome"], "verified", "{ended:#?}");
        assert_eq!(ended.code, Some(0), "{ended:#?}");
        ended.assert_adds_up();
        ended
    }
}

impl Running {
    /// Starts any command of the product with its streams in files below `dir`.
    pub fn start(mut command: Command, dir: &Path) -> Running {
        let output = dir.join("out");
        let file = |end: &str| std::fs::File::create(output.with_extension(end)).unwrap();
        command.current_dir(dir).stdin(Stdio::null()).stdout(file("json")).stderr(file("log"));
        Running { child: command.spawn().unwrap(), output }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended by itself.
    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// What it said on standard error so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.output.with_extension("log")).unwrap_or_default()
    }

    /// SIGKILL; `false` if it had ended before.
    pub fn kill(mut self) -> bool {
        if self.is_over() {
            return false;
        }
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        true
    }

    /// Waits for the end; a pass that does not come to one is killed and fails the trial.
    pub fn wait(mut self) -> Ended {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return self.ended(status);
            }
            if Instant::now() > deadline {
                let _ = self.child.kill();
                let status = self.child.wait().unwrap();
                panic!("no end after {PATIENCE:?}: {:#?}", self.ended(status));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn ended(&self, status: ExitStatus) -> Ended {
        let text = |end: &str| std::fs::read_to_string(self.output.with_extension(end)).unwrap_or_default();
        let document = serde_json::from_str(&text("json")).unwrap_or_default();
        Ended { code: status.code(), document, stderr: text("log") }
    }
}

impl Ended {
    /// A count of the only mailbox.
    #[track_caller]
    pub fn count(&self, name: &str) -> u64 {
        self.document["mailboxes"][0][name].as_u64().unwrap_or_else(|| panic!("no {name} in {self:#?}"))
    }

    /// What needs a person in a folder of the only mailbox.
    pub fn attention(&self, folder: &str) -> String {
        let rows = self.document["mailboxes"][0]["attention"].as_array();
        let words = rows.into_iter().flatten().filter(|row| row["folder"] == folder).map(|row| row["problem"].as_str());
        words.flatten().collect::<Vec<_>>().join("\n")
    }

    /// The count equations of every mailbox and folder, and nothing unexplained.
    #[track_caller]
    pub fn assert_adds_up(&self) {
        let mailboxes = self.document["mailboxes"].as_array().unwrap_or_else(|| panic!("{self:#?}"));
        for mailbox in mailboxes {
            assert_counts(mailbox);
            mailbox["folders"].as_array().into_iter().flatten().for_each(assert_counts);
        }
    }
}

#[track_caller]
fn assert_counts(place: &Value) {
    let count = |name: &str| place[name].as_u64().unwrap_or(0);
    let settled = ["copied", "already_present", "skipped", "failed", "vanished", "unexplained"].map(count);
    assert_eq!(count("in_scope"), settled.iter().sum::<u64>(), "{place:#}");
    let total = count("in_scope") + count("out_of_scope") - count("gone_from_source");
    assert_eq!(count("source_total"), total, "{place:#}");
    assert_eq!(count("unexplained"), 0, "{place:#}");
}

/// A URL as a person types it.
pub fn url(address: SocketAddr, user: &str) -> String {
    format!("imap://{user}:{PASSWORD}@{address}?encryption=none")
}
