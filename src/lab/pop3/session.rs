//! One session: AUTHORIZATION, then TRANSACTION (RFC 1939 §4 and §5).

use std::{io, sync::Arc};

use super::{
    drop::{Mail, Maildrop},
    host::{Host, Lock},
    manner::{Manner, Pipelining, Refusal},
    sign_in::Signed,
    wire::{Stream, Wire},
};
use crate::lab::mailstore::{Content, Mailstore};

/// One connection.
pub(super) struct Session {
    pub wire: Wire,
    pub host: Arc<Host>,
    /// Whom USER named.
    pub user: Option<String>,
    /// The time stamp of the greeting.
    pub stamp: String,
    open: Option<Open>,
    secure: bool,
}

/// A maildrop that is open.
struct Open {
    user: String,
    store: Mailstore,
    maildrop: Maildrop,
    delivered: u32,
    read: Vec<u32>,
    _lock: Lock,
}

/// Whether the session goes on.
#[derive(PartialEq)]
enum Next {
    Goes,
    Ends,
    StartsTls,
}

impl Session {
    pub fn new(stream: Box<dyn Stream>, host: Arc<Host>) -> Self {
        let stamp = format!("<{}.{}@lab.example>", std::process::id(), fastrand::u32(..));
        Session { wire: Wire::new(stream), host, user: None, stamp, open: None, secure: false }
    }

    /// Serves until the client leaves.
    pub async fn run(mut self) -> io::Result<()> {
        let manner = self.host.manner();
        self.wire.end = if manner.bare_newlines { "\n" } else { "\r\n" };
        self.wire.pieces = manner.pieces;
        let stamp = if manner.apop { format!(" {}", self.stamp) } else { String::new() };
        self.wire.line(&format!("+OK {}{stamp}", manner.greeting));
        loop {
            let Some(line) = self.wire.read_line().await? else { return Ok(()) };
            let next = self.command(&line).await?;
            match self.host.manner().pipelining {
                Pipelining::Lost => self.wire.forget_input(),
                Pipelining::HangsUp if self.wire.has_input() => return Ok(()),
                Pipelining::LostAtRetr if line.starts_with("RETR") => self.wire.forget_line(),
                _ => {}
            }
            match next {
                Next::Goes => {}
                Next::Ends => return self.wire.flush().await,
                Next::StartsTls => {
                    self.wire.flush().await?;
                    let Some(tls) = self.host.tls.clone() else { return Ok(()) };
                    let stream = tls.accept(self.wire.into_stream()).await?;
                    self.wire = Wire::new(Box::new(stream));
                    self.secure = true;
                }
            }
        }
    }

