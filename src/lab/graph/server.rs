//! The service as a whole, and what its host can change.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{Router, body::Body, extract::State, http::Response};
use tokio_rustls::TlsAcceptor;

use super::{
    Fault, Kind, Limits, Mailbox, Person,
    answer::{Answer, Problem},
    batch,
    call::Call,
    faults::Faults,
    import::Session,
    limiter::Load,
    reflect::Reflection,
    route,
};
use crate::{
    clock::{self, Instant},
    lab::{
        entra::{self, Service},
        mailstore::Mailstore,
        web::Web,
    },
    limits,
};

/// How it behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Items of a page, where the client wishes nothing.
    pub page: usize,
    /// What one mailbox may be asked.
    pub limits: Limits,
    /// How long each request takes.
    pub latency: Duration,
    /// Answers are packed for those who take it.
    pub gzip: bool,
    /// Every so many items are left out of exports of several; 0: none.
    pub omit_every: u64,
    /// Bytes by which a stream is larger than its item.
    pub padding: usize,
    /// The life of an import session.
    pub session_life: Duration,
    /// The status that tells of a new session: 200, or 201 as a page of the documentation has it.
    pub session_status: u16,
    /// The word with which a lost delta token is refused.
    pub resync_word: &'static str,
    /// Immutable ids of items that cannot be read.
    pub corrupt: Vec<String>,
    /// Immutable ids of items at whose content the service itself fails.
    pub fatal: Vec<String>,
    /// Immutable ids of items that it is too busy to export, so many times.
    pub busy: Vec<(String, u32)>,
    /// What a full mailbox is answered: status and word.
    pub full: (u16, &'static str),
    /// Immutable ids of items that cannot be exported, but read.
    pub unexportable: Vec<String>,
    /// Search keys of items that no import takes.
    pub unwelcome: Vec<[u8; 16]>,
}

impl Default for Settings {
    /// As the real service, but for its latency.
    fn default() -> Self {
        Settings {
            page: 10,
            limits: Limits::default(),
            latency: Duration::ZERO,
            gzip: true,
            omit_every: 0,
            padding: 0,
            session_life: Duration::from_secs(3600),
            session_status: 200,
            resync_word: "SyncStateNotFound",
            corrupt: Vec::new(),
            fatal: Vec::new(),
            busy: Vec::new(),
            full: (507, "QuotaExceededException"),
            unexportable: Vec::new(),
            unwelcome: Vec::new(),
        }
    }
}

/// An import that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    /// How long after the first one.
    pub after: Duration,
    /// Bytes of its body.
    pub bytes: u64,
}

/// A running service; dropping it stops it.
#[derive(Debug)]
pub struct Graph {
    web: Web,
    desk: Desk,
}

/// Where requests are answered; its clones share everything.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    inside: Arc<Mutex<Inside>>,
    entra: entra::Desk,
}

/// What the service knows.
#[derive(Debug)]
pub(super) struct Inside {
    pub(super) settings: Settings,
    pub(super) people: Vec<Person>,
    /// By the id of their user.
    pub(super) mailboxes: BTreeMap<String, Mailbox>,
    /// Mailboxes that IMAP serves too.
    reflections: BTreeMap<String, Reflection>,
    /// By their token.
    pub(super) sessions: BTreeMap<String, Session>,
    pub(super) faults: Faults,
    loads: BTreeMap<String, Load>,
    counts: BTreeMap<Kind, u64>,
    /// Delta tokens of earlier epochs are lost.
    pub(super) epoch: u64,
    /// Items that exports asked for.
    pub(super) exported: u64,
    /// When each import came, and its bytes.
    imports: VecDeque<(Instant, u64)>,
}

