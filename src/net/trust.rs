//! Which certificates are believed.
//!
//! Three answers: the machine's authorities and those of `ca`; a certificate that lies in `ca` itself, which is what an
//! admin with a self-signed server has (webpki refuses it where `openssl req -x509` marked it as an authority), checked for
//! name and dates all the same; and anything at all, only where a person said `insecure`. The signature of the handshake is
//! checked in every case, so an observer of an insecure connection still learns nothing; a man in the middle does.

use std::{path::PathBuf, sync::Arc};

use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};
use x509_parser::parse_x509_certificate;

use crate::error::{Error, Result};

/// rustls' question "is this the server?", answered.
#[derive(Debug)]
pub(super) struct Trust {
    believed: Believed,
    algorithms: WebPkiSupportedAlgorithms,
}

#[derive(Debug)]
enum Believed {
    Anything,
    Known {
        /// `None` on a machine without any authority.
        authorities: Option<Arc<WebPkiServerVerifier>>,
        own: Vec<CertificateDer<'static>>,
    },
}

impl Trust {
    /// Believes any certificate.
    pub(super) fn anything(provider: &Arc<CryptoProvider>) -> Self {
        Trust { believed: Believed::Anything, algorithms: provider.signature_verification_algorithms }
    }

    /// Believes the machine's authorities and the certificates in the PEM files `ca`.
    ///
    /// # Errors
    /// A file cannot be read or holds no certificate.
    pub(super) fn known(ca: &[PathBuf], provider: &Arc<CryptoProvider>) -> Result<Self> {
        let own = read_all(ca)?;
        let mut roots = RootCertStore::empty();
        // A damaged certificate in the machine's store is the machine's affair: the others still count.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for certificate in &own {
            roots.add(certificate.clone()).map_err(|e| Error::config(format!("ca: a certificate is damaged: {e}")))?;
        }
        let authorities = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().ok();
        let believed = Believed::Known { authorities, own };
        Ok(Trust { believed, algorithms: provider.signature_verification_algorithms })
    }
}

fn read_all(files: &[PathBuf]) -> Result<Vec<CertificateDer<'static>>> {
    let mut all = Vec::new();
    for file in files {
        let wrong = |words: String| Error::config(format!("ca: {}: {words}", file.display()));
        let before = all.len();
        for certificate in CertificateDer::pem_file_iter(file).map_err(|e| wrong(e.to_string()))? {
            all.push(certificate.map_err(|e| wrong(e.to_string()))?);
        }
        if all.len() == before {
            return Err(wrong("holds no certificate in PEM form".to_owned()));
        }
    }
    Ok(all)
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        match &self.believed {
            Believed::Anything => Ok(ServerCertVerified::assertion()),
            Believed::Known { own, .. } if own.contains(end_entity) => by_itself(end_entity, server_name, now),
            Believed::Known { authorities: Some(authorities), .. } => {
                authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
            Believed::Known { authorities: None, .. } => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// A certificate that a person gave: only its dates and its name are open.
fn by_itself(
    certificate: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, TlsError> {
    let (_, fields) = parse_x509_certificate(certificate).map_err(|_| CertificateError::BadEncoding)?;
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if now > fields.validity().not_after.timestamp() {
        return Err(CertificateError::Expired.into());
    }
    if now < fields.validity().not_before.timestamp() {
        return Err(CertificateError::NotValidYet.into());
    }
    verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
    Ok(ServerCertVerified::assertion())
}