    async fn command(&mut self, line: &str) -> io::Result<Next> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let word = word.to_ascii_uppercase();
        if Self::is_sign_in(&word) {
            self.host.journal.note(&word);
            if self.open.is_some() {
                self.wire.line("-ERR signed in already");
            } else if let Some(signed) = self.sign_in(&word, rest).await? {
                self.enter(signed);
            }
            return Ok(Next::Goes);
        }
        self.host.journal.note(line);
        let manner = self.host.manner();
        match word.as_str() {
            "CAPA" if manner.capa => self.capabilities(&manner),
            "STLS" if self.host.tls.is_some() && !self.secure && self.open.is_none() => {
                self.wire.line("+OK");
                return Ok(Next::StartsTls);
            }
            "QUIT" => {
                self.quit(&manner);
                return Ok(Next::Ends);
            }
            _ => return self.transaction(&word, rest, &manner).await,
        }
        Ok(Next::Goes)
    }

    fn capabilities(&mut self, manner: &Manner) {
        self.wire.line("+OK");
        if self.host.tls.is_some() && !self.secure {
            self.wire.line("STLS");
        }
        manner.capabilities().iter().for_each(|line| self.wire.line(line));
        self.wire.line(".");
    }

    fn enter(&mut self, Signed { user, store }: Signed) {
        match self.host.enter(&user) {
            Ok(lock) => {
                let maildrop = Maildrop::of(&store);
                self.wire.line(&format!("+OK {} messages", maildrop.count().0));
                self.open = Some(Open { user, store, maildrop, delivered: 0, read: Vec::new(), _lock: lock });
            }
            Err(words) => self.wire.line(words),
        }
    }

    /// Without DELE there is nothing to update, unless the host deletes what was read (RFC 2449 §6.7).
    fn quit(&mut self, manner: &Manner) {
        if let Some(open) = self.open.take().filter(|_| manner.expires) {
            open.store.write(|mailbox| {
                mailbox.folder_mut(b"INBOX").map(|inbox| inbox.expunge(|message| open.read.contains(&message.uid)))
            });
        }
        self.wire.line("+OK bye");
    }

    async fn transaction(&mut self, word: &str, rest: &str, manner: &Manner) -> io::Result<Next> {
        let Some(open) = &mut self.open else {
            self.wire.line("-ERR not in this state");
            return Ok(Next::Goes);
        };
        let (count, bytes) = open.maildrop.count();
        match (word, rest) {
            ("STAT", "") => self.wire.line(&format!("+OK {count} {bytes}")),
            ("NOOP", "") => self.wire.line("+OK"),
            ("LIST", "") => {
                self.wire.line("+OK");
                open.maildrop.all().for_each(|(n, mail)| self.wire.line(&format!("{n} {}", mail.content.len())));
                self.wire.line(".");
            }
            ("LIST", number) => match open.maildrop.get(number) {
                Some((n, mail)) => self.wire.line(&format!("+OK {n} {}", mail.content.len())),
                None => self.wire.line("-ERR no such message"),
            },
            ("UIDL", "") if open.maildrop.all().all(|(_, mail)| mail.unique_id(manner).is_some()) => {
                self.wire.line("+OK");
                for (n, mail) in open.maildrop.all() {
                    self.wire.line(&format!("{n} {}", mail.unique_id(manner).unwrap_or_default()));
                }
                self.wire.line(".");
            }
            ("TOP", arguments) if manner.top => match arguments.split_once(' ') {
                Some((number, "0")) => match open.maildrop.get(number) {
                    Some((_, mail)) => {
                        let header = Content::Stored(mail.content.header());
                        self.wire.line("+OK");
                        self.wire.message(&header).await?;
                    }
                    None => self.wire.line("-ERR no such message"),
                },
                _ => self.wire.line("-ERR TOP message 0"),
            },
            ("RETR", number) => return self.retrieve(number, manner).await,
            _ => self.wire.line("-ERR unknown command"),
        }
        Ok(Next::Goes)
    }

    async fn retrieve(&mut self, number: &str, manner: &Manner) -> io::Result<Next> {
        let Some(open) = &mut self.open else { return Ok(Next::Ends) };
        if manner.cut_after.is_some_and(|most| open.delivered >= most) {
            return Ok(Next::Ends);
        }
        let Some((_, mail)) = open.maildrop.get(number) else {
            self.wire.line("-ERR no such message");
            return Ok(Next::Goes);
        };
        if refuses(&self.host, &open.user, mail, manner) {
            self.wire.line("-ERR [SYS/TEMP] cannot read that message");
            return Ok(Next::Goes);
        }
        self.wire.line(&format!("+OK {} octets", mail.content.len()));
        let (uid, content) = (mail.uid, mail.content.clone());
        open.delivered += 1;
        open.read.push(uid);
        self.wire.message(&content).await?;
        Ok(Next::Goes)
    }
}

fn refuses(host: &Host, user: &str, mail: &Mail, manner: &Manner) -> bool {
    match manner.refuse.get(&mail.uid) {
        Some(Refusal::Always) => true,
        Some(Refusal::Once) => host.refuses_first(user, mail.uid),
        None => false,
    }
}
