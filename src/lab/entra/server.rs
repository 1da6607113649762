//! The service as a whole, and what its host can change.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    routing::{get, post},
};
use tokio_rustls::TlsAcceptor;

use super::{
    Answer, App, Directory, Fault, Service, book::Book, discovery, faults::Faults, introspection, person, token,
};
use crate::{clock::Instant, lab::web::Web};

/// How it behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The life of an access token.
    pub lifetime: Duration,
    /// The life of a device code and of an authorization code.
    pub code_lifetime: Duration,
    /// Seconds between questions whether a device code was entered.
    pub interval: u64,
    /// A refresh token ends with its first use (RFC 6749 §6); Microsoft's do not.
    pub strict_rotation: bool,
    /// What people do with a sign-in.
    pub answer: Answer,
}

impl Default for Settings {
    /// Microsoft's (§2.4 to §2.6), with a person who says yes.
    fn default() -> Self {
        Settings {
            lifetime: Duration::from_secs(3599),
            code_lifetime: Duration::from_secs(900),
            interval: 5,
            strict_rotation: false,
            answer: Answer::Accept,
        }
    }
}

/// A running sign-in service; dropping it stops it.
#[derive(Debug)]
pub struct Entra {
    tls: Web,
    plain: Web,
    desk: Desk,
}

/// Answers other stand-ins whether a token opens a mailbox; its clones share the service's book.
#[derive(Clone, Debug)]
pub struct Desk(Arc<Mutex<Inside>>);

/// What the service knows.
#[derive(Debug)]
pub(super) struct Inside {
    pub(super) directory: Directory,
    pub(super) settings: Settings,
    pub(super) book: Book,
    pub(super) faults: Faults,
}

impl Desk {
    pub(super) fn lock(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until when `token` opens `mailbox` at `service`; `None`: it does not.
    pub fn opens(&self, token: &str, service: Service, mailbox: &str) -> Option<Instant> {
        let inside = self.lock();
        let issued = inside.book.valid(token).filter(|issued| issued.leave.is_for(service))?;
        let directory = &inside.directory;
        let is_open = match &issued.leave.user {
            Some(user) => directory
                .find_user(user)
                .is_some_and(|person| user == mailbox || person.full_access.iter().any(|m| m == mailbox)),
            None => directory.find_app(&issued.leave.client).is_some_and(|app| {
                app.consented && app.mailboxes.as_ref().is_none_or(|mailboxes| mailboxes.iter().any(|m| m == mailbox))
            }),
        };
        is_open.then_some(issued.expires)
    }
}

impl Entra {
    /// Starts on free ports of 127.0.0.1: TLS for everything, as `msal` insists on it, and plain for token introspection.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start(directory: Directory, settings: Settings, tls: TlsAcceptor) -> io::Result<Self> {
        let inside = Inside { directory, settings, book: Book::default(), faults: Faults::default() };
        let desk = Desk(Arc::new(Mutex::new(inside)));
        let introspection =
            || Router::new().route("/introspect", get(introspection::asked).post(introspection::posted));
        let whole = introspection()
            .route("/{tenant}/v2.0/.well-known/openid-configuration", get(discovery::configuration))
            .route("/{tenant}/oauth2/v2.0/token", post(token::of_tenant))
            .route("/{tenant}/oauth2/v2.0/authorize", get(person::authorize_tenant))
            .route("/{tenant}/oauth2/v2.0/devicecode", post(person::device_code))
            .route("/device", get(person::device_page))
            .route("/google/token", post(token::of_google))
            .route("/google/o/oauth2/v2/auth", get(person::authorize_google))
            .with_state(desk.clone());
        let tls = Web::start(0, Some(tls), whole).await?;
        let plain = Web::start(0, None, introspection().with_state(desk.clone())).await?;
        Ok(Entra { tls, plain, desk })
    }

    /// `https://localhost:PORT`.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.tls.port())
    }

    /// The authority of a tenant.
    pub fn authority(&self, tenant: &str) -> String {
        format!("{}/{tenant}", self.url())
    }

    /// Where Google's paths begin.
    pub fn google(&self) -> String {
        format!("{}/google", self.url())
    }

    /// Token introspection (RFC 7662) without TLS, for Dovecot.
    pub fn introspection_url(&self) -> String {
        format!("http://127.0.0.1:{}/introspect", self.plain.port())
    }

    /// For stand-ins that take its tokens.
    pub fn desk(&self) -> Desk {
        self.desk.clone()
    }

    /// Changes who and what is registered.
    pub fn change_directory(&self, change: impl FnOnce(&mut Directory)) {
        change(&mut self.desk.lock().directory);
    }

    /// Adds or replaces an application.
    pub fn register(&self, app: App) {
        self.change_directory(|directory| directory.app(app));
    }

    /// Changes how it behaves from now on.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.desk.lock().settings);
    }

    /// Lets so many requests for tokens fail.
    pub fn inject(&self, fault: Fault, times: usize) {
        self.desk.lock().faults.inject(fault, times);
    }

    /// Ends every access token and refresh token that was handed out.
    pub fn revoke_all(&self) {
        let mut inside = self.desk.lock();
        inside.book.access.clear();
        inside.book.refresh.clear();
    }

    /// The requests for tokens so far: the grant's type, and the error's word or `ok`.
    pub fn requests(&self) -> Vec<(String, String)> {
        self.desk.lock().book.requests.clone()
    }
}
