//! Executing one command: its fault, what its state allows, its throttle, its time, its handler.

use std::time::Duration;

use super::{
    Fault, Latency, Verb,
    ending::{Cause, Ending},
    parse::{Command, Scanner, parse},
    receive::Request,
    reply::Reply,
    session::{Answer, Session},
};
use crate::clock;

impl Session {
    /// Executes a request, with its fault.
    pub(super) async fn answer(&mut self, request: &mut Request) -> Answer {
        let Some(fault) = request.fault.take() else { return self.execute(request).await };
        match fault {
            Fault::No(text) => return Ok(Reply::no(text)),
            Fault::Bad(text) => return Ok(Reply::bad(text)),
            Fault::BadBye(text, bye) => {
                self.leaving = Some(Ending::Bye(Cause::Fault, bye));
                return Ok(Reply::bad(text));
            }
            Fault::Bye(text) => return Err(Ending::Bye(Cause::Fault, text)),
            Fault::Cut | Fault::CutInLiteral(_) => return Err(Ending::Cut),
            Fault::CutAfter => {
                self.execute(request).await?;
                return Err(Ending::Cut);
            }
            Fault::CutThenExecute(wait) => return self.execute_after_closing(request, wait).await,
            Fault::ByeThenExecute(text, wait) => {
                self.host.journal.closed(self.number, Cause::Fault, &text);
                self.wire.line(format!("* BYE {text}"));
                return self.execute_after_closing(request, wait).await;
            }
            Fault::CutInReply(bytes) => self.wire.cut_after(bytes).await?,
            Fault::Hang => {
                self.wire.flush().await?;
                std::future::pending::<()>().await;
            }
            Fault::Delay(wait) => {
                self.wire.flush().await?;
                clock::sleep(wait).await;
            }
            Fault::Line(line) => self.wire.line(line),
        }
        self.execute(request).await
    }

    async fn execute_after_closing(&mut self, request: &Request, wait: Duration) -> Answer {
        self.wire.close().await;
        clock::sleep(wait).await;
        self.execute(request).await?;
        Err(Ending::Cut)
    }

    async fn execute(&mut self, request: &Request) -> Answer {
        if let Some(refusal) = &request.refusal {
            return Ok(refusal.clone());
        }
        if let Some(refusal) = self.refuse_state(request.verb) {
            return Ok(refusal);
        }
        if request.pipelined && request.verb.counts_messages() && !self.previous.keeps_sequence() {
            return Ok(Reply::bad("Sequence numbers behind a command that may change them (RFC 3501 section 5.5)."));
        }
        if !self.connected && !matches!(request.verb, Verb::Capability | Verb::Id | Verb::Noop | Verb::Logout) {
            self.leaving = Some(Ending::Bye(Cause::NotConnected, "Connection closed. 14".to_owned()));
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
                if !request.verb.keeps_sequence() {
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
            Command::Compress => Ok(self.compress()),
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
    pub(super) fn refuse_state(&self, verb: Verb) -> Option<Reply> {
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
}
