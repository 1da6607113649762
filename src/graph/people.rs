//! Who and what has an address (microsoft365.md §4.11).

use super::{
    LicenseDetails, MailFolder, Mailbox, MailboxSettings, Service, User,
    page::{Caller, Pages},
    refusal::Failure,
    request::{Request, address},
};
use crate::{
    error::{Result, Scope},
    limits,
};

/// What the service says about the mailbox of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It can be reached; this is its inbox.
    Reachable(MailFolder),
    /// There is none here: no licence, deleted, or on premises (`MailboxNotEnabledForRESTAPI`).
    None,
    /// The application may not open it (`ErrorAccessDenied`).
    Denied,
}

impl Service {
    fn directory(&self) -> Caller {
        Caller { service: self.clone(), allowance: None }
    }

    /// The entry of an id or of a name that signs in; `None`: there is none.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub async fn user(&self, name: &str) -> Result<Option<User>> {
        let url = address(self.root(), &["users", name], &[("$select", User::SELECT)]);
        match self.directory().try_json(&Request::get(url, "a user").reaching(Scope::Mailbox)).await {
            Err(failure) if failure.says(&["Request_ResourceNotFound", "ErrorInvalidUser"]) => Ok(None),
            outcome => outcome.map(Some).map_err(Failure::into_error),
        }
    }

    /// The entries that have `address` among theirs.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub async fn users_with(&self, address_of: &str) -> Result<Vec<User>> {
        let quoted = address_of.replace('\'', "''");
        let filter = format!("proxyAddresses/any(a:a eq 'smtp:{quoted}')");
        let url = address(self.root(), &["users"], &[("$filter", &filter), ("$select", User::SELECT)]);
        let pages: Pages<User> = Pages::new(self.directory(), Request::get(url, "users with an address"));
        pages.all(limits::GRAPH_PAGE).await
    }
}

impl Mailbox {
    /// What the mailbox is set up for; `None`: it cannot be told, for there is none here.
    ///
    /// # Errors
    /// The service cannot be reached.
    pub async fn settings(&self) -> Result<Option<MailboxSettings>> {
        let asked = self.get(&["mailboxSettings"], MailboxSettings::SELECT, "mailbox settings").await;
        match asked {
            Err(failure) if is_absent(&failure) || is_denied(&failure) => Ok(None),
            outcome => outcome.map(Some).map_err(Failure::into_error),
        }
    }

    /// The licences of its user.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub async fn licenses(&self) -> Result<Vec<LicenseDetails>> {
        let url = address(
            self.caller().service.root(),
            &["users", self.user(), "licenseDetails"],
            &[("$select", LicenseDetails::SELECT)],
        );
        let pages = Pages::new(self.caller().clone(), Request::get(url, "licences"));
        pages.all(limits::GRAPH_PAGE).await
    }

    /// Whether it can be reached: the surest test is to open its inbox (§4.11).
    ///
    /// # Errors
    /// The service cannot be reached.
    pub async fn standing(&self) -> Result<Standing> {
        match self.get(&["mailFolders", "inbox"], MailFolder::SELECT, "the inbox").await {
            Ok(inbox) => Ok(Standing::Reachable(inbox)),
            Err(failure) if is_absent(&failure) => Ok(Standing::None),
            Err(failure) if is_denied(&failure) => Ok(Standing::Denied),
            Err(failure) => Err(failure.into_error()),
        }
    }
}

fn is_absent(failure: &Failure) -> bool {
    failure.says(&["MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI", "ErrorInvalidUser"])
}

fn is_denied(failure: &Failure) -> bool {
    failure.says(&["ErrorAccessDenied"])
}
