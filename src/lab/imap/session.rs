//! One connection: receives commands, lets faults and latency have their way, executes, answers.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use super::{
    Entry, Fault, Latency, Persona, Verb,
    accounts::SignedIn,
    ending::Ending,
    host::{Host, SignInGuard},
    parse::{Command, Scanner, parse},
    receive::Request,
    reply::{Reply, Verdict},
    view::View,
    wire::{Stream, Wire},
};
use crate::{clock, lab::mailstore::Mailstore};

/// What a command came to; an ending closes the connection.
pub(super) type Answer = Result<Reply, Ending>;

/// One connection.
pub(super) struct Session {
    pub wire: Wire,
    pub host: Arc<Host>,
    pub number: u64,
    pub account: Option<SignedIn>,
    pub guard: Option<SignInGuard>,
    pub view: Option<View>,
    pub enabled: Enabled,
    /// The tag of the command at hand.
    pub tag: String,
    /// How the session ends once the reply at hand is written.
    pub leaving: Option<Ending>,
    /// Whether the mailbox behind the sign-in is reachable.
    pub connected: bool,
    errors: u32,
}

/// What ENABLE or a parameter switched on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Enabled {
    pub condstore: bool,
    pub qresync: bool,
    /// IMAP4rev2, after which Exchange Online fails (microsoft365.md §1.3).
    pub rev2: bool,
    /// A LIST came since.
    pub rev2_listed: bool,
}

impl Session {
    pub fn new(stream: Box<dyn Stream>, host: Arc<Host>) -> Self {
        let number = host.journal.connected();
        Session {
            wire: Wire::new(stream),
            host,
            number,
            account: None,
            guard: None,
            view: None,
            enabled: Enabled::default(),
            tag: String::new(),
            leaving: None,
            connected: true,
            errors: 0,
        }
    }

    /// Serves the connection to its end.
    pub async fn run(mut self) {
        match self.serve().await {
            Err(Ending::Bye(text)) => {
                self.host.journal.closed(self.number, &text);
                self.wire.line(format!("* BYE {text}"));
                self.wire.close().await;
            }
            Err(Ending::Done) => self.wire.close().await,
            Ok(()) | Err(Ending::Cut | Ending::Lost) => (),
        }
    }

    async fn serve(&mut self) -> Result<(), Ending> {
        let persona = self.persona();
        if persona.session.silent {
            std::future::pending::<()>().await;
        }
        if persona.session.nonsense {
            return self.talk_nonsense().await;
        }
        let told = if persona.capabilities.volunteered { self.capability_code() } else { String::new() };
        self.wire.line(format!("* OK {told}{}", persona.greeting));
        loop {
            let persona = self.persona();
            self.wire.set_outlives_client(persona.session.outlives_client);
            let request = self.receive().await?;
            self.handle(request).await?;
        }
    }

    async fn talk_nonsense(&mut self) -> Result<(), Ending> {
        loop {
            self.wire.line("220 ready ESMTP {12}\r\n* ( FETCH \"\0\u{1b}[2J");
            self.wire.read_line().await?;
        }
    }

    /// The next line, unless the client is silent for too long or its token expires.
    pub async fn read_first_line(&mut self) -> Result<Bytes, Ending> {
        let persona = self.persona();
        let now = clock::instant();
        let silent = persona.session.idle.map(|idle| (now + idle, persona.wording.idle_too_long()));
        let expired =
            self.account.as_ref().and_then(|a| a.expires).map(|at| (at, "Session invalidated - AccessTokenExpired"));
        let Some((at, words)) = silent.into_iter().chain(expired).min_by_key(|(at, _)| *at) else {
            return self.wire.read_line().await;
        };
        let line = if at > now { clock::deadline(at, self.wire.read_line()).await } else { None };
        line.unwrap_or_else(|| Err(Ending::Bye(words.to_owned())))
    }

