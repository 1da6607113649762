//! Dovecot 2.3 with Maildir, from Debian's packages, with a configuration of its own below a temporary directory.
//!
//! Any user name logs in with [`PASSWORD`] and has an empty mailbox, so each trial takes fresh names instead of a fresh server.

use super::place;
use super::process::{self, Server};
use super::raw::Raw;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The password of every user on every server of the trials.
pub const PASSWORD: &str = "secret";

/// What Dovecot 2.3.19 advertises after the login, so that a trial can leave some of it out.
const CAPABILITIES: &str = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS \
    THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED I18NLEVEL=1 \
    CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY \
    PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE";

/// What differs from the ordinary server.
#[derive(Default, Clone)]
pub struct Options {
    /// Capabilities that are not advertised.
    pub without: Vec<&'static str>,
    /// Offer TLS beside plain text, with this certificate and key (PEM files).
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Speak POP3 too, with the programs in this directory.
    pub pop3: Option<PathBuf>,
    /// Lines for the end of the configuration.
    pub extra: String,
}

/// A running Dovecot.
pub struct Dovecot {
    _server: Server,
    home: tempfile::TempDir,
    port: u16,
    tls_port: u16,
    pop3_port: u16,
}

impl Dovecot {
    /// An ordinary server.
    pub fn start() -> Dovecot {
        Dovecot::with(&Options::default())
    }

    /// A server with `options`.
    pub fn with(options: &Options) -> Dovecot {
        process::start("dovecot", || Dovecot::on_new_ports(options))
    }

    fn on_new_ports(options: &Options) -> Option<Dovecot> {
        let home = place::fresh("dovecot");
        let (port, tls_port, token) = (place::free_port(), place::free_port(), place::token());
        let pop3_port = place::free_port();
        let config = home.path().join("dovecot.conf");
        for dir in ["run", "state", "mail"] {
            std::fs::create_dir(home.path().join(dir)).unwrap();
        }
        let owner = Owner::of_mail(home.path());
        std::os::unix::fs::chown(home.path().join("mail"), Some(owner.uid), Some(owner.gid)).unwrap();
        let text = format!(
            "login_greeting = Dovecot {token} ready.\n{}",
            configuration(home.path(), port, tls_port, options, &owner)
        ) + &options.pop3.iter().map(|programs| pop3(programs, pop3_port)).collect::<String>();
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new("/usr/sbin/dovecot");
        command.arg("-F").arg("-c").arg(&config).env("TZ", "UTC").stdout(Stdio::null()).stderr(Stdio::null());
        let server = Server::start("dovecot", &mut command, place::loopback(port), &token)?;
        Some(Dovecot { _server: server, home, port, tls_port, pop3_port })
    }

    /// The plain-text address.
    pub fn address(&self) -> SocketAddr {
        place::loopback(self.port)
    }

    /// The TLS address, where [`Options::tls`] was given.
    pub fn tls_address(&self) -> SocketAddr {
        place::loopback(self.tls_port)
    }

    /// The plain-text address of POP3, where [`Options::pop3`] was given.
    pub fn pop3_address(&self) -> SocketAddr {
        place::loopback(self.pop3_port)
    }

    /// A logged-in connection of the trial's own reader.
    pub fn login(&self, user: &str) -> Raw {
        Raw::login(self.address(), user, PASSWORD)
    }

    /// `user`'s Maildir, which exists from the first log-in on.
    pub fn maildir(&self, user: &str) -> PathBuf {
        self.home.path().join("mail").join(user).join("Maildir")
    }

    /// What the server logged, for a failure's message.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }
}

/// POP3 beside IMAP. Its programs are of the same package version as the server.
fn pop3(programs: &Path, port: u16) -> String {
    let programs = programs.display();
    format!(
        r#"
protocols = imap pop3
service pop3-login {{
  executable = {programs}/pop3-login
  service_count = 0
  chroot =
  inet_listener pop3 {{
    port = {port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service pop3 {{
  executable = {programs}/pop3
}}
"#
    )
}

/// The system user whose name the mail carries: Dovecot refuses root.
struct Owner {
    uid: u32,
    gid: u32,
    /// User names for the log-in and internal processes.
    login: String,
    internal: String,
}

impl Owner {
    fn of_mail(home: &Path) -> Owner {
        if place::is_root() {
            let (login, internal) = ("dovenull".to_owned(), "dovecot".to_owned());
            return Owner { uid: 8, gid: 8, login, internal };
        }
        let (me, meta) = (place::user_name(), std::fs::metadata(home).unwrap());
        Owner { uid: meta.uid(), gid: meta.gid(), login: me.clone(), internal: me }
    }
}

fn configuration(home: &Path, port: u16, tls_port: u16, options: &Options, owner: &Owner) -> String {
    let (home, Owner { uid, gid, login, internal }) = (home.display(), owner);
    let mut text = format!(
        r#"base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
default_login_user = {login}
default_internal_user = {internal}
first_valid_uid = 1
disable_plaintext_auth = no
mail_max_userip_connections = 1000
mail_fsync = never
mail_location = maildir:~/Maildir
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    special_use = \Sent
  }}
  mailbox Drafts {{
    special_use = \Drafts
  }}
}}
service imap-login {{
  service_count = 0
  client_limit = 2000
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls}
  }}
}}
service imap {{
  process_limit = 1000
}}
service anvil {{
  chroot =
  client_limit = 3000
}}
service auth {{
  client_limit = 3000
}}
default_process_limit = 1000
default_client_limit = 4000
"#,
        tls = if options.tls.is_some() { tls_port } else { 0 }
    );
    match &options.tls {
        Some((cert, key)) => {
            let _ = writeln!(text, "ssl = yes\nssl_cert = <{}\nssl_key = <{}", cert.display(), key.display());
        }
        None => text.push_str("ssl = no\n"),
    }
    if !options.without.is_empty() {
        let kept: Vec<&str> = CAPABILITIES.split_whitespace().filter(|c| !options.without.contains(c)).collect();
        let _ = writeln!(text, "imap_capability = {}", kept.join(" "));
    }
    text + &options.extra
}
