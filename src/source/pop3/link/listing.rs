//! The messages of a session: LIST, UIDL, and the content of those that have no name of their own.

use std::{collections::BTreeMap, sync::Arc};

use super::{Answer, Link, Part, spool};
use crate::{
    error::{Code, Disposition, Result, Scope},
    limits,
    model::BodyHash,
    pop3::{Command, Event, Size, UniqueId},
    source::pop3::maildrop::{Maildrop, Told},
};

impl Link {
    /// The messages of this session; asked for once.
    ///
    /// # Errors
    /// The session is lost, the server refuses the list, or it names messages otherwise than when they were listed ([`Code::Identity`]):
    /// what is missing under its name is not gone then.
    pub(in crate::source::pop3) async fn maildrop(&mut self) -> Result<Arc<Maildrop>> {
        if let Some(maildrop) = &self.maildrop {
            return Ok(Arc::clone(maildrop));
        }
        let maildrop = self.list().await?;
        if self.habits.cursor().is_some_and(|listed| maildrop.is_renumbered(&listed.known)) {
            return Err(self.other_maildrop());
        }
        Ok(Arc::clone(self.maildrop.insert(maildrop)))
    }

    /// The messages as they are now, whatever they were: a session shows them as they were at its sign-in.
    ///
    /// # Errors
    /// As [`Link::renew`]; the server refuses the list.
    pub(in crate::source::pop3) async fn fresh_maildrop(&mut self) -> Result<Arc<Maildrop>> {
        if self.told {
            self.renew().await?;
        }
        let maildrop = match &self.maildrop {
            Some(maildrop) => Arc::clone(maildrop),
            None => self.list().await?,
        };
        (self.maildrop, self.told) = (Some(Arc::clone(&maildrop)), true);
        Ok(maildrop)
    }

    /// What was told of this session's messages is not to be relied on.
    pub(in crate::source::pop3) fn forget_maildrop(&mut self) {
        self.maildrop = None;
    }

    /// The maildrop is not the one that was listed.
    pub(in crate::source::pop3) fn other_maildrop(&self) -> crate::error::Error {
        self.error(Code::Identity, Disposition::RetryAfter(None)).scoped(Scope::Folder)
    }

    async fn list(&mut self) -> Result<Arc<Maildrop>> {
        let mut told = Told::default();
        let commands = [Command::List, Command::Uidl];
        if self.pipelines {
            commands.iter().for_each(|command| self.connection.queue(command));
        }
        for command in commands {
            if !self.pipelines {
                self.connection.queue(&command);
            }
            self.listing(&command, &mut told).await?;
        }
        let before = self.habits.cursor();
        let repeated = told.repeated(before.as_ref().map_or(&Default::default(), |cursor| &cursor.repeated));
        let contents = self.contents(told.nameless(&repeated)).await?;
        Ok(Arc::new(told.named(&contents, repeated)))
    }

    /// Reads a reply to LIST or UIDL. A server without unique ids refuses the second.
    async fn listing(&mut self, command: &Command, told: &mut Told) -> Result<()> {
        let mut lines = 0;
        loop {
            match self.connection.event().await? {
                Event::ListingEnd => return Ok(()),
                Event::Status(reply) if !reply.ok && *command == Command::List => {
                    return Err(self.connection.refusal(&reply));
                }
                // One that fails for now would make every message a new one.
                Event::Status(reply) if !reply.ok && reply.code.is_none() => return Ok(()),
                Event::Status(reply) => return Err(self.connection.refusal(&reply)),
                Event::Line(line) => {
                    lines += 1;
                    if lines > limits::POP3_MESSAGES {
                        let endless = self.error(Code::Protocol, Disposition::GiveUp);
                        return Err(endless.with_reply("a listing without an end"));
                    }
                    match command {
                        Command::List => Size::read(&line).into_iter().for_each(|size| told.size(size)),
                        _ => UniqueId::read(&line).into_iter().for_each(|id| told.uidl(id)),
                    }
                }
                _ => return Err(self.error(Code::Protocol, Disposition::RetryAfter(None))),
            }
        }
    }

    /// The hashes of these messages, which have no other name. Those that are refused twice are left out.
    async fn contents(&mut self, nameless: Vec<u32>) -> Result<BTreeMap<u32, BodyHash>> {
        let mut contents = BTreeMap::new();
        let mut asked = nameless;
        for _ in 0..2 {
            let mut refused = Vec::new();
            self.read(Part::Whole, asked, |number, answer| {
                match answer {
                    Answer::Body(body) => drop(contents.insert(number, body.hash().map_err(spool)?)),
                    Answer::Refused(reply) => refused.push((number, reply)),
                }
                Ok(())
            })
            .await?;
            if let Some(error) = refused.iter().find_map(|(_, reply)| self.more_than_a_message(reply)) {
                return Err(error);
            }
            asked = refused.into_iter().map(|(number, _)| number).collect();
        }
        Ok(contents)
    }
}