impl Graph {
    /// Starts on a free port of 127.0.0.1, with TLS. Tokens are asked about at `entra`.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start(
        people: Vec<Person>,
        settings: Settings,
        entra: entra::Desk,
        tls: TlsAcceptor,
    ) -> io::Result<Self> {
        let with_mailbox = people.iter().filter(|person| person.has_mailbox());
        let mailboxes = with_mailbox.map(|person| (person.id.clone(), Mailbox::new())).collect();
        let inside = Inside {
            settings,
            people,
            mailboxes,
            reflections: BTreeMap::new(),
            sessions: BTreeMap::new(),
            faults: Faults::default(),
            loads: BTreeMap::new(),
            counts: BTreeMap::new(),
            epoch: 1,
            exported: 0,
            imports: VecDeque::new(),
        };
        let desk = Desk { inside: Arc::new(Mutex::new(inside)), entra };
        let router = Router::new().fallback(handle).with_state(desk.clone());
        Ok(Graph { web: Web::start(0, Some(tls), router).await?, desk })
    }

    /// Where its paths begin: `https://localhost:PORT/v1.0`.
    pub fn root(&self) -> String {
        format!("https://localhost:{}{}", self.web.port(), super::call::ROOT)
    }

    /// Looks at the mailbox of somebody by the name that signs in.
    pub fn mailbox<R>(&self, name: &str, look: impl FnOnce(&mut Mailbox) -> R) -> Option<R> {
        let mut inside = self.desk.lock();
        let id = inside.people.iter().find(|person| person.name() == name)?.id.clone();
        inside.reflect(&id);
        let seen = inside.mailboxes.get_mut(&id).map(look);
        inside.reflect(&id);
        seen
    }

    /// Lets IMAP serve the mailbox of somebody too, by the name that signs in: both show the same messages from now on.
    pub fn share(&self, name: &str, store: &Mailstore) {
        let mut inside = self.desk.lock();
        let Some(id) = inside.people.iter().find(|person| person.name() == name).map(|p| p.id.clone()) else { return };
        inside.reflections.insert(id.clone(), Reflection::new(store));
        inside.reflect(&id);
    }

    /// Adds or replaces somebody, with an empty mailbox where one belongs to it.
    pub fn register(&self, person: Person) {
        let mut inside = self.desk.lock();
        inside.people.retain(|other| other.name() != person.name());
        if person.has_mailbox() {
            inside.mailboxes.insert(person.id.clone(), Mailbox::new());
        }
        inside.people.push(person);
    }

    /// Changes how it behaves from now on.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.desk.lock().settings);
    }

    /// Lets so many requests of a kind fail.
    pub fn inject(&self, kind: Kind, fault: Fault, times: usize) {
        self.desk.lock().faults.inject(kind, fault, times);
    }

    /// Requests that are still to fail.
    pub fn count_faults(&self) -> usize {
        self.desk.lock().faults.len()
    }

    /// Loses every delta token that was given out.
    pub fn lose_delta_tokens(&self) {
        self.desk.lock().epoch += 1;
    }

    /// Ends every import session.
    pub fn end_sessions(&self) {
        self.desk.lock().sessions.clear();
    }

    /// Requests of a kind so far.
    pub fn count(&self, kind: Kind) -> u64 {
        let inside = self.desk.lock();
        match kind {
            Kind::Any => inside.counts.values().sum(),
            kind => inside.counts.get(&kind).copied().unwrap_or(0),
        }
    }

    /// The imports so far, as far as they are remembered.
    pub fn imported(&self) -> Vec<Imported> {
        let inside = self.desk.lock();
        let first = inside.imports.front().map_or_else(clock::instant, |(at, _)| *at);
        inside.imports.iter().map(|(at, bytes)| Imported { after: *at - first, bytes: *bytes }).collect()
    }

    /// The most requests that one mailbox was asked at once.
    pub fn peak(&self) -> usize {
        self.desk.lock().loads.values().map(|load| load.peak).max().unwrap_or(0)
    }

    /// Requests that the limits refused: too many at once, too many in a time, too many bytes.
    pub fn refused(&self) -> [u64; 3] {
        let inside = self.desk.lock();
        inside.loads.values().fold([0; 3], |sum, load| std::array::from_fn(|at| sum[at] + load.refused[at]))
    }
}

impl Inside {
    fn note_import(&mut self, call: &Call) {
        if Kind::of(call) != Kind::Import {
            return;
        }
        self.imports.push_back((clock::instant(), call.body.len() as u64));
        self.imports.truncate(limits::LAB_REMOVED);
    }