    async fn handle(&mut self, mut request: Request) -> Result<(), Ending> {
        let mut entry = Entry {
            connection: self.number,
            user: self.account.as_ref().map(|a| a.user.clone()).unwrap_or_default(),
            verb: request.verb,
            at: request.started,
            literal_bytes: request.literal_bytes,
            reply: String::new(),
        };
        self.tag.clone_from(&request.tag);
        let answer = self.answer(&mut request).await;
        if let Ok(reply) = &answer {
            entry.reply = reply.line();
        }
        self.host.journal.add(entry);
        let reply = answer?;
        self.wire.line(format!("{} {}", request.tag, reply.line()));
        if let Some(ending) = self.leaving.take() {
            return Err(ending);
        }
        self.count_errors(&reply)?;
        self.wire.relieve().await
    }

    /// Executes a request, with its fault.
    async fn answer(&mut self, request: &mut Request) -> Answer {
        match request.fault.take() {
            None => (),
            Some(Fault::No(text)) => return Ok(Reply::no(text)),
            Some(Fault::Bad(text)) => return Ok(Reply::bad(text)),
            Some(Fault::BadBye(text, bye)) => {
                self.leaving = Some(Ending::Bye(bye));
                return Ok(Reply::bad(text));
            }
            Some(Fault::Bye(text)) => return Err(Ending::Bye(text)),
            Some(Fault::Cut | Fault::CutInLiteral(_)) => return Err(Ending::Cut),
            Some(Fault::CutAfter) => {
                self.execute(request).await?;
                return Err(Ending::Cut);
            }
            Some(Fault::CutThenExecute(wait)) => {
                self.wire.close().await;
                clock::sleep(wait).await;
                self.execute(request).await?;
                return Err(Ending::Cut);
            }
            Some(Fault::CutInReply(bytes)) => self.wire.cut_after(bytes).await?,
            Some(Fault::Hang) => {
                self.wire.flush().await?;
                std::future::pending::<()>().await;
            }
            Some(Fault::Delay(wait)) => {
                self.wire.flush().await?;
                clock::sleep(wait).await;
            }
            Some(Fault::Line(line)) => self.wire.line(line),
        }
        self.execute(request).await
    }

    async fn execute(&mut self, request: &Request) -> Answer {
        if let Some(refusal) = &request.refusal {
            return Ok(refusal.clone());
        }
        if let Some(refusal) = self.refuse_state(request.verb) {
            return Ok(refusal);
        }
        if !self.connected && !matches!(request.verb, Verb::Capability | Verb::Id | Verb::Noop | Verb::Logout) {
            self.leaving = Some(Ending::Bye("Connection closed. 14".to_owned()));
            return Ok(Reply::bad(self.persona().wording.not_connected()));
        }
        match parse(request.verb, &mut Scanner::new(&request.parts)) {
            Err(wanted) => Ok(self.malformed(wanted)),
            Ok(command) => {
                if let Some(refusal) = self.throttle(&command)? {
                    return Ok(refusal);
                }
                let command = self.respelled(command);
                self.linger(&command, request.literal_bytes).await?;
                let reply = self.dispatch(request.verb, command).await?;
                // RFC 3501 §7.4.1: no EXPUNGE while sequence numbers are in use.
                if !matches!(request.verb, Verb::Fetch | Verb::Store | Verb::Search) {
                    self.catch_up()?;
                }
                Ok(reply)
            }
        }
    }

    async fn dispatch(&mut self, verb: Verb, command: Command) -> Answer {
        match command {
            Command::Bare(verb) => self.bare(verb).await,
            Command::Id => self.id(),
            Command::Enable(names) => self.enable(names),
            Command::Login(user, password) => self.login(verb, &user, &password),
            Command::Authenticate(mechanism, initial) => self.authenticate(&mechanism, initial).await,
            Command::Select { mailbox, examine, params } => self.select(verb, &mailbox, examine, params).await,
            Command::Create(name) => self.create(&name),
            Command::Delete(name) => self.delete(&name),
            Command::Rename(from, to) => self.rename(&from, &to),
            Command::Subscribe(name, on) => self.subscribe(verb, &name, on),
            Command::List(list) => self.list(&list),
            Command::Lsub(list) => self.lsub(&list),
            Command::Status(name, items) => self.status(&name, &items),
            Command::Append(append) => self.append(append),
            Command::UidExpunge(set) => self.expunge(verb, Some(&set)),
            Command::Search { uid, search } => self.search(uid, &search),
            Command::Fetch { uid, fetch } => self.fetch(uid, &fetch).await,
            Command::Store { uid, store } => self.store(uid, &store),
            Command::Copy { uid, set, mailbox, moving } => self.copy(uid, &set, &mailbox, moving),
            Command::Compress => Ok(self.not_offered(verb)),
            Command::GetQuota(root) => self.get_quota(&root),
            Command::GetQuotaRoot(name) => self.get_quota_root(&name),
        }
    }

