//! Courier's `imapd`, unpacked below `target/` because it cannot be installed beside Dovecot.
//!
//! Courier's own log-in process has its socket's path compiled in, so the trial greets and logs in by itself and then hands the
//! connection to the real `imapd`, as `imaplogin` would: user and tag in the environment, the socket as standard input.
//! Everything after the log-in is Courier's.

use super::dovecot::PASSWORD;
use super::place;
use super::raw::Raw;
use base64::Engine as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// As in Debian's `/etc/courier/imapd`.
const CAPABILITY: &str = "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE";

/// A running Courier.
pub struct Courier {
    shared: Arc<Shared>,
    port: u16,
}

struct Shared {
    home: tempfile::TempDir,
    installed: PathBuf,
    libraries: String,
    sessions: Mutex<Vec<Child>>,
    stopping: AtomicBool,
}

impl Courier {
    /// Starts a server on which any user logs in.
    pub fn start() -> Courier {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            home: place::fresh("courier"),
            installed: place::supply("courier"),
            libraries: place::libraries("courier"),
            sessions: Mutex::new(Vec::new()),
            stopping: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || accept(&listener, &accepting));
        Courier { shared, port }
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

impl Drop for Courier {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address());
        for session in self.shared.sessions.lock().unwrap().iter_mut() {
            let _ = session.kill();
            let _ = session.wait();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming().map_while(Result::ok) {
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            // A client that hangs up before its log-in is none of ours.
            let _ = greet(stream, &shared);
        });
    }
}

/// The part of `imaplogin`: everything up to a successful log-in.
fn greet(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    write!(stream, "* OK [CAPABILITY {CAPABILITY} AUTH=PLAIN] Courier-IMAP ready.\r\n")?;
    loop {
        let line = read_line(&mut stream)?;
        let mut words = line.split(' ');
        let (tag, verb) = (words.next().unwrap_or("").to_owned(), words.next().unwrap_or("").to_uppercase());
        let arguments: Vec<String> = words.map(|w| w.trim_matches('"').to_owned()).collect();
        let login = match (verb.as_str(), arguments.as_slice()) {
            ("LOGIN", [user, password]) => Some((user.clone(), password.clone())),
            ("AUTHENTICATE", [_]) => {
                write!(stream, "+ \r\n")?;
                plain(&read_line(&mut stream)?)
            }
            ("CAPABILITY", _) => {
                write!(stream, "* CAPABILITY {CAPABILITY} AUTH=PLAIN\r\n{tag} OK CAPABILITY completed\r\n")?;
                continue;
            }
            ("LOGOUT", _) => {
                return write!(stream, "* BYE Courier-IMAP server shutting down\r\n{tag} OK LOGOUT completed\r\n");
            }
            _ => {
                write!(stream, "{tag} NO Error in IMAP command received by server.\r\n")?;
                continue;
            }
        };
        match login {
            Some((user, password)) if password == PASSWORD => return hand_over(stream, shared, &tag, &user),
            _ => write!(stream, "{tag} NO Login failed.\r\n")?,
        }
    }
}

/// Byte by byte: what follows the line belongs to `imapd`.
fn read_line(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.last() != Some(&b'\n') {
        stream.read_exact(&mut byte)?;
        line.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

fn plain(coded: &str) -> Option<(String, String)> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(coded).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let mut parts = text.split('\0').skip(1);
    Some((parts.next()?.to_owned(), parts.next()?.to_owned()))
}

fn hand_over(stream: TcpStream, shared: &Shared, tag: &str, user: &str) -> std::io::Result<()> {
    let home = shared.home.path().join(user);
    make_maildir(&home.join("Maildir"))?;
    let mut command = Command::new(shared.installed.join("usr/bin/imapd"));
    command.arg("Maildir").current_dir(&home).env_clear().env("LD_LIBRARY_PATH", &shared.libraries);
    command.envs([("TZ", "UTC"), ("PROTOCOL", "IMAP"), ("TCPREMOTEIP", "127.0.0.1"), ("TCPREMOTEPORT", "1")]);
    command.envs([
        ("IMAP_CAPABILITY", CAPABILITY),
        ("IMAP_KEYWORDS", "1"),
        ("IMAP_ACL", "1"),
        ("IMAP_USELOCKS", "0"),
        ("MAILDIR", "Maildir"),
    ]);
    command.env("HOME", &home).env("AUTHENTICATED", user).env("AUTHADDR", user).env("IMAPLOGINTAG", tag);
    let output = OwnedFd::from(stream.try_clone()?);
    command.stdin(OwnedFd::from(stream)).stdout(output).stderr(Stdio::null());
    let child = command.spawn()?;
    shared.sessions.lock().unwrap().push(child);
    Ok(())
}

/// An empty Maildir.
pub fn make_maildir(dir: &Path) -> std::io::Result<()> {
    ["cur", "new", "tmp"].iter().try_for_each(|part| std::fs::create_dir_all(dir.join(part)))
}
