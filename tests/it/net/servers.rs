//! Servers and proxies on loopback, each for one connection after another, ended with their test's runtime.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer},
    },
};

pub const GREETING: &str = "* OK ready\r\n";

/// An authority of our own and its PEM file.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: TempDir,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Our own authority");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("ca.pem"), issuer.pem()).unwrap();
        Authority { issuer, directory }
    }

    pub fn pem(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// A server's configuration with a certificate for `name`, changed by `change`.
    pub fn server(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> ServerConfig {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        server_config(certificate.der().clone(), &key)
    }

    pub fn expired(&self) -> ServerConfig {
        self.server("localhost", |params| {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 2, 3);
        })
    }
}

/// What `openssl req -x509` makes: a self-signed certificate that calls itself an authority. Its PEM too.
pub fn self_signed(name: &str) -> (ServerConfig, String) {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (server_config(certificate.der().clone(), &key), certificate.pem())
}

fn server_config(certificate: CertificateDer<'static>, key: &KeyPair) -> ServerConfig {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap()
}

async fn listen(host: &str) -> TcpListener {
    TcpListener::bind((host, 0)).await.unwrap()
}

/// Serves each connection with `serve`.
fn each<F>(listener: TcpListener, serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// Greets and repeats what it is told.
async fn greet_and_echo(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let _ = stream.write_all(GREETING.as_bytes()).await;
    let mut buffer = vec![0; 64 << 10];
    while let Ok(n @ 1..) = stream.read(&mut buffer).await {
        if stream.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
}

pub async fn plain(host: &str) -> SocketAddr {
    each(listen(host).await, greet_and_echo)
}

pub async fn tls(host: &str, config: ServerConfig) -> SocketAddr {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    each(listen(host).await, move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                greet_and_echo(stream).await;
            }
        }
    })
}

/// Greets in the clear, then waits for `STARTTLS` and goes on in TLS.
pub async fn starttls(config: ServerConfig) -> SocketAddr {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    each(listen("127.0.0.1").await, move |mut stream| {
        let acceptor = acceptor.clone();
        async move {
            stream.write_all(GREETING.as_bytes()).await.unwrap();
            let mut command = [0; b"a1 STARTTLS\r\n".len()];
            stream.read_exact(&mut command).await.unwrap();
            stream.write_all(b"a1 OK go\r\n").await.unwrap();
            greet_and_echo(acceptor.accept(stream).await.unwrap()).await;
        }
    })
}

/// Accepts and says nothing.
pub async fn silent() -> SocketAddr {
    each(listen("127.0.0.1").await, |stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
}

/// Accepts and hangs up.
pub async fn hangs_up() -> SocketAddr {
    each(listen("127.0.0.1").await, |mut stream| async move {
        let _ = stream.read_u8().await;
    })
}

/// A port where nobody listens.
pub async fn nobody() -> SocketAddr {
    listen("127.0.0.1").await.local_addr().unwrap()
}

/// A SOCKS5 proxy (RFC 1928, RFC 1929) that lets in `login`, counts its uses and leads everywhere to `server`.
pub async fn socks5(login: Option<(&'static str, &'static str)>, server: SocketAddr) -> (SocketAddr, Arc<AtomicUsize>) {
    let uses = Arc::new(AtomicUsize::new(0));
    let counter = uses.clone();
    let address = each(listen("127.0.0.1").await, move |stream| {
        let uses = uses.clone();
        async move {
            let _ = socks5_session(stream, login, server, uses).await;
        }
    });
    (address, counter)
}

async fn socks5_session(
    mut client: TcpStream,
    login: Option<(&str, &str)>,
    server: SocketAddr,
    uses: Arc<AtomicUsize>,
) -> std::io::Result<()> {
    let _version = client.read_u8().await?;
    let methods = read_counted(&mut client).await?;
    let method = if login.is_some() { 2 } else { 0 };
    if !methods.contains(&method) {
        return client.write_all(&[5, 0xff]).await;
    }
    client.write_all(&[5, method]).await?;
    if let Some((user, password)) = login {
        let _version = client.read_u8().await?;
        let given = (read_counted(&mut client).await?, read_counted(&mut client).await?);
        if given != (user.into(), password.into()) {
            return client.write_all(&[1, 1]).await;
        }
        client.write_all(&[1, 0]).await?;
    }
    let mut request = [0; 4];
    client.read_exact(&mut request).await?;
    // The name must arrive unresolved: address type 3.
    assert_eq!(request, [5, 1, 0, 3]);
    let name = read_counted(&mut client).await?;
    let _port = client.read_u16().await?;
    assert_eq!(name, b"localhost");
    let mut server = TcpStream::connect(server).await?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    uses.fetch_add(1, Ordering::Relaxed);
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

async fn read_counted(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; client.read_u8().await?.into()];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// An HTTP proxy: answers `reply` to a CONNECT that holds each of `wanted`, 407 else; after a 200 it leads to `server`.
pub async fn http_proxy(reply: &'static str, wanted: &'static [&'static str], server: SocketAddr) -> SocketAddr {
    each(listen("127.0.0.1").await, move |mut client| async move {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        if !wanted.iter().all(|words| head.contains(words)) {
            client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await.unwrap();
            return;
        }
        let _ = client.write_all(reply.as_bytes()).await;
        if reply.starts_with("HTTP/1.1 200") {
            let mut server = TcpStream::connect(server).await.unwrap();
            let _ = copy_bidirectional(&mut client, &mut server).await;
        }
    })
}
