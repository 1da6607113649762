//! The server as a whole, and what its host can change.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{Method, Response, StatusCode, header},
};
use tokio_rustls::TlsAcceptor;

use super::{
    directory,
    envelope::{self, Asked, Problem},
    faults::{Fault, Faults, Settings},
    mail,
    person::{Person, Status},
    rest,
    store::Mailbox,
    tokens::{Leave, Tokens},
};
use crate::{
    clock::{self, Instant},
    lab::web::Web,
    limits,
};

/// A running server with a door for users and one for administrators; dropping it stops both.
#[derive(Debug)]
pub struct Zimbra {
    users: Web,
    admins: Web,
    desk: Desk,
    tls: bool,
}

/// Where requests are answered; its clones share everything.
#[derive(Clone, Debug)]
pub(super) struct Desk(Arc<Mutex<Inside>>);

/// What the server knows.
#[derive(Debug)]
pub(super) struct Inside {
    pub(super) settings: Settings,
    pub(super) people: Vec<Person>,
    /// By the id of their account.
    pub(super) mailboxes: BTreeMap<String, Mailbox>,
    pub(super) tokens: Tokens,
    pub(super) faults: Faults,
    loads: HashMap<String, Load>,
    /// Requests for archives and for single messages.
    pub(super) archives: u64,
    pub(super) singles: u64,
    refused: u64,
    sign_ins: u64,
}

/// What one account asks.
#[derive(Debug, Default)]
struct Load {
    recent: VecDeque<Instant>,
    at_once: usize,
}

/// A place among the requests of an account.
#[derive(Debug)]
pub(super) struct Slot {
    desk: Desk,
    account: String,
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(load) = self.desk.lock().loads.get_mut(&self.account) {
            load.at_once -= 1;
        }
    }
}

/// Which door a request came by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Door {
    Users,
    Admins,
}

impl Zimbra {
    /// Starts on two free ports of 127.0.0.1, with TLS if `tls` is given.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start(people: Vec<Person>, settings: Settings, tls: Option<TlsAcceptor>) -> io::Result<Self> {
        let mailboxes = people.iter().map(|person| (person.id.clone(), Mailbox::default())).collect();
        let inside = Inside {
            settings,
            people,
            mailboxes,
            tokens: Tokens::default(),
            faults: Faults::default(),
            loads: HashMap::new(),
            archives: 0,
            singles: 0,
            refused: 0,
            sign_ins: 0,
        };
        let desk = Desk(Arc::new(Mutex::new(inside)));
        let router = |door| Router::new().fallback(handle).with_state((desk.clone(), door));
        let users = Web::start(0, tls.clone(), router(Door::Users)).await?;
        let admins = Web::start(0, tls.clone(), router(Door::Admins)).await?;
        Ok(Zimbra { users, admins, desk, tls: tls.is_some() })
    }

    /// Where users ask.
    pub fn users(&self) -> String {
        self.root(&self.users)
    }
    /// Where administrators ask.
    pub fn admins(&self) -> String {
        self.root(&self.admins)
    }
    /// The users' port.
    pub fn port(&self) -> u16 {
        self.users.port()
    }
    /// The administrators' port.
    pub fn admin_port(&self) -> u16 {
        self.admins.port()
    }

    fn root(&self, web: &Web) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://localhost:{}/", web.port())
    }

    /// Looks at the mailbox of somebody, by address.
    pub fn mailbox<R>(&self, name: &str, look: impl FnOnce(&mut Mailbox) -> R) -> Option<R> {
        let mut inside = self.desk.lock();
        let id = inside.person(name)?.id.clone();
        inside.mailboxes.get_mut(&id).map(look)
    }

    /// Changes somebody's account, by address.
    pub fn change_person(&self, name: &str, change: impl FnOnce(&mut Person)) {
        if let Some(person) = self.desk.lock().people.iter_mut().find(|person| person.is_called(name)) {
            change(person);
        }
    }

    /// Changes how it behaves from now on.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.desk.lock().settings);
    }

    /// Lets the next archive go wrong; several wait in a queue.
    pub fn inject(&self, fault: Fault) {
        self.desk.lock().faults.inject(fault);
    }

    /// Faults that still wait.
    pub fn faults_left(&self) -> usize {
        self.desk.lock().faults.len()
    }

    /// Ends every token.
    pub fn end_tokens(&self) {
        self.desk.lock().tokens.end_all();
    }

    /// Archives and single messages that were asked for, requests that the filter refused, and sign-ins.
    pub fn counts(&self) -> [u64; 4] {
        let inside = self.desk.lock();
        [inside.archives, inside.singles, inside.refused, inside.sign_ins]
    }
}

impl Inside {
    pub(super) fn person(&self, name: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.is_called(name))
    }

    /// Whether the state of the account lets the token in: an administrator's may read all but those in maintenance.
    pub(super) fn may(&self, leave: &Leave) -> bool {
        let person = self.people.iter().find(|person| person.id == leave.account);
        person.is_some_and(|person| match person.status {
            Status::Active => true,
            Status::Locked | Status::Closed => leave.by.is_some(),
            Status::Maintenance => false,
        })
    }
}

