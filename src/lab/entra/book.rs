//! Every token, refresh token and code that was handed out.

use std::{collections::HashMap, time::Duration};

use super::problem::Problem;
use crate::clock::{self, Instant};

/// A service that takes tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Exchange Online's IMAP.
    Imap,
    /// Exchange Online's POP3.
    Pop,
    /// Microsoft Graph.
    Graph,
    /// Gmail by IMAP and POP3.
    Gmail,
}

/// What a token is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leave {
    /// The application, or the service account.
    pub(super) client: String,
    /// Whose name it is in; `None`: the application's own.
    pub(super) user: Option<String>,
    /// What it was asked for with, OpenID Connect's own scopes aside.
    pub(super) scopes: Vec<String>,
}

/// An access token.
#[derive(Clone, Debug)]
pub(super) struct Issued {
    pub(super) leave: Leave,
    pub(super) expires: Instant,
}

/// What a person was asked with a code.
#[derive(Clone, Debug)]
pub(super) struct Coded {
    pub(super) leave: Leave,
    pub(super) expires: Instant,
    /// A refresh token comes with it.
    pub(super) offline: bool,
    /// What the ID token repeats (OpenID Connect Core §3.1.2.1).
    pub(super) nonce: Option<String>,
    /// An authorization code's redirect address and PKCE challenge.
    pub(super) redirect: Option<(String, String)>,
}

/// The book.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) access: HashMap<String, Issued>,
    /// Refresh tokens with what they are good for.
    pub(super) refresh: HashMap<String, Leave>,
    pub(super) codes: HashMap<String, Coded>,
    /// Device codes, each with its user code.
    pub(super) devices: HashMap<String, (String, Coded, Standing)>,
    /// Requests for tokens: the grant's type, and what came of it.
    pub(super) requests: Vec<(String, String)>,
}

/// How far a device code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Pending,
    Accepted,
    Declined,
}

impl Leave {
    /// The resource that tokens of these scopes are for: `https://graph.microsoft.com`.
    pub(super) fn audience(&self) -> &str {
        let scope = self.scopes.first().map_or("", String::as_str);
        scope.rsplit_once('/').map_or(scope, |(resource, _)| resource)
    }

    /// # Errors
    /// No resource of this name is known.
    pub(super) fn known(self) -> Result<Self, Problem> {
        let services = [Service::Imap, Service::Pop, Service::Graph, Service::Gmail];
        if services.into_iter().any(|service| self.is_for(service)) {
            return Ok(self);
        }
        let words = format!("The resource principal named {} was not found in the tenant.", self.audience());
        Err(Problem::new(400, "invalid_resource", 500_011, words))
    }

    /// Whether `service` knows the audience and a permission for it.
    pub(super) fn is_for(&self, service: Service) -> bool {
        let permission = |scope: &str| scope.rsplit_once('/').map_or(String::new(), |(_, name)| name.to_owned());
        let host = self.audience().trim_start_matches("https://");
        let is_exchange = EXCHANGE.contains(&host);
        let has =
            |name: &str| self.scopes.iter().any(|scope| permission(scope) == name || permission(scope) == ".default");
        match service {
            Service::Imap => is_exchange && has("IMAP.AccessAsUser.All"),
            Service::Pop => is_exchange && has("POP.AccessAsUser.All"),
            Service::Graph => GRAPH.contains(&host),
            Service::Gmail => self.scopes.iter().any(|scope| GMAIL.contains(&scope.as_str())),
        }
    }
}

/// microsoft365.md §2.2 and §2.7.
const EXCHANGE: [&str; 5] = [
    "outlook.office365.com",
    "outlook.office.com",
    "outlook.office365.us",
    "outlook-dod.office365.us",
    "partner.outlook.cn",
];
const GRAPH: [&str; 4] =
    ["graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"];
const GMAIL: [&str; 2] = ["https://mail.google.com/", "https://www.googleapis.com/auth/gmail.imap_admin"];

impl Book {
    /// A new access token, as long as real ones are.
    pub(super) fn issue(&mut self, leave: Leave, life: Duration) -> String {
        let token = random("eyJ0", 1800);
        self.access.insert(token.clone(), Issued { leave, expires: clock::instant() + life });
        token
    }

    /// A token that is known and has not ended.
    pub(super) fn valid(&self, token: &str) -> Option<&Issued> {
        self.access.get(token).filter(|issued| clock::instant() < issued.expires)
    }

    /// A new refresh token.
    pub(super) fn issue_refresh(&mut self, leave: Leave) -> String {
        let token = random("1.AX", 900);
        self.refresh.insert(token.clone(), leave);
        token
    }
}

/// `length` random characters that need no escape anywhere.
pub(super) fn random(prefix: &str, length: usize) -> String {
    let rest = std::iter::repeat_with(fastrand::alphanumeric).take(length.saturating_sub(prefix.len()));
    prefix.chars().chain(rest).collect()
}
