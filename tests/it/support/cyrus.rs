//! Cyrus IMAP 3.6, unpacked below `target/` because it cannot be installed beside Dovecot.
//!
//! One setting is not the default: `munge8bit: no`, for Cyrus else replaces 8-bit bytes of a header by `X` in silence.
//! Users exist in a SASL database of their own and get their INBOX at the first log-in.

use super::dovecot::PASSWORD;
use super::place;
use super::process::{self, Server};
use super::raw::Raw;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

/// What Cyrus expects to find below its configuration directory.
const DIRECTORIES: [&str; 13] = [
    "conf/db",
    "conf/log",
    "conf/msg",
    "conf/proc",
    "conf/ptclient",
    "conf/quota",
    "conf/socket",
    "conf/user",
    "conf/mailboxes",
    "conf/sieve",
    "spool",
    "lock",
    "proc",
];

/// A running Cyrus.
pub struct Cyrus {
    _server: Server,
    _home: tempfile::TempDir,
    port: u16,
}

impl Cyrus {
    /// Starts a server that knows `users`.
    pub fn start(users: &[&str]) -> Cyrus {
        process::start("cyrus", || Cyrus::on_a_new_port(users))
    }

    fn on_a_new_port(users: &[&str]) -> Option<Cyrus> {
        let home = place::fresh("cyrus");
        let (port, name) = (place::free_port(), format!("{}.test", place::token()));
        let binaries = place::supply("cyrus").join("usr/lib/cyrus/bin");
        for dir in DIRECTORIES {
            std::fs::create_dir_all(home.path().join(dir)).unwrap();
        }
        let owner = if place::is_root() { "mail" } else { &place::user_name() };
        std::fs::write(home.path().join("imapd.conf"), imapd_conf(home.path(), owner, &name)).unwrap();
        std::fs::write(home.path().join("cyrus.conf"), cyrus_conf(home.path(), &binaries, port)).unwrap();
        users.iter().for_each(|user| add_user(home.path(), user, &name));
        if place::is_root() {
            let done = Command::new("chown").args(["-R", "mail:mail"]).arg(home.path()).status().unwrap();
            assert!(done.success());
        }
        let mut command = Command::new(binaries.join("master"));
        command.arg("-D").arg("-p").arg(home.path().join("master.pid"));
        command.arg("-C").arg(home.path().join("imapd.conf")).arg("-M").arg(home.path().join("cyrus.conf"));
        command.env("LD_LIBRARY_PATH", place::libraries("cyrus")).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Server::start("cyrus", &mut command, place::loopback(port), &name)?;
        Some(Cyrus { _server: server, _home: home, port })
    }

    /// The plain-text address.
    pub fn address(&self) -> SocketAddr {
        place::loopback(self.port)
    }

    /// A logged-in connection of the trial's own reader.
    pub fn login(&self, user: &str) -> Raw {
        Raw::login(self.address(), user, PASSWORD)
    }
}

fn imapd_conf(home: &Path, owner: &str, name: &str) -> String {
    let home = home.display();
    format!(
        "configdirectory: {home}/conf\ndefaultpartition: default\npartition-default: {home}/spool\n\
         mboxname_lockpath: {home}/lock\nproc_path: {home}/proc\ncyrus_user: {owner}\nadmins: admin\nservername: {name}\n\
         allowplaintext: yes\nautocreate_quota: 0\nmunge8bit: no\nduplicatesuppression: no\nsasl_pwcheck_method: auxprop\n\
         sasl_auxprop_plugin: sasldb\nsasl_sasldb_path: {home}/sasldb2\nsasl_mech_list: PLAIN LOGIN\n"
    )
}

fn cyrus_conf(home: &Path, binaries: &Path, port: u16) -> String {
    let (home, binaries) = (home.display(), binaries.display());
    format!(
        "START {{\n  recover cmd=\"{binaries}/ctl_cyrusdb -C {home}/imapd.conf -r\"\n}}\nSERVICES {{\n  \
         imap cmd=\"{binaries}/imapd -C {home}/imapd.conf -U 30\" listen=\"127.0.0.1:{port}\" prefork=1 maxchild=500\n}}\n\
         EVENTS {{\n}}\n"
    )
}

fn add_user(home: &Path, user: &str, realm: &str) {
    let mut command = Command::new("saslpasswd2");
    command.args(["-p", "-c", "-u", realm, "-f"]).arg(home.join("sasldb2")).arg(user);
    let mut child = command.stdin(Stdio::piped()).spawn().expect("saslpasswd2, of the package sasl2-bin");
    child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}
