//! Maildrops on real POP3 servers: Dovecot's and Courier's, from Debian's packages, unpacked below `target/`.
//!
//! Mail is delivered as files, for neither server has another way in that tells what it keeps.

use super::courier::make_maildir;
use super::dovecot::{Dovecot, Options, PASSWORD};
use super::place;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// The only user.
pub const USER: &str = "ann";

/// A session of somebody else's, which says nothing more.
pub fn signed_in(address: SocketAddr) -> TcpStream {
    use std::io::{BufRead, BufReader};
    let mut session = TcpStream::connect(address).unwrap();
    let mut replies = BufReader::new(session.try_clone().unwrap());
    let mut reply = || {
        let mut line = String::new();
        replies.read_line(&mut line).unwrap();
        assert!(line.starts_with("+OK"), "{line}");
    };
    reply();
    for command in [format!("USER {USER}"), format!("PASS {PASSWORD}")] {
        session.write_all(format!("{command}\r\n").as_bytes()).unwrap();
        reply();
    }
    session
}

/// A maildrop on a real server.
pub struct Maildrop {
    host: Host,
    delivered: std::cell::Cell<usize>,
}

enum Host {
    Dovecot(Dovecot),
    Courier(Courier),
}

impl Maildrop {
    /// On Dovecot.
    pub fn dovecot() -> Maildrop {
        Maildrop::dovecot_with("")
    }

    /// On Dovecot, with these lines at the end of its configuration.
    pub fn dovecot_with(extra: &str) -> Maildrop {
        let pop3 = Some(place::supply("pop3").join("usr/lib/dovecot"));
        Maildrop::on(Host::Dovecot(Dovecot::with(&Options { pop3, extra: extra.to_owned(), ..Options::default() })))
    }

    /// On Courier.
    pub fn courier() -> Maildrop {
        Maildrop::on(Host::Courier(Courier::start()))
    }

    fn on(host: Host) -> Maildrop {
        let maildrop = Maildrop { host, delivered: std::cell::Cell::new(0) };
        make_maildir(&maildrop.maildir()).unwrap();
        maildrop.give_to_its_owner();
        maildrop
    }

    /// Where POP3 is spoken, in the clear.
    pub fn address(&self) -> SocketAddr {
        match &self.host {
            Host::Dovecot(server) => server.pop3_address(),
            Host::Courier(server) => place::loopback(server.port),
        }
    }

    fn maildir(&self) -> PathBuf {
        match &self.host {
            Host::Dovecot(server) => server.maildir(USER),
            Host::Courier(server) => server.shared.home.path().join(USER).join("Maildir"),
        }
    }

    /// Delivers messages in this order.
    pub fn deliver<'a>(&self, mails: impl IntoIterator<Item = &'a [u8]>) {
        for mail in mails {
            let n = self.delivered.get();
            self.delivered.set(n + 1);
            let file = self.maildir().join("new").join(format!("{}.M{n}P1.trial", 1_600_000_000 + n));
            // As servers keep mail in files: with the line ends of the system.
            std::fs::write(file, without_cr(mail)).unwrap();
        }
        self.give_to_its_owner();
    }

    /// Removes the first message that was delivered and is still there.
    pub fn remove_first(&self) {
        let files = self.files();
        std::fs::remove_file(files.first().unwrap()).unwrap();
    }

    /// Gives every message another unique id, as a server does that lost its index: they are there under other names.
    pub fn name_anew(&self) {
        self.await_another_second();
        for file in self.files() {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let flags = name.find(":2").map_or("", |at| &name[at..]);
            let base = name.split(['.', ':']).next().unwrap_or_default();
            let anew = format!("{base}.N{}P2.anew{flags}", fastrand::u64(..));
            std::fs::rename(&file, file.with_file_name(anew)).unwrap();
        }
        for index in
            ["courierpop3dsizelist", "dovecot-uidlist", "dovecot.index", "dovecot.index.log", "dovecot.index.cache"]
        {
            let _ = std::fs::remove_file(self.maildir().join(index));
        }
    }

    /// Courier's unique ids hold the second in which it began to give them out.
    fn await_another_second(&self) {
        let Ok(index) = std::fs::metadata(self.maildir().join("courierpop3dsizelist")) else { return };
        let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
        while now() <= index.mtime() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Every message's file, in the order of delivery.
    fn files(&self) -> Vec<PathBuf> {
        let dirs = ["new", "cur"].map(|dir| self.maildir().join(dir));
        let mut files: Vec<PathBuf> =
            dirs.iter().flat_map(|dir| std::fs::read_dir(dir).unwrap()).map(|e| e.unwrap().path()).collect();
        files.sort_by_key(|file| file.file_name().map(ToOwned::to_owned));
        files
    }

    /// Whether every message that was delivered is still there, whatever its marks.
    pub fn count(&self) -> usize {
        self.files().len()
    }

    /// Dovecot works as another user.
    fn give_to_its_owner(&self) {
        if let (Host::Dovecot(_), true) = (&self.host, place::is_root()) {
            let mail = self.maildir().parent().unwrap().parent().unwrap().to_owned();
            let owner = std::fs::metadata(&mail).unwrap();
            give(self.maildir().parent().unwrap(), owner.uid(), owner.gid());
        }
    }
}

