//! The OAuth clients of a configuration, from their tables to [`OauthClient`]s: exactly one proof each, or none.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::{Fault, raw};
use crate::{
    error::{Error, Result},
    oauth::{Certificate, Credential, ServiceAccountKey},
    project::{
        files,
        oauth::{self, OauthClient, Provider},
        place::Text,
    },
    secret::Secret,
};

const GOOGLE: &str = "https://accounts.google.com";

/// Every client of the file, checked.
pub(super) fn resolve(
    file: &raw::File,
    place: Text<'_>,
    directory: &Path,
) -> Result<BTreeMap<String, Arc<OauthClient>>> {
    let resolved = file.oauth_client.iter().map(|(name, spanned)| {
        let fault = |(key, what)| place.error(place.line_of(&spanned.span(), key), key, what);
        let client = Table { name, raw: spanned.get_ref(), directory }.client().map_err(fault)?;
        Ok((name.clone(), Arc::new(client)))
    });
    resolved.collect()
}

struct Table<'a> {
    name: &'a str,
    raw: &'a raw::OauthClient,
    directory: &'a Path,
}

impl Table<'_> {
    fn client(&self) -> Result<OauthClient, Fault> {
        self.refuse_two_proofs()?;
        let credential = self.credential()?;
        let service_account = match &credential {
            Credential::ServiceAccount(key) => Some(key.email().to_owned()),
            _ => None,
        };
        let said = self.raw.provider.or(service_account.as_ref().map(|_| Provider::Google));
        let url = match (&self.raw.authority, said) {
            (Some(url), _) => url,
            (None, Some(Provider::Google)) => GOOGLE,
            (None, _) => {
                let what =
                    "it is missing; write https://login.microsoftonline.com/TENANT, or https://accounts.google.com";
                return Err(("authority", what.to_owned()));
            }
        };
        let (provider, authority) = oauth::authority(url, said).map_err(|what| ("authority", what))?;
        let id = self.raw.client_id.clone().filter(|id| !id.is_empty()).or(service_account);
        let id = id.ok_or_else(|| ("client-id", "it is missing; write the application's id".to_owned()))?;
        Ok(OauthClient { name: self.name.to_owned(), provider, authority, id, credential })
    }

    fn refuse_two_proofs(&self) -> Result<(), Fault> {
        let raw = self.raw;
        let proofs = [
            ("client-secret", raw.client_secret.is_some()),
            ("client-secret-file", raw.client_secret_file.is_some()),
            ("client-certificate", raw.client_certificate.is_some() || raw.client_key.is_some()),
            ("service-account-file", raw.service_account_file.is_some()),
        ];
        let given: Vec<&'static str> = proofs.into_iter().filter_map(|(key, given)| given.then_some(key)).collect();
        match given.as_slice() {
            [_, second, ..] => Err((second, format!("give only one of {}", given.join(", ")))),
            _ => Ok(()),
        }
    }

    fn credential(&self) -> Result<Credential, Fault> {
        let raw = self.raw;
        if let Some(secret) = &raw.client_secret {
            return Ok(Credential::Secret(secret.clone()));
        }
        if let Some(file) = &raw.client_secret_file {
            let secret = files::password(&self.directory.join(file)).map_err(|what| ("client-secret-file", what))?;
            return Ok(Credential::Secret(secret));
        }
        if let Some(file) = &raw.service_account_file {
            const KEY: &str = "service-account-file";
            let json = self.text(KEY, file)?;
            return ServiceAccountKey::from_json(&json)
                .map(Credential::ServiceAccount)
                .map_err(|error| words(KEY, &error));
        }
        match (&raw.client_certificate, &raw.client_key) {
            (Some(certificate), Some(key)) => self.certificate(certificate, key),
            (Some(_), None) => Err(("client-certificate", "it needs `client-key` beside it".to_owned())),
            (None, Some(_)) => Err(("client-key", "it needs `client-certificate` beside it".to_owned())),
            (None, None) => Ok(Credential::None),
        }
    }

    fn certificate(&self, certificate: &str, key: &str) -> Result<Credential, Fault> {
        let certificate = self.text("client-certificate", certificate)?;
        let key = self.text("client-key", key)?;
        let made = Certificate::from_pem(certificate.expose(), &key).map(Credential::Certificate);
        made.map_err(|error| {
            let key =
                if error.subject().starts_with("client-certificate") { "client-certificate" } else { "client-key" };
            words(key, &error)
        })
    }

    fn text(&self, key: &'static str, file: &str) -> Result<Secret, Fault> {
        files::secret_text(&self.directory.join(file)).map_err(|what| (key, what))
    }
}

/// The words of an error that names its key itself.
fn words(key: &'static str, error: &Error) -> Fault {
    let subject = error.subject();
    (key, subject.split_once(": ").map_or(subject, |(_, what)| what).to_owned())
}
