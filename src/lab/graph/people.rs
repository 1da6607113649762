//! The directory: who has an address, and whether a mailbox is behind it (microsoft365.md §4.11).

use serde_json::{Value, json};

use super::{
    answer::{Answer, Problem, guid},
    call::Call,
    paging,
    select::{self, Type},
    server::Inside,
};

/// What somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// A person with a licence and a mailbox.
    Member,
    /// A mailbox of several people: no licence, no sign-in.
    Shared,
    /// A room.
    Room,
    /// Somebody of another organisation.
    Guest,
    /// A person without a licence for mail.
    Unlicensed,
    /// A person who may not sign in; the mailbox is there.
    Blocked,
    /// A person whose mailbox is on premises.
    OnPremises,
}

/// An entry.
#[derive(Clone, Debug)]
pub struct Person {
    pub(super) id: String,
    /// The name that signs in.
    pub(super) name: String,
    pub(super) primary: String,
    pub(super) aliases: Vec<String>,
    pub(super) status: Status,
    /// The application may not open the mailbox.
    pub(super) denied: bool,
}

impl Person {
    /// Somebody whose name is the main address too.
    pub fn new(name: &str, status: Status) -> Self {
        let name = match status {
            Status::Guest => format!("{}#EXT#@tenant.example", name.replace('@', "_")),
            _ => name.to_owned(),
        };
        Person { id: guid(), primary: name.clone(), name, aliases: Vec::new(), status, denied: false }
    }

    /// With another main address than the name that signs in.
    #[must_use]
    pub fn primary(mut self, address: &str) -> Self {
        self.primary = address.to_owned();
        self
    }

    /// With another address.
    #[must_use]
    pub fn alias(mut self, address: &str) -> Self {
        self.aliases.push(address.to_owned());
        self
    }

    /// With a mailbox that the application may not open.
    #[must_use]
    pub fn denied(mut self) -> Self {
        self.denied = true;
        self
    }

    /// The name that signs in.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn has_mailbox(&self) -> bool {
        !matches!(self.status, Status::Guest | Status::Unlicensed | Status::OnPremises)
    }

    fn is_licensed(&self) -> bool {
        matches!(self.status, Status::Member | Status::Blocked | Status::OnPremises)
    }

    /// Whether the directory finds it by `key`: an id or a name, no alias.
    fn is(&self, key: &str) -> bool {
        self.id == key || self.name.eq_ignore_ascii_case(key)
    }

    fn addresses(&self) -> Vec<String> {
        let main = format!("SMTP:{}", self.primary);
        std::iter::once(main).chain(self.aliases.iter().map(|alias| format!("smtp:{alias}"))).collect()
    }

    fn json(&self) -> Value {
        let synced = (self.status == Status::OnPremises).then_some(true);
        let plans = match self.is_licensed() {
            true => json!([{ "service": "exchange", "capabilityStatus": "Enabled", "servicePlanId": PLAN }]),
            false => json!([]),
        };
        json!({
            "id": self.id, "userPrincipalName": self.name, "displayName": self.name, "mail": self.primary,
            "proxyAddresses": self.addresses(), "userType": if self.status == Status::Guest { "Guest" } else { "Member" },
            "accountEnabled": !matches!(self.status, Status::Shared | Status::Room | Status::Blocked),
            "onPremisesSyncEnabled": synced, "assignedPlans": plans, "assignedLicenses": [],
        })
    }

    fn licences(&self) -> Vec<Value> {
        let plan = if self.is_licensed() { "EXCHANGE_S_STANDARD" } else { "EXCHANGE_S_FOUNDATION" };
        let plan = json!({ "servicePlanId": PLAN, "servicePlanName": plan, "provisioningStatus": "Success", "appliesTo": "User" });
        match self.status {
            Status::Shared | Status::Room | Status::Guest => Vec::new(),
            _ => vec![json!({ "id": "licence", "skuId": PLAN, "skuPartNumber": "O365", "servicePlans": [plan] })],
        }
    }
}

/// Any plan's id.
const PLAN: &str = "9aaf7827-d63c-4b61-89c3-182f06f82e5c";

/// The entry of an id or name.
pub(super) fn find<'a>(inside: &'a Inside, key: &str) -> Result<&'a Person, Problem> {
    inside.people.iter().find(|person| person.is(key)).ok_or_else(|| {
        let words = format!(
            "Resource '{key}' does not exist or one of its queried reference-property objects are not present."
        );
        Problem::new(404, "Request_ResourceNotFound", words)
    })
}

/// The entry whose mailbox is meant by `key`. Exchange takes the main address too, but no alias (microsoft365.md part III 5).
pub(super) fn find_mailbox<'a>(inside: &'a Inside, key: &str) -> Result<&'a Person, Problem> {
    let is_meant = |person: &&Person| person.is(key) || person.primary.eq_ignore_ascii_case(key);
    let person = inside
        .people
        .iter()
        .find(is_meant)
        .ok_or_else(|| Problem::new(404, "ErrorInvalidUser", format!("The requested user '{key}' is invalid.")))?;
    if !person.has_mailbox() {
        let words = "The mailbox is either inactive, soft-deleted, or is hosted on-premise.";
        return Err(Problem::new(404, "MailboxNotEnabledForRESTAPI", words));
    }
    if person.denied {
        return Err(Problem::new(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."));
    }
    Ok(person)
}

/// `GET /users/{key}`.
pub(super) fn one(inside: &Inside, call: &Call, key: &str) -> Result<Answer, Problem> {
    Ok(Answer::json(select::one(call, Type::User, find(inside, key)?.json())?))
}

/// `GET /users`, all or those with an address.
pub(super) fn list(inside: &Inside, call: &Call) -> Result<Answer, Problem> {
    let wanted = match call.query.get("$filter") {
        None => None,
        Some(filter) => Some(address_in(filter).ok_or_else(|| Problem::bad_request("Unsupported query."))?),
    };
    let is_meant = |person: &&Person| {
        wanted.as_ref().is_none_or(|wanted| person.addresses().iter().any(|own| own.eq_ignore_ascii_case(wanted)))
    };
    let people = inside.people.iter().filter(is_meant).map(Person::json).collect();
    paging::page(inside, call, Type::User, people)
}

/// The address in `proxyAddresses/any(a:a eq 'smtp:kim@new.example')`.
fn address_in(filter: &str) -> Option<String> {
    let (variable, rest) = filter.strip_prefix("proxyAddresses/any(")?.split_once(':')?;
    let literal = rest.strip_prefix(variable)?.strip_prefix(" eq '")?.strip_suffix("')")?;
    Some(literal.replace("''", "'"))
}

/// `GET /users/{key}/mailboxSettings`.
pub(super) fn settings(inside: &Inside, call: &Call, key: &str) -> Result<Answer, Problem> {
    let purpose = match find_mailbox(inside, key)?.status {
        Status::Shared => "shared",
        Status::Room => "room",
        _ => "user",
    };
    let settings =
        json!({ "userPurpose": purpose, "timeZone": "UTC", "timeFormat": "HH:mm", "dateFormat": "yyyy-MM-dd" });
    Ok(Answer::json(select::one(call, Type::MailboxSettings, settings)?))
}

/// `GET /users/{key}/licenseDetails`.
pub(super) fn licences(inside: &Inside, call: &Call, key: &str) -> Result<Answer, Problem> {
    paging::page(inside, call, Type::LicenseDetails, find(inside, key)?.licences())
}
