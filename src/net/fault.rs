//! What went wrong on the way to a server, as errors with a code and words for people.

use std::io;

use chrono::DateTime;
use tokio_rustls::rustls::{AlertDescription, CertificateError, Error as TlsError, pki_types::UnixTime};

use super::Dial;
use crate::error::{Code, Disposition, Error, Scope};

fn error(dial: &Dial, code: Code, disposition: Disposition, words: impl AsRef<str>) -> Error {
    Error::new(code, dial.side, Scope::Endpoint, disposition, format!("{}: {}", dial.place(), words.as_ref()))
}

/// The name `host` has no address.
pub(super) fn dns(dial: &Dial, host: &str, cause: io::Error) -> Error {
    let words = cause.to_string();
    let temporary = words.contains("emporary failure");
    let disposition = if temporary { Disposition::RetryAfter(None) } else { Disposition::NeedsPerson };
    error(dial, Code::Dns, disposition, format!("{host} has no address ({words})")).with_source(cause)
}

/// Nothing connected.
pub(super) fn connect(dial: &Dial, cause: io::Error) -> Error {
    let code = if cause.kind() == io::ErrorKind::TimedOut { Code::Timeout } else { Code::Connect };
    // A host that is given as an address would be named twice.
    let (words, place) = (cause.to_string(), format!("{}: ", dial.place()));
    let words = words.strip_prefix(&place).unwrap_or(&words);
    error(dial, code, Disposition::RetryAfter(None), words).with_source(cause)
}

/// The deadline passed during `stage`.
pub(super) fn timeout(dial: &Dial, stage: &str) -> Error {
    let words = format!("no answer within {} s ({stage})", dial.connect_deadline.as_secs_f32());
    error(dial, Code::Timeout, Disposition::RetryAfter(None), words)
}

/// The proxy did not let us through.
pub(super) fn proxy(dial: &Dial, disposition: Disposition, words: impl AsRef<str>) -> Error {
    error(dial, Code::Connect, disposition, format!("the proxy did not connect: {}", words.as_ref()))
}

/// The connection ended where an answer was due.
pub(super) fn ended(dial: &Dial, stage: &str, cause: io::Error) -> Error {
    error(dial, Code::Lost, Disposition::RetryAfter(None), format!("the connection ended ({stage}: {cause})"))
        .with_source(cause)
}

/// The handshake failed.
pub(super) fn handshake(dial: &Dial, cause: io::Error) -> Error {
    let Some(tls) = cause.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>()) else {
        return ended(dial, "TLS handshake", cause);
    };
    let (code, words) = tls_words(tls);
    error(dial, code, Disposition::NeedsPerson, words).with_source(cause)
}

/// Why a handshake failed: the code and the words for it.
pub(super) fn tls_words(tls: &TlsError) -> (Code, String) {
    match tls {
        TlsError::InvalidCertificate(certificate) => (Code::TlsCert, certificate_words(certificate)),
        TlsError::InvalidMessage(_) => (Code::TlsProto, NOT_TLS.to_owned()),
        TlsError::AlertReceived(AlertDescription::ProtocolVersion) | TlsError::PeerIncompatible(_) => {
            (Code::TlsProto, format!("the server offers no TLS 1.2 or newer ({tls})"))
        }
        other => (Code::TlsProto, format!("the TLS handshake failed: {other}")),
    }
}

const NOT_TLS: &str = "this port does not speak TLS: try encryption starttls or none";

/// The certificate's problem in words.
fn certificate_words(problem: &CertificateError) -> String {
    use CertificateError as E;
    match problem {
        E::Expired => "the certificate has expired".to_owned(),
        E::ExpiredContext { not_after, .. } => format!("the certificate expired on {}", day(not_after)),
        E::NotValidYet => "the certificate is not valid yet".to_owned(),
        E::NotValidYetContext { not_before, .. } => format!("the certificate is valid from {} only", day(not_before)),
        E::UnknownIssuer => "the certificate's issuer is unknown: give its authority with `ca`".to_owned(),
        E::NotValidForName => "the certificate is for another name".to_owned(),
        E::NotValidForNameContext { expected, presented } => {
            let (expected, presented) = (expected.to_str(), names(presented));
            format!("the certificate is not for {expected}, but for {presented}")
        }
        E::Revoked => "the certificate was revoked".to_owned(),
        E::BadSignature => "the certificate's signature is wrong".to_owned(),
        E::BadEncoding => "the certificate cannot be read".to_owned(),
        other => format!("the certificate is not accepted: {other}"),
    }
}

fn day(time: &UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    DateTime::from_timestamp(seconds, 0).map_or_else(|| "?".to_owned(), |t| t.format("%Y-%m-%d").to_string())
}

/// `DnsName("a.example")` as rustls presents it, down to the name.
fn names(presented: &[String]) -> String {
    let bare = presented.iter().map(|name| name.split('"').nth(1).unwrap_or(name));
    let names: Vec<&str> = bare.take(8).collect();
    if names.is_empty() { "no name at all".to_owned() } else { names.join(", ") }
}
