//! Who exists: accounts with their status, size and aliases, as an administrator sees them (zimbra.md §2).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    login::Admin,
    refusal::Failure,
    service::Service,
    soap::{self, ADMIN, Request},
};
use crate::{error::Result, limits};

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its address.
    pub name: String,
    /// Its id.
    pub id: String,
    /// `active`, `locked`, `closed`, `lockout`, `pending`, `maintenance`; only the last cannot be read.
    pub status: String,
    /// Its other addresses.
    pub aliases: Vec<String>,
    /// The server that holds its mailbox.
    pub host: Option<String>,
    /// Bytes in its mailbox, where the server tells.
    pub size: Option<u64>,
    /// The server's own: those that learn spam, and those that stand for people elsewhere who were given a share.
    pub is_system: bool,
}

impl Account {
    /// Whether an administrator can read it.
    pub fn is_readable(&self) -> bool {
        self.status != "maintenance"
    }

    fn of(told: &Value, sizes: &BTreeMap<String, u64>) -> Option<Self> {
        let name = told.get("name").and_then(soap::text)?;
        let id = told.get("id").and_then(soap::text).unwrap_or_default();
        let attributes: Vec<(String, String)> = soap::children(told, "a")
            .filter_map(|a| Some((a.get("n").and_then(soap::text)?, a.get("_content").and_then(soap::text)?)))
            .collect();
        let all = |wanted: &str| {
            attributes.iter().filter(|(n, _)| n == wanted).map(|(_, value)| value.clone()).collect::<Vec<_>>()
        };
        let first = |wanted: &str| all(wanted).into_iter().next();
        let size = sizes.get(&id).copied();
        Some(Account {
            status: first("zimbraAccountStatus").unwrap_or_else(|| "active".to_owned()),
            aliases: all("zimbraMailAlias"),
            host: first("zimbraMailHost"),
            is_system: ["zimbraIsSystemAccount", "zimbraIsSystemResource", "zimbraIsExternalVirtualAccount"]
                .iter()
                .any(|n| first(n).as_deref() == Some("TRUE")),
            name,
            id,
            size,
        })
    }
}

const ATTRIBUTES: &str = "zimbraId,zimbraAccountStatus,zimbraMailHost,zimbraMailAlias,zimbraIsSystemAccount,zimbraIsSystemResource,\
    zimbraIsExternalVirtualAccount";

/// Every account of `domain`; of every domain where that is `None`.
///
/// # Errors
/// The sign-in is refused, or the administrator may not search.
pub async fn accounts(service: &Service, admin: &Admin, domain: Option<&str>) -> Result<Vec<Account>> {
    let sizes = sizes(service, admin, domain).await;
    let mut accounts = Vec::new();
    loop {
        let mut content = json!({ "types": "accounts", "limit": limits::ZIMBRA_ACCOUNTS, "offset": accounts.len(),
            "maxResults": 0, "sortBy": "name", "sortAscending": "1", "applyCos": "1", "attrs": ATTRIBUTES,
            "query": { "_content": "" } });
        if let Some(domain) = domain {
            content["domain"] = domain.into();
        }
        let page = admin.call(service, &Request::new("SearchDirectoryRequest", ADMIN, content)).await;
        let page = page.map_err(Failure::into_error)?;
        let before = accounts.len();
        accounts.extend(soap::children(&page, "account").filter_map(|told| Account::of(told, &sizes)));
        let more = page
            .get("more")
            .is_some_and(|more| more.as_bool() == Some(true) || soap::text(more).as_deref() == Some("1"));
        if !more || accounts.len() == before || accounts.len() >= limits::PAIRS_MAX {
            return Ok(accounts);
        }
    }
}

/// One account by its address or one of its aliases.
///
/// # Errors
/// As [`accounts`]; [`crate::error::Code::NotFound`] where there is none.
pub async fn account(service: &Service, admin: &Admin, address: &str) -> Result<Account> {
    let by = json!({ "by": "name", "_content": address });
    let content = json!({ "applyCos": "1", "attrs": ATTRIBUTES, "account": by });
    let response = admin.call(service, &Request::new("GetAccountRequest", ADMIN, content)).await;
    let response = response.map_err(Failure::into_error)?;
    let missing = || service.error(crate::error::Code::Protocol, format!("{address}: the answer has no account"));
    let told = soap::children(&response, "account").next().ok_or_else(missing)?;
    let mut account = Account::of(told, &BTreeMap::new()).ok_or_else(missing)?;
    let content = json!({ "mbox": { "id": account.id } });
    // The size is a courtesy: an administrator who may read mail need not be allowed to ask for it.
    if let Ok(response) = admin.call(service, &Request::new("GetMailboxRequest", ADMIN, content)).await {
        account.size = soap::children(&response, "mbox").next().and_then(|mbox| mbox.get("s")).and_then(soap::number);
    }
    Ok(account)
}

/// Bytes by account id, where the administrator may ask.
async fn sizes(service: &Service, admin: &Admin, domain: Option<&str>) -> BTreeMap<String, u64> {
    let mut content = json!({ "allServers": "1" });
    if let Some(domain) = domain {
        content["domain"] = domain.into();
    }
    let response = admin.call(service, &Request::new("GetQuotaUsageRequest", ADMIN, content)).await;
    let Ok(response) = response else { return BTreeMap::new() };
    let told = |one: &Value| Some((one.get("id").and_then(soap::text)?, one.get("used").and_then(soap::number)?));
    soap::children(&response, "account").filter_map(told).collect()
}
