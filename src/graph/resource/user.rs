//! People and what else has an address (microsoft365.md §4.11).

use serde::Deserialize;

use super::or_default;

/// An entry of the directory.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Its id.
    pub id: String,
    /// The name that signs in.
    #[serde(default, deserialize_with = "or_default")]
    pub user_principal_name: String,
    /// The name that people see.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Its main address.
    #[serde(default)]
    pub mail: Option<String>,
    /// Every address: `SMTP:` before the main one, `smtp:` before others.
    #[serde(default, deserialize_with = "or_default")]
    pub proxy_addresses: Vec<String>,
    /// `Member` or `Guest`.
    #[serde(default)]
    pub user_type: Option<String>,
    /// Whether it may sign in.
    #[serde(default)]
    pub account_enabled: Option<bool>,
    /// Whether an on-premises directory owns it.
    #[serde(default)]
    pub on_premises_sync_enabled: Option<bool>,
}

impl User {
    /// What is asked for.
    pub const SELECT: &'static str =
        "id,userPrincipalName,displayName,mail,proxyAddresses,userType,accountEnabled,onPremisesSyncEnabled";

    /// Whether it belongs to another organisation.
    pub fn is_guest(&self) -> bool {
        self.user_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("Guest"))
            || self.user_principal_name.contains("#EXT#")
    }

    /// The main address: what XOAUTH2 wants as user.
    pub fn primary(&self) -> &str {
        let marked = self.proxy_addresses.iter().find_map(|address| address.strip_prefix("SMTP:"));
        marked.or(self.mail.as_deref()).unwrap_or(&self.user_principal_name)
    }
}

/// What is set up for a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MailboxSettings {
    /// What it is for.
    #[serde(default, deserialize_with = "or_default")]
    pub user_purpose: MailboxPurpose,
}

impl MailboxSettings {
    /// What is asked for.
    pub const SELECT: &'static str = "userPurpose";
}

/// What a mailbox is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MailboxPurpose {
    /// A person.
    User,
    /// A person of another forest.
    Linked,
    /// Several people.
    Shared,
    /// A room.
    Room,
    /// A thing that is booked.
    Equipment,
    /// What this list does not know.
    #[default]
    #[serde(other)]
    Others,
}

/// A licence.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LicenseDetails {
    /// What belongs to it.
    #[serde(default, deserialize_with = "or_default")]
    pub service_plans: Vec<ServicePlan>,
}

impl LicenseDetails {
    /// What is asked for.
    pub const SELECT: &'static str = "id,servicePlans";

    /// Whether a mailbox belongs to it. `EXCHANGE_S_FOUNDATION` is none.
    pub fn has_mailbox(&self) -> bool {
        self.service_plans.iter().any(|plan| {
            plan.service_plan_name.starts_with("EXCHANGE_S_")
                && plan.service_plan_name != "EXCHANGE_S_FOUNDATION"
                && plan.provisioning_status != "Disabled"
        })
    }
}

/// A part of a licence.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePlan {
    /// `EXCHANGE_S_STANDARD`.
    #[serde(default, deserialize_with = "or_default")]
    pub service_plan_name: String,
    /// `Success`, `PendingInput`, `Disabled`.
    #[serde(default, deserialize_with = "or_default")]
    pub provisioning_status: String,
}