fn give(path: &Path, uid: u32, gid: u32) {
    std::os::unix::fs::chown(path, Some(uid), Some(gid)).unwrap();
    if path.is_dir() {
        std::fs::read_dir(path).unwrap().for_each(|entry| give(&entry.unwrap().path(), uid, gid));
    }
}

fn without_cr(mail: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(mail.len());
    for (at, byte) in mail.iter().enumerate() {
        if !(*byte == b'\r' && mail.get(at + 1) == Some(&b'\n')) {
            out.push(*byte);
        }
    }
    out
}

/// A message as POP3 carries it: its last line has an end.
pub fn carried(mail: &[u8]) -> Vec<u8> {
    let end: &[u8] = if mail.ends_with(b"\r\n") || mail.is_empty() { b"" } else { b"\r\n" };
    [mail, end].concat()
}

/// Courier's POP3 server behind a log-in of the trial's own, as [`super::courier`] has it for IMAP.
struct Courier {
    shared: Arc<Shared>,
    port: u16,
}

struct Shared {
    home: tempfile::TempDir,
    sessions: Mutex<Vec<Child>>,
    stopping: AtomicBool,
}

impl Courier {
    fn start() -> Courier {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sessions, stopping) = Default::default();
        let shared = Arc::new(Shared { home: place::fresh("courier-pop"), sessions, stopping });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if accepting.stopping.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&accepting);
                // A client that hangs up before its log-in is none of ours.
                std::thread::spawn(move || drop(greet(stream, &shared)));
            }
        });
        Courier { shared, port }
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(place::loopback(self.port));
        for session in self.shared.sessions.lock().unwrap().iter_mut() {
            let _ = session.kill();
            let _ = session.wait();
        }
    }
}

/// The part of `courierpop3login`: everything up to a successful log-in.
fn greet(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    write!(stream, "+OK Hello there.\r\n")?;
    let mut user = String::new();
    loop {
        let line = read_line(&mut stream)?;
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match word.to_uppercase().as_str() {
            "CAPA" => write!(
                stream,
                "+OK Here's what I can do:\r\nTOP\r\nUSER\r\nLOGIN-DELAY 10\r\nPIPELINING\r\nUIDL\r\nIMPLEMENTATION Courier Mail Server\r\n.\r\n"
            )?,
            "USER" => {
                rest.clone_into(&mut user);
                write!(stream, "+OK Password required.\r\n")?;
            }
            "PASS" if rest == PASSWORD => return hand_over(stream, shared, &user),
            "QUIT" => return write!(stream, "+OK Better luck next time.\r\n"),
            _ => write!(stream, "-ERR Login failed.\r\n")?,
        }
    }
}

/// Byte by byte: what follows the line belongs to the server.
fn read_line(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.last() != Some(&b'\n') {
        stream.read_exact(&mut byte)?;
        line.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

fn hand_over(stream: TcpStream, shared: &Shared, user: &str) -> std::io::Result<()> {
    let home = shared.home.path().join(user);
    let mut command = Command::new(place::supply("pop3").join("usr/lib/courier/courier/courierpop3d"));
    command.arg("Maildir").current_dir(&home).env_clear().env("LD_LIBRARY_PATH", place::libraries("courier"));
    command.envs([("TZ", "UTC"), ("PROTOCOL", "POP3"), ("TCPREMOTEIP", "127.0.0.1"), ("TCPREMOTEPORT", "1")]);
    command.env("MAILDIR", "Maildir").env("HOME", &home).env("AUTHENTICATED", user).env("AUTHADDR", user);
    let output = OwnedFd::from(stream.try_clone()?);
    command.stdin(OwnedFd::from(stream)).stdout(output).stderr(Stdio::null());
    shared.sessions.lock().unwrap().push(command.spawn()?);
    Ok(())
}
