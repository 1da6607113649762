//! A certificate authority of one run and the certificate of 127.0.0.1 that it signed.

use std::{io, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig, crypto,
        pki_types::{CertificateDer, PrivateKeyDer},
    },
};

/// What stand-ins need for TLS, and what a client needs to believe them.
#[derive(Clone)]
pub struct Certificate {
    authority: String,
    acceptor: TlsAcceptor,
}

impl Certificate {
    /// A new authority and a certificate for `localhost` and `127.0.0.1`.
    ///
    /// # Errors
    /// The machine has no randomness.
    pub fn new() -> io::Result<Self> {
        Certificate::for_names(&["localhost", "127.0.0.1"])
    }

    /// The same for other names: what a client must refuse on loopback.
    ///
    /// # Errors
    /// The machine has no randomness, or a name is none.
    pub fn for_names(names: &[&str]) -> io::Result<Self> {
        let authority = authority().map_err(io::Error::other)?;
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let params = CertificateParams::new(names).map_err(io::Error::other)?;
        let certificate = params.signed_by(&key, &authority).map_err(io::Error::other)?;
        let acceptor = acceptor(certificate.der().clone(), &key)?;
        Ok(Certificate { authority: authority.pem(), acceptor })
    }

    /// The authority's certificate as PEM, for `ca = "FILE"`.
    pub fn authority_pem(&self) -> &str {
        &self.authority
    }

    /// For [`crate::lab::imap::Server::start_tls`].
    pub fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Certificate")
    }
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.distinguished_name.push(DnType::CommonName, "mailhaul lab");
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn acceptor(certificate: CertificateDer<'static>, key: &KeyPair) -> io::Result<TlsAcceptor> {
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(io::Error::other)?;
    let provider = Arc::new(crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.and_then(|c| c.with_no_client_auth().with_single_cert(vec![certificate], key));
    Ok(TlsAcceptor::from(Arc::new(config.map_err(io::Error::other)?)))
}
