//! One connection: receives commands, has them executed, answers, and ends.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    Entry, Persona, Verb,
    accounts::SignedIn,
    ending::{Cause, Ending},
    host::{Host, SignInGuard},
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
    /// The command before it.
    pub previous: Verb,
    /// How the session ends once the reply at hand is written.
    pub leaving: Option<Ending>,
    /// Compression starts behind the reply at hand.
    pub compress_next: bool,
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
            previous: Verb::Unknown,
            leaving: None,
            compress_next: false,
            connected: true,
            errors: 0,
        }
    }

    /// Serves the connection to its end.
    pub async fn run(mut self) {
        match self.serve().await {
            Err(Ending::Bye(cause, words)) => {
                self.host.journal.closed(self.number, cause, &words);
                self.wire.line(format!("* BYE {words}"));
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
        let silent = persona.session.idle.map(|idle| (now + idle, Cause::Idle, persona.wording.idle_too_long()));
        let expires = self.account.as_ref().and_then(|account| account.expires);
        let expires = expires.map(|at| (at, Cause::TokenExpired, "Session invalidated - AccessTokenExpired"));
        let Some((at, cause, words)) = silent.into_iter().chain(expires).min_by_key(|(at, ..)| *at) else {
            return self.wire.read_line().await;
        };
        let line = if at > now { clock::deadline(at, self.wire.read_line()).await } else { None };
        line.unwrap_or_else(|| Err(Ending::Bye(cause, words.to_owned())))
    }

    /// What a client must be able to hear at any time (RFC 3501 §7).
    fn chat(&mut self) {
        self.wire.line("* OK [ALERT] Maintenance tonight; {3} [see] the \"notice\"");
        self.wire.line("* XNOTICE (1 {2}\r\n)) NIL)");
        self.wire.line("* NO [X-STRANGE 1 2] Mailbox is at 95% of quota");
        let last = self.view.as_ref().and_then(|view| {
            let uid = view.highest();
            self.mailstore().read(|mailbox| mailbox.folder(&view.name)?.message(uid).cloned())
        });
        if let (Some(view), Some(message)) = (&self.view, last) {
            self.wire.line(format!("* {} FETCH (FLAGS ({}))", view.len(), message.flags.encode()));
        }
    }

    async fn handle(&mut self, mut request: Request) -> Result<(), Ending> {
        let persona = self.persona();
        let mut entry = Entry {
            connection: self.number,
            user: self.account.as_ref().map(|a| a.user.clone()).unwrap_or_default(),
            verb: request.verb,
            at: request.started,
            pipelined: request.pipelined,
            literal_bytes: request.literal_bytes,
            reply: String::new(),
        };
        self.tag.clone_from(&request.tag);
        let answer = self.answer(&mut request).await;
        self.previous = request.verb;
        if let Ok(reply) = &answer {
            entry.reply = reply.line();
        }
        self.host.journal.add(entry);
        let reply = answer?;
        if persona.manner.chatty {
            self.chat();
        }
        self.wire.line(format!("{} {}", request.tag, reply.line()));
        if let Some(ending) = self.leaving.take() {
            return Err(ending);
        }
        if std::mem::take(&mut self.compress_next) {
            self.wire.start_deflate().await?;
        }
        self.count_errors(&reply)?;
        self.wire.relieve().await
    }

    fn count_errors(&mut self, reply: &Reply) -> Result<(), Ending> {
        self.errors += u32::from(reply.verdict != Verdict::Ok);
        let persona = self.persona();
        match persona.session.errors {
            Some(most) if self.errors >= most => {
                Err(Ending::Bye(Cause::Errors, persona.wording.too_many_errors().to_owned()))
            }
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
