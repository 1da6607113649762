//! Commands and their replies: pipelined, and each reply heeded, for a throttle on one connection is a hold of the whole mailbox.

use std::collections::VecDeque;

use super::Link;
use crate::{
    clock,
    error::{Code, Disposition, Error, Result, Scope},
    imap::{Command, Event, Tag, Tagged, Verdict},
    limits, pace,
};

/// A completion and what was told before it.
#[derive(Clone, Debug)]
pub struct Told {
    /// The tagged reply.
    pub tagged: Tagged,
    /// The untagged ones, in order.
    pub untagged: Vec<Event>,
}

impl Told {
    /// Whether the verdict is OK.
    pub fn is_ok(&self) -> bool {
        self.tagged.verdict == Verdict::Ok
    }
}

impl Link {
    /// The next reply. Words of a throttle outside a completion are obeyed too: they come bare, or with the BYE (quirk 2,
    /// microsoft365.md §1.8).
    ///
    /// # Errors
    /// As [`crate::imap::Connection::event`].
    pub async fn event(&mut self) -> Result<Event> {
        let event = self.connection.event().await?;
        self.obey(&event);
        Ok(event)
    }

    /// The next reply as [`Link::event`] tells it; with `most`, `None` as soon as at most that many bytes wait to be sent.
    ///
    /// # Errors
    /// As [`crate::imap::Connection::event`].
    pub async fn event_or_room(&mut self, most: Option<u64>) -> Result<Option<Event>> {
        let Some(most) = most else { return self.event().await.map(Some) };
        self.connection.drive(most).await?;
        self.try_event()
    }

    /// A reply that has been read already, as [`Link::event`] tells it.
    ///
    /// # Errors
    /// As [`crate::imap::Connection::event`].
    pub fn try_event(&mut self) -> Result<Option<Event>> {
        let event = self.connection.try_event()?;
        event.iter().for_each(|event| self.obey(event));
        Ok(event)
    }

    fn obey(&self, event: &Event) {
        if let Event::Condition(Verdict::No | Verdict::Bad, _, text) | Event::Bye(text) | Event::Other(text) = event
            && let Some(throttle) = pace::throttle(text, None)
        {
            self.settings.pacer.obey(throttle, text);
        }
    }

    /// Sends one command and collects what is told until its completion, whose verdict is the caller's to judge.
    ///
    /// # Errors
    /// As [`crate::imap::Connection::event`], and a throttle.
    pub async fn run(&mut self, command: Command) -> Result<Told> {
        let mut all = self.run_all(vec![command]).await?;
        all.pop().ok_or_else(|| Error::bug("a command without a completion"))
    }

    /// Sends commands that do not depend on each other, pipelined. The completions come in the order of the commands, though
    /// a server may tell them in another (Dovecot: NOOP after the STATUS behind it).
    ///
    /// # Errors
    /// As [`Link::run`]. On a throttle the commands that were not sent by then are not sent.
    pub async fn run_all(&mut self, commands: Vec<Command>) -> Result<Vec<Told>> {
        self.fresh().await?;
        let mut commands = commands.into_iter();
        let mut waiting: VecDeque<Tag> = VecDeque::new();
        let mut done: Vec<Told> = Vec::new();
        let mut untagged = Vec::new();
        let mut refused = None;
        loop {
            while refused.is_none() && waiting.len() < limits::COMMANDS_IN_FLIGHT {
                let Some(command) = commands.next() else { break };
                self.settings.pacer.unheld().await;
                waiting.push_back(self.connection.queue(command));
            }
            if waiting.is_empty() {
                done.sort_by_key(|told| told.tagged.tag);
                return refused.map_or(Ok(done), Err);
            }
            match self.event().await? {
                Event::Tagged(tagged) if waiting.contains(&tagged.tag) => {
                    waiting.retain(|tag| *tag != tagged.tag);
                    refused = refused.or(self.check(&tagged).err());
                    done.push(Told { tagged, untagged: std::mem::take(&mut untagged) });
                }
                // Of a command whose caller gave up: what came before it was its own.
                Event::Tagged(_) => untagged.clear(),
                event if untagged.len() < limits::REPLIES_KEPT => untagged.push(event),
                _ => return Err(self.protocol("too many replies")),
            }
        }
    }

    fn protocol(&self, reply: &str) -> Error {
        let (code, give_up) = (Code::Protocol, Disposition::GiveUp);
        Error::new(code, self.side(), Scope::Mailbox, give_up, self.describe()).with_reply(reply)
    }

    /// Takes note of a completion: counts errors, and obeys a throttle for the whole mailbox, which it returns as an error.
    pub fn throttled(&mut self, tagged: &Tagged) -> Option<Error> {
        if tagged.verdict == Verdict::Ok {
            return None;
        }
        self.errors += 1;
        let throttle = pace::throttle(&tagged.text, tagged.code.word())?;
        let until = self.settings.pacer.obey(throttle, &tagged.text);
        let wait = until.saturating_duration_since(clock::instant());
        Some(self.connection.refusal(tagged).disposed(Disposition::RetryAfter(Some(wait))))
    }

    /// Takes note of a completion, and fails where it says that nothing on this session or mailbox can go on.
    ///
    /// # Errors
    /// Throttled; the mailbox is not reachable; the session lost its state (quirks 13, 15, 17).
    pub fn check(&mut self, tagged: &Tagged) -> Result<()> {
        if let Some(throttled) = self.throttled(tagged) {
            return Err(throttled);
        }
        if tagged.verdict != Verdict::Ok {
            let refusal = self.connection.refusal(tagged);
            if matches!(refusal.code(), Code::AuthAccess | Code::Lost) {
                return Err(refusal);
            }
        }
        Ok(())
    }
}