    /// Answers one request, with what IMAP did to the mailbox before it.
    pub(super) fn answer(&mut self, call: &Call) -> Result<Answer, Problem> {
        let mailbox = route::mailbox(self, call).filter(|id| self.reflections.contains_key(id));
        if let Some(id) = &mailbox {
            self.reflect(id);
        }
        let answer = route::answer(self, call);
        if let Some(id) = &mailbox {
            self.reflect(id);
        }
        answer
    }

    fn reflect(&mut self, id: &str) {
        if let (Some(reflection), Some(mailbox)) = (self.reflections.get_mut(id), self.mailboxes.get_mut(id)) {
            reflection.sync(mailbox);
        }
    }
}

async fn handle(State(desk): State<Desk>, request: axum::extract::Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, limits::LAB_UPLOAD).await else {
        return Answer::from(Problem::new(413, "RequestEntityTooLarge", "")).response(false);
    };
    let call = Call::new(parts.method, &parts.uri, &parts.headers, body);
    let gzip = call.gzip && desk.lock().settings.gzip;
    desk.answer(&call).await.unwrap_or_else(Answer::from).response(gzip)
}

impl Desk {
    pub(super) fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, call: &Call) -> Result<Answer, Problem> {
        let kind = Kind::of(call);
        *self.lock().counts.entry(kind).or_default() += 1;
        self.authorise(call, kind)?;
        if kind == Kind::Batch {
            let fault = self.lock().faults.next(kind);
            return match fault {
                Some(fault) => Ok(fault.answer(kind)),
                None => batch::answer(self, call).await,
            };
        }
        let slot = self.admit(call, 1)?;
        self.delay().await;
        let fault = self.lock().faults.next(kind);
        if let Some(fault) = fault.filter(|fault| !fault.is_after()) {
            return Ok(fault.answer(kind));
        }
        let answer = self.lock().answer(call);
        drop(slot);
        match fault {
            Some(fault) => Ok(fault.answer(kind)),
            None => answer,
        }
    }

    /// A token is for Graph, and for this mailbox: an unknown one is 401, one without leave 403. An import URL proves itself.
    fn authorise(&self, call: &Call, kind: Kind) -> Result<(), Problem> {
        if kind == Kind::Import {
            return Ok(());
        }
        let invalid =
            || Problem::new(401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.");
        let token = call.bearer.as_deref().ok_or_else(invalid)?;
        let opens = |name: &str| self.entra.opens(token, Service::Graph, name).is_some();
        let inside = self.lock();
        let wanted = route::mailbox(&inside, call);
        let person = wanted.and_then(|id| inside.people.iter().find(|person| person.id == id));
        match person {
            Some(person) if opens(person.name()) => Ok(()),
            None if inside.people.iter().any(|person| opens(person.name())) => Ok(()),
            Some(_) if inside.people.iter().any(|person| opens(person.name())) => {
                Err(Problem::new(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."))
            }
            _ => Err(invalid()),
        }
    }

    /// A place among the requests of a mailbox, or a refusal.
    fn admit(&self, call: &Call, count: usize) -> Result<Option<Slot>, Problem> {
        let mut inside = self.lock();
        let Some(mailbox) = route::mailbox(&inside, call) else { return Ok(None) };
        let limits = inside.settings.limits;
        let load = inside.loads.entry(mailbox.clone()).or_default();
        load.admit(count, call.body.len() as u64, limits)?;
        inside.note_import(call);
        Ok(Some(Slot { desk: self.clone(), mailbox, count }))
    }

    /// The same for a batch of `count` parts that begins with `first`.
    pub(super) fn admit_batch(&self, first: &Call, count: usize) -> Result<Option<Slot>, Problem> {
        let most = self.lock().settings.limits.concurrent;
        self.admit(first, count.min(most))
    }

    pub(super) async fn delay(&self) {
        let latency = self.lock().settings.latency;
        clock::sleep(latency).await;
    }
}

/// A place among the requests of a mailbox.
#[derive(Debug)]
pub(super) struct Slot {
    desk: Desk,
    mailbox: String,
    count: usize,
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(load) = self.desk.lock().loads.get_mut(&self.mailbox) {
            load.open = load.open.saturating_sub(self.count);
        }
    }
}
