//! Who and what is registered.

use std::collections::BTreeMap;

/// Tenants, applications, people.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    tenants: Vec<String>,
    apps: BTreeMap<String, App>,
    users: BTreeMap<String, User>,
    service_accounts: BTreeMap<String, ServiceAccount>,
}

/// An application.
#[derive(Clone, Debug)]
pub struct App {
    id: String,
    pub(super) secrets: Vec<String>,
    pub(super) expired_secrets: Vec<String>,
    /// Certificates in DER.
    pub(super) certificates: Vec<Vec<u8>>,
    /// An administrator consented to what it asks.
    pub(super) consented: bool,
    /// Mailboxes that its own tokens open; `None`: all.
    pub(super) mailboxes: Option<Vec<String>>,
}

/// A person.
#[derive(Clone, Debug)]
pub struct User {
    name: String,
    /// Other mailboxes that this person has full access to.
    pub(super) full_access: Vec<String>,
    /// A conditional access policy stands against a sign-in without the person.
    pub(super) interaction_required: bool,
}

/// A service account of Google's, with leave for the whole domain.
#[derive(Clone, Debug)]
pub struct ServiceAccount {
    email: String,
    /// The certificate of its key, in DER.
    pub(super) certificate: Vec<u8>,
    /// An administrator gave it leave for the scopes.
    pub(super) delegated: bool,
}

impl App {
    /// An application that everybody consented to, with nothing yet to prove itself with.
    pub fn new(id: &str) -> Self {
        App {
            id: id.to_owned(),
            secrets: Vec::new(),
            expired_secrets: Vec::new(),
            certificates: Vec::new(),
            consented: true,
            mailboxes: None,
        }
    }

    /// With a secret.
    #[must_use]
    pub fn secret(mut self, secret: &str) -> Self {
        self.secrets.push(secret.to_owned());
        self
    }

    /// With a secret that has expired.
    #[must_use]
    pub fn expired_secret(mut self, secret: &str) -> Self {
        self.expired_secrets.push(secret.to_owned());
        self
    }

    /// With a certificate, in DER.
    #[must_use]
    pub fn certificate(mut self, der: &[u8]) -> Self {
        self.certificates.push(der.to_vec());
        self
    }

    /// With nobody's consent.
    #[must_use]
    pub fn without_consent(mut self) -> Self {
        self.consented = false;
        self
    }

    /// With full access to these mailboxes only.
    #[must_use]
    pub fn only_mailboxes(mut self, mailboxes: &[&str]) -> Self {
        self.mailboxes = Some(mailboxes.iter().map(|&mailbox| mailbox.to_owned()).collect());
        self
    }

    /// A public client has nothing to prove itself with.
    pub(super) fn is_public(&self) -> bool {
        self.secrets.is_empty() && self.expired_secrets.is_empty() && self.certificates.is_empty()
    }
}

impl User {
    /// A person with a mailbox of the same name.
    pub fn new(name: &str) -> Self {
        User { name: name.to_owned(), full_access: Vec::new(), interaction_required: false }
    }

    /// With full access to another mailbox, a shared one for instance.
    #[must_use]
    pub fn full_access(mut self, mailbox: &str) -> Self {
        self.full_access.push(mailbox.to_owned());
        self
    }

    /// Under a conditional access policy that refuses everything but a person's own sign-in.
    #[must_use]
    pub fn interaction_required(mut self) -> Self {
        self.interaction_required = true;
        self
    }
}

impl ServiceAccount {
    /// An account whose key has this certificate, in DER.
    pub fn new(email: &str, certificate: &[u8]) -> Self {
        ServiceAccount { email: email.to_owned(), certificate: certificate.to_vec(), delegated: true }
    }

    /// Without the domain administrator's leave.
    #[must_use]
    pub fn without_delegation(mut self) -> Self {
        self.delegated = false;
        self
    }
}

impl Directory {
    /// A directory with one tenant.
    pub fn new(tenant: &str) -> Self {
        Directory { tenants: vec![tenant.to_owned()], ..Directory::default() }
    }

    /// Adds or replaces an application.
    pub fn app(&mut self, app: App) {
        self.apps.insert(app.id.clone(), app);
    }

    /// Adds or replaces a person.
    pub fn user(&mut self, user: User) {
        self.users.insert(user.name.clone(), user);
    }

    /// Removes a person.
    pub fn remove_user(&mut self, name: &str) {
        self.users.remove(name);
    }

    /// Adds or replaces a service account.
    pub fn service_account(&mut self, account: ServiceAccount) {
        self.service_accounts.insert(account.email.clone(), account);
    }

    pub(super) fn has_tenant(&self, tenant: &str) -> bool {
        // Public clients may leave the tenant open.
        self.tenants.iter().any(|own| own.eq_ignore_ascii_case(tenant)) || ["common", "organizations"].contains(&tenant)
    }

    pub(super) fn find_app(&self, id: &str) -> Option<&App> {
        self.apps.get(id)
    }

    pub(super) fn find_user(&self, name: &str) -> Option<&User> {
        self.users.get(name)
    }

    pub(super) fn find_service_account(&self, email: &str) -> Option<&ServiceAccount> {
        self.service_accounts.get(email)
    }

    /// Who signs in when nobody is named.
    pub(super) fn first_user(&self) -> Option<&str> {
        self.users.keys().next().map(String::as_str)
    }
}
