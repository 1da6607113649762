//! CPU time with TLS on both sides, beside a process that only moves the same bytes from one TLS connection to another.

use crate::meter::look;
use crate::support::corpus::Mailbox;
use crate::support::dovecot::{Dovecot, Options, PASSWORD};
use crate::support::fill::fill;
use crate::support::haul::Haul;
use crate::support::place;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
};

/// Set in the process that is the pipe: its two addresses and the certificate's file.
const PIPE: &str = "MAILHAUL_BENCH_PIPE";
/// What TLS carries at once.
const CHUNK: usize = 64 << 10;

/// 20,000 messages against as many bytes.
pub fn beside_a_bare_pipe() {
    let home = place::fresh("tls");
    let (cert, key) = certificate(home.path());
    let tls = Options { tls: Some((cert.clone(), key.clone())), ..Options::default() };
    let (source, target) = (Dovecot::with(&tls), Dovecot::with(&tls));
    let mailbox = Mailbox { folders: 4, ..Mailbox::new(1, 0, 20_000) };
    assert!(fill(&mut source.login("u"), &mailbox).is_empty());

    let mut haul = Haul::new(source.address(), "u", target.address(), "u");
    let url = |address: SocketAddr| format!("imaps://u:{}@{address}?ca={}", PASSWORD, cert.display());
    (haul.from, haul.to) = (url(source.tls_address()), url(target.tls_address()));
    let mut running = haul.start();
    let mut ours = Duration::ZERO;
    while !running.is_over() {
        ours = look(running.pid()).map_or(ours, |(cpu, _)| cpu);
        std::thread::sleep(Duration::from_millis(4));
    }
    let ended = running.wait();
    assert_eq!(ended.document["outcome"], "verified", "{ended:#?}");
    let bytes = ended.count("bytes");
    let pipe = pipe_of(bytes, &cert, &key);
    let share = ours.as_secs_f64() / pipe.as_secs_f64();
    println!(
        "{bytes} bytes: CPU {:.2}s, pipe {:.2}s, {share:.2} times, limit 3",
        ours.as_secs_f64(),
        pipe.as_secs_f64()
    );
}

/// A certificate for 127.0.0.1 and its key, as PEM files.
fn certificate(home: &Path) -> (PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (cert, key) = (home.join("cert.pem"), home.join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (cert, key)
}

/// CPU time of a process that carries `bytes` between two TLS servers of this one.
fn pipe_of(bytes: u64, cert: &Path, key: &Path) -> Duration {
    let (source, sink) = (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let chain = vec![CertificateDer::from_pem_file(cert).unwrap()];
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let config = Arc::new(ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap());
    let value = format!("{},{},{}", source.local_addr().unwrap(), sink.local_addr().unwrap(), cert.display());
    let serve = |listener: TcpListener| {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        StreamOwned::new(connection, listener.accept().unwrap().0)
    };
    std::thread::scope(|scope| {
        scope.spawn(move || send(serve(source), bytes));
        scope.spawn(move || assert_eq!(drain(serve(sink)), bytes));
        let out = Command::new(std::env::current_exe().unwrap()).env(PIPE, value).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        Duration::from_millis(String::from_utf8_lossy(&out.stdout).trim().parse().unwrap())
    })
}

fn send(mut to: impl Write, bytes: u64) {
    let chunk = vec![b'x'; CHUNK];
    let mut left = bytes;
    while left > 0 {
        let now = left.min(CHUNK as u64);
        to.write_all(&chunk[..now as usize]).unwrap();
        left -= now;
    }
    to.flush().unwrap();
}

/// Reads to the end, which need not be announced.
fn drain(mut from: impl Read) -> u64 {
    let mut buffer = vec![0; CHUNK];
    let mut total = 0;
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        total += read as u64;
    }
    total
}

/// Whether this process is the pipe.
pub fn is_pipe() -> bool {
    std::env::var_os(PIPE).is_some()
}

/// Moves everything, then prints its own CPU time in milliseconds.
pub fn pipe() {
    let value = std::env::var(PIPE).unwrap();
    let mut words = value.splitn(3, ',');
    let mut next = || words.next().unwrap();
    let (from, to, cert): (SocketAddr, SocketAddr, PathBuf) =
        (next().parse().unwrap(), next().parse().unwrap(), next().into());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(cert).unwrap()).unwrap();
    let config = Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth());
    let dial = |address: SocketAddr| {
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let connection = ClientConnection::new(Arc::clone(&config), name).unwrap();
        StreamOwned::new(connection, TcpStream::connect(address).unwrap())
    };
    let (mut from, mut to) = (dial(from), dial(to));
    let mut buffer = vec![0; CHUNK];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        to.write_all(&buffer[..read]).unwrap();
    }
    to.conn.send_close_notify();
    to.flush().unwrap();
    let (cpu, _) = look(std::process::id()).unwrap();
    println!("{}", cpu.as_millis());
    // To close with the server's session tickets unread would reset the connection, and cut off what is still on its way.
    to.sock.shutdown(Shutdown::Write).unwrap();
    drain(to);
}
