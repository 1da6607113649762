//! Many mailboxes in one project: `mailhaul.toml`, `users.csv` and the commands that read them.

use super::dovecot::PASSWORD;
use super::haul::{Ended, Running};
use super::place;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::process::Command;

/// A project directory with its ledger.
pub struct Project {
    pub home: tempfile::TempDir,
}

impl Project {
    /// One batch with a pair for each of `users`: (user at the source, user at the target), `at_a_time` of them at once.
    pub fn new(from: SocketAddr, to: SocketAddr, users: &[(String, String)], at_a_time: usize) -> Project {
        let home = place::fresh("project");
        let mut csv = "source,target,username,password,target_username,target_password\n".to_owned();
        for (source, target) in users {
            let _ = writeln!(csv, "{source}@old.example,{target}@new.example,{source},{PASSWORD},{target},{PASSWORD}");
        }
        std::fs::write(home.path().join("users.csv"), csv).unwrap();
        let project = Project { home };
        project.write(from, to, at_a_time);
        project
    }

    /// Writes the configuration anew, as after a change of the way to the servers.
    pub fn write(&self, from: SocketAddr, to: SocketAddr, at_a_time: usize) {
        let text = format!(
            "[project]\nname = \"trial\"\nstore = \"sqlite:ledger.db\"\n{}{}[batch.all]\nsource = \"old\"\ntarget = \"new\"\n\
             users = \"users.csv\"\nmax-mailboxes = {at_a_time}\n",
            endpoint("old", from),
            endpoint("new", to)
        );
        std::fs::write(self.home.path().join("mailhaul.toml"), text).unwrap();
    }

    /// Starts a command of the product in this project.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailhaul"));
        command.args(arguments).args(["--json", "--no-progress"]);
        Running::start(command, self.home.path())
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).wait()
    }
}

fn endpoint(name: &str, address: SocketAddr) -> String {
    let (host, port) = (address.ip(), address.port());
    format!(
        "[endpoint.{name}]\nkind = \"imap\"\nhost = \"{host}\"\nport = {port}\nencryption = \"none\"\nauth = \"password\"\nmax-connections = 1000\n"
    )
}
