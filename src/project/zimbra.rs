//! Zimbra's mailboxes: which doors lead to them, and who opens them.
//!
//! All mailboxes of an endpoint share its server and, where there is one, its administrator, who signs in once.

use std::collections::HashMap;

use super::{
    endpoint::{Admin, Auth, Endpoint, Kind},
    pairs::Mailbox,
};
use crate::{
    error::{Result, Side},
    limits,
    net::{
        Encryption,
        http::{self, Way},
    },
    secret::Secret,
    zimbra::{self, Login, Service},
};

/// A mailbox at a server, and the administrator who may ask about it.
#[derive(Clone)]
pub struct Opened {
    /// The mailbox.
    pub mailbox: zimbra::Mailbox,
    /// Server and administrator, where one opens the mailboxes.
    pub directory: Option<(Service, zimbra::Admin)>,
}

/// Fills in how one mailbox is opened, if it is one of Zimbra's.
///
/// # Errors
/// A trusted root cannot be read, or the server's address is none.
pub async fn open(mailbox: &mut Mailbox, side: Side) -> Result<()> {
    Servers::default().fill(mailbox, side).await
}

/// Hands out mailboxes that share a server per endpoint and side.
#[derive(Default)]
pub(super) struct Servers(HashMap<(String, Side), (Service, Option<zimbra::Admin>)>);

impl Servers {
    /// Fills in how the mailbox is opened, if it is one of Zimbra's.
    ///
    /// # Errors
    /// A trusted root cannot be read, or the server's address is none.
    pub(super) async fn fill(&mut self, mailbox: &mut Mailbox, side: Side) -> Result<()> {
        let endpoint = mailbox.endpoint.clone();
        if endpoint.kind != Kind::Zimbra {
            return Ok(());
        }
        let key = (endpoint.name.clone(), side);
        let (service, admin) = match self.0.get(&key) {
            Some(known) => known.clone(),
            None => {
                let fresh = (service(&endpoint, side).await?, admin(&endpoint.auth));
                self.0.insert(key, fresh.clone());
                fresh
            }
        };
        let login = match (&endpoint.auth, &admin) {
            (_, Some(admin)) => Login::Admin(admin.clone()),
            (Auth::Key(key), None) => Login::Key(key.clone()),
            // `credentials` and `copy` see to it that there is one; an empty one is refused by the server.
            (_, None) => Login::Password(mailbox.login.password.clone().unwrap_or_else(|| Secret::new(String::new()))),
        };
        let opened = zimbra::Mailbox::new(service.clone(), &mailbox.login.user, login);
        mailbox.login.zimbra = Some(Opened { mailbox: opened, directory: admin.map(|admin| (service, admin)) });
        Ok(())
    }
}

fn admin(auth: &Auth) -> Option<zimbra::Admin> {
    match auth {
        Auth::Admin(Admin { user, password, .. }) => Some(zimbra::Admin::new(user, password.clone())),
        Auth::Password | Auth::Oauth(_) | Auth::Key(_) => None,
    }
}

async fn service(endpoint: &Endpoint, side: Side) -> Result<Service> {
    let way = Way {
        ca: endpoint.ca.iter().cloned().collect(),
        insecure: endpoint.insecure,
        proxy: endpoint.proxy.clone(),
        connect_deadline: endpoint.timeout.unwrap_or(limits::CONNECT_DEADLINE),
    };
    let scheme = if endpoint.encryption == Encryption::None { "http" } else { "https" };
    let host = if endpoint.host.contains(':') { format!("[{}]", endpoint.host) } else { endpoint.host.clone() };
    let root = |port: u16| format!("{scheme}://{host}:{port}/");
    Service::new(&root(endpoint.port), &root(endpoint.admin_port), http::client(&way).await?, side)
}
