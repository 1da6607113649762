//! TLS 1.2 and 1.3 by rustls with ring.
//!
//! One configuration serves all connections with the same authorities: loading the machine's trust store takes
//! milliseconds and half a megabyte, and a shared configuration resumes sessions. A `ca` file that changes while the program
//! runs is not read again.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use chrono::DateTime;
use tokio::{io::BufReader, net::TcpStream};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig,
        crypto::ring,
        pki_types::{CertificateDer, ServerName},
    },
};
use x509_parser::{certificate::X509Certificate, parse_x509_certificate};

use super::{Dial, fault, trust::Trust};
use crate::{
    clock,
    error::{Error, Result},
    limits,
};

/// A stream inside TLS. rustls asks for 4 KB at a time, which from the socket itself is four system calls a record.
pub(super) type Secured = TlsStream<BufReader<TcpStream>>;

/// Shakes hands with the server `name` on `tcp`.
pub(super) async fn handshake(tcp: TcpStream, name: ServerName<'static>, dial: &Dial) -> Result<Secured> {
    let connector = TlsConnector::from(config(&dial.ca, dial.insecure).await?);
    let tcp = BufReader::with_capacity(limits::READ_BUFFER, tcp);
    let shake = connector.connect_with(name, tcp, |session| session.set_buffer_limit(Some(limits::TLS_BUFFER)));
    shake.await.map_err(|cause| fault::handshake(dial, cause))
}

type Configs = Mutex<HashMap<(Vec<PathBuf>, bool), Arc<ClientConfig>>>;

/// The configuration for these authorities, made at first use and kept.
pub(super) async fn config(ca: &[PathBuf], insecure: bool) -> Result<Arc<ClientConfig>> {
    static CONFIGS: OnceLock<Configs> = OnceLock::new();
    let configs = CONFIGS.get_or_init(Configs::default);
    let key = (ca.to_vec(), insecure);
    let known = configs.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    if let Some(config) = known {
        return Ok(config);
    }
    let (ca, insecure) = key.clone();
    let made = tokio::task::spawn_blocking(move || make(&ca, insecure)).await;
    let config = Arc::new(made.map_err(|e| Error::bug(format!("TLS set-up: {e}")))??);
    let mut configs = configs.lock().unwrap_or_else(PoisonError::into_inner);
    if configs.len() >= limits::TLS_CONFIGS {
        configs.clear();
    }
    Ok(configs.entry(key).or_insert(config).clone())
}

fn make(ca: &[PathBuf], insecure: bool) -> Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let trust = if insecure { Trust::anything(&provider) } else { Trust::known(ca, &provider)? };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::bug(format!("TLS versions: {e}")))?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(trust)).with_no_client_auth())
}

/// What a person wants to know of a TLS connection: version, cipher, and each certificate from the server's own upwards.
pub(super) fn facts(stream: &Secured) -> Vec<String> {
    let (_, session) = stream.get_ref();
    let version = session
        .protocol_version()
        .and_then(|version| version.as_str())
        .unwrap_or("?")
        .replace('v', " ")
        .replace('_', ".");
    let cipher = session.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()).unwrap_or("?");
    let chain = session.peer_certificates().unwrap_or_default().iter().map(certificate_words);
    std::iter::once(format!("{version}, {cipher}")).chain(chain).collect()
}

fn certificate_words(der: &CertificateDer<'_>) -> String {
    match parse_x509_certificate(der) {
        Ok((_, certificate)) => {
            let (subject, issuer) = (certificate.subject(), certificate.issuer());
            format!("{subject}, issued by {issuer}, {}", validity_words(&certificate))
        }
        Err(_) => "a certificate that cannot be read".to_owned(),
    }
}

fn validity_words(certificate: &X509Certificate<'_>) -> String {
    let end = certificate.validity().not_after.timestamp();
    let day = DateTime::from_timestamp(end, 0).map_or_else(|| "?".to_owned(), |end| end.format("%Y-%m-%d").to_string());
    let days = (end - clock::unix_now()).div_euclid(86_400);
    if days < 0 { format!("expired on {day}") } else { format!("valid until {day} ({days} days)") }
}