    /// The time that a command takes here.
    async fn linger(&mut self, command: &Command, bytes: u64) -> Result<(), Ending> {
        let persona = self.persona();
        let latency = &persona.latency;
        let mut wait = latency.command;
        match command {
            Command::Login(..) | Command::Authenticate(..) => wait += Latency::draw(&latency.login),
            Command::Append(append) => {
                wait += append.messages.iter().map(|_| Latency::draw(&latency.append)).sum::<Duration>();
                let transfer = |rate| Duration::from_secs_f64(bytes as f64 / rate as f64);
                wait += latency.bandwidth.filter(|rate| *rate > 0).map(transfer).unwrap_or_default();
            }
            _ => (),
        }
        if !wait.is_zero() {
            self.wire.flush().await?;
            clock::sleep(wait).await;
        }
        Ok(())
    }

    /// Refuses what this state does not allow or the server does not offer.
    pub fn refuse_state(&self, verb: Verb) -> Option<Reply> {
        use Verb::*;
        let wording = self.persona().wording;
        let allowed = match verb {
            Unknown => return Some(Reply::bad(wording.not_offered(verb.word()))),
            Capability | Noop | Logout | Id => true,
            Login | Authenticate => self.account.is_none(),
            Check | Close | Expunge | UidExpunge | Unselect | Search | UidSearch | Fetch | UidFetch | Store
            | UidStore | Copy | UidCopy | Move | UidMove => self.view.is_some(),
            _ => self.account.is_some(),
        };
        if !allowed {
            return Some(Reply::bad(wording.wrong_state()));
        }
        let needs = match verb {
            Id => "ID",
            Enable => "ENABLE",
            Namespace => "NAMESPACE",
            Idle => "IDLE",
            Unselect => "UNSELECT",
            Move | UidMove => "MOVE",
            UidExpunge => "UIDPLUS",
            GetQuota | GetQuotaRoot => "QUOTA",
            Compress => "COMPRESS=DEFLATE",
            _ => return None,
        };
        (!self.offers(needs)).then(|| self.not_offered(verb))
    }

    fn count_errors(&mut self, reply: &Reply) -> Result<(), Ending> {
        self.errors += u32::from(reply.verdict != Verdict::Ok);
        let persona = self.persona();
        match persona.session.errors {
            Some(most) if self.errors >= most => Err(Ending::Bye(persona.wording.too_many_errors().to_owned())),
            _ => Ok(()),
        }
    }

    pub fn persona(&self) -> Arc<Persona> {
        self.host.persona()
    }

    pub fn offers(&self, word: &str) -> bool {
        self.persona().capabilities.offers(self.account.is_some(), word)
    }

    pub fn not_offered(&self, verb: Verb) -> Reply {
        Reply::bad(self.persona().wording.not_offered(verb.word()))
    }

    /// The mailbox of who is signed in. An empty one stands for nobody's, which no command reaches.
    pub fn mailstore(&self) -> Mailstore {
        self.account.as_ref().map_or_else(Mailstore::empty, |account| account.store.clone())
    }
}

/// The usual completion.
pub(super) fn completed(verb: Verb) -> Reply {
    let word = verb.word();
    Reply::ok(format!("{} completed.", word.strip_prefix("UID ").unwrap_or(word)))
}