impl Desk {
    pub(super) fn lock(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place among the requests of an account; `None`: the filter refuses. Refused ones count too.
    pub(super) async fn admit(&self, account: &str) -> Option<Slot> {
        let (latency, crowded) = {
            let mut inside = self.lock();
            let (filter, concurrent, latency) =
                (inside.settings.filter, inside.settings.concurrent, inside.settings.latency);
            let load = inside.loads.entry(account.to_owned()).or_default();
            let now = clock::instant();
            load.recent.retain(|at| now.duration_since(*at) < Duration::from_secs(1));
            load.recent.push_back(now);
            if filter > 0 && load.recent.len() > filter {
                inside.refused += 1;
                return None;
            }
            load.at_once += 1;
            (latency, load.at_once > concurrent)
        };
        let slot = Slot { desk: self.clone(), account: account.to_owned() };
        clock::sleep(if crowded { latency + Duration::from_secs(1) } else { latency }).await;
        Some(slot)
    }

    /// The filter's answer (§5.8).
    pub(super) fn refusal(&self) -> Response<Body> {
        let status = StatusCode::from_u16(self.lock().settings.filter_status).unwrap_or(StatusCode::TOO_MANY_REQUESTS);
        Response::builder().status(status).header("DoSFilter", "unavailable").body(Body::empty()).unwrap_or_default()
    }
}

async fn handle(State((desk, door)): State<(Desk, Door)>, request: axum::extract::Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let missing = || Response::builder().status(StatusCode::NOT_FOUND).body(Body::empty()).unwrap_or_default();
    if desk.lock().settings.closed {
        return missing();
    }
    if door == Door::Users && parts.method == Method::GET && path.starts_with("/service/home/") {
        return rest::answer(&desk, &parts.uri, &parts.headers).await;
    }
    let wanted = if door == Door::Users { "/service/soap" } else { "/service/admin/soap" };
    let is_soap = path.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if !is_soap || parts.method != Method::POST {
        return missing();
    }
    let body = axum::body::to_bytes(body, limits::LAB_UPLOAD).await.unwrap_or_default();
    let Some(asked) = Asked::read(&body) else {
        let problem = Problem::new("soap.PARSE_ERROR", "couldn't parse the request");
        return envelope::answer(envelope::Form::Json, "", None, Err(problem));
    };
    // A stale cookie beside a request to sign in fails it too (§11.3).
    let token = asked.token.clone().or_else(|| rest::cookie(&parts.headers));
    soap(&desk, door, &asked, token).await
}

async fn soap(desk: &Desk, door: Door, asked: &Asked, token: Option<String>) -> Response<Body> {
    let leave = token.as_deref().map(|token| desk.lock().tokens.leave(token).cloned());
    let key = leave.as_ref().and_then(Option::as_ref).map_or("nobody".to_owned(), |leave| leave.account.clone());
    let Some(_slot) = desk.admit(&key).await else { return desk.refusal() };
    let mut inside = desk.lock();
    let told = match leave {
        Some(None) => Err(expired()),
        Some(Some(leave)) => told(&mut inside, door, asked, Some(&leave)),
        None => told(&mut inside, door, asked, None),
    };
    let change = inside.mailboxes.get(&key).map(Mailbox::change).filter(|_| door == Door::Users);
    let granted =
        told.as_ref().ok().and_then(|told| told.pointer("/authToken/0/_content")?.as_str().map(str::to_owned));
    let mut response = envelope::answer(asked.form, &asked.name, change, told);
    if let Some(token) = granted.filter(|_| asked.name == "AuthRequest") {
        let name = if door == Door::Users { "ZM_AUTH_TOKEN" } else { "ZM_ADMIN_AUTH_TOKEN" };
        if let Ok(cookie) = format!("{name}={token};Path=/;HttpOnly").parse() {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
    }
    response
}

fn expired() -> Problem {
    Problem::new("service.AUTH_EXPIRED", "auth credentials have expired")
}

/// What a request is told.
fn told(inside: &mut Inside, door: Door, asked: &Asked, leave: Option<&Leave>) -> Result<serde_json::Value, Problem> {
    if !asked.has_context {
        return Err(Problem::new("service.FAILURE", "system failure: no context"));
    }
    if asked.name == "AuthRequest" {
        inside.sign_ins += 1;
        return if door == Door::Users {
            directory::sign_in(inside, asked)
        } else {
            directory::admin_sign_in(inside, asked)
        };
    }
    let leave = leave.ok_or_else(|| Problem::new("service.AUTH_REQUIRED", "no valid authtoken present"))?;
    if leave.restricted || !inside.may(leave) {
        return Err(expired());
    }
    if door == Door::Admins {
        if !leave.admin {
            return Err(Problem::new("service.PERM_DENIED", "permission denied: need adequate rights"));
        }
        return administered(inside, asked, &leave.account);
    }
    let most = inside.settings.changes;
    let mailbox = inside.mailboxes.get(&leave.account);
    let mailbox = mailbox.ok_or_else(|| Problem::new("mail.NO_SUCH_MBOX", "no mailbox for account"))?;
    match asked.name.as_str() {
        "GetFolderRequest" => Ok(mail::folders(mailbox)),
        "SyncRequest" => mail::sync(mailbox, asked, most),
        "GetMsgMetadataRequest" => mail::metadata(mailbox, asked),
        "SearchRequest" => mail::search(mailbox, asked),
        "NoOpRequest" => Ok(serde_json::json!({ "_jsns": "urn:zimbraMail" })),
        other => Err(unknown(other)),
    }
}

fn administered(inside: &mut Inside, asked: &Asked, admin: &str) -> Result<serde_json::Value, Problem> {
    match asked.name.as_str() {
        "DelegateAuthRequest" => directory::delegate(inside, asked, admin),
        "SearchDirectoryRequest" => Ok(directory::search(inside, asked)),
        "GetAccountRequest" => directory::get_account(inside, asked),
        "GetMailboxRequest" => directory::get_mailbox(inside, asked),
        "GetQuotaUsageRequest" => Ok(directory::quota(inside)),
        other => Err(unknown(other)),
    }
}

fn unknown(name: &str) -> Problem {
    Problem::new("service.UNKNOWN_DOCUMENT", format!("unknown document: {name}"))
}
