//! A command's completion, and a folder that is open.

use super::{Attributes, Command, Connection, Event, ResponseCode, Tag, Tagged, Verdict, refusal::Place, utf7};
use crate::{
    error::{Code, Error, Result, Scope},
    model::FolderName,
};

/// A command's completion and what was told before it.
#[derive(Clone, Debug)]
pub struct Completed {
    /// The tagged reply.
    pub tagged: Tagged,
    /// The untagged ones, in order.
    pub untagged: Vec<Event>,
    pub(super) place: Place,
}

impl Completed {
    /// This, if the verdict is OK.
    ///
    /// # Errors
    /// The verdict is NO or BAD: see [`Connection::refusal`].
    pub fn ok(self) -> Result<Completed> {
        if self.tagged.verdict == Verdict::Ok { Ok(self) } else { Err(self.place.refusal(&self.tagged)) }
    }
}

/// What is known of a folder from before (RFC 7162 §3.2.5).
#[derive(Clone, Copy, Debug)]
pub struct Resync {
    /// UIDVALIDITY.
    pub validity: u32,
    /// HIGHESTMODSEQ.
    pub modseq: u64,
}

/// A folder that is open.
#[derive(Clone, Debug, Default)]
pub struct Selected {
    /// UIDVALIDITY; 0 where the server tells none.
    pub validity: u32,
    /// UIDNEXT; Courier tells none (quirk 83).
    pub next: Option<u32>,
    /// Messages.
    pub exists: u32,
    /// HIGHESTMODSEQ; `None` without CONDSTORE or with NOMODSEQ.
    pub modseq: Option<u64>,
    /// PERMANENTFLAGS; `\*` means any keyword. `None` where the server tells none: then all may be kept (RFC 3501 §7.1).
    pub permanent_flags: Option<Vec<String>>,
    /// It may not be changed.
    pub read_only: bool,
    /// UIDs that are gone since, as ranges.
    pub vanished: Vec<(u32, u32)>,
    /// Messages that are new or changed since.
    pub changed: Vec<Attributes>,
}

impl Selected {
    /// Takes note of what is told while the folder is opened.
    pub fn learn(&mut self, event: Event) {
        match event {
            Event::Exists(count) => self.exists = count,
            Event::Vanished { ranges, .. } => self.vanished.extend(ranges),
            Event::Fetch(told) => self.changed.push(*told),
            Event::Condition(_, code, _) => self.learn_code(code),
            _ => {}
        }
    }

    /// Takes note of the code of the completion.
    pub fn learn_code(&mut self, code: ResponseCode) {
        match code {
            ResponseCode::UidValidity(validity) => self.validity = validity,
            ResponseCode::UidNext(next) => self.next = Some(next),
            ResponseCode::HighestModSeq(modseq) => self.modseq = Some(modseq),
            ResponseCode::NoModSeq => self.modseq = None,
            ResponseCode::PermanentFlags(flags) => self.permanent_flags = Some(flags),
            ResponseCode::ReadOnly => self.read_only = true,
            // What came before belongs to the folder that was open (RFC 7162 §3.2.11).
            ResponseCode::Other(word, _) if word == "CLOSED" => *self = Selected::default(),
            _ => {}
        }
    }
}

impl Connection {
    /// Opens a folder, read-only with `examine`. Nothing else may be in flight.
    ///
    /// With `resync` (and [`super::Server::qresync`]) the server tells in [`Selected::vanished`] and [`Selected::changed`]
    /// what happened since. They are kept in memory: where much may have changed, open without and ask by
    /// `UID FETCH … (CHANGEDSINCE … VANISHED)`, which comes event by event.
    ///
    /// # Errors
    /// As [`Connection::event`]; [`Code::FolderSelect`], scope folder, where the server refuses.
    pub async fn select(&mut self, folder: &FolderName, examine: bool, resync: Option<Resync>) -> Result<Selected> {
        let command = self.opening(folder, examine, resync);
        let tag = self.queue(command);
        self.selected(folder, examine, tag).await
    }

    /// Opens a folder as [`Connection::select`] does, with `next` sent behind it in the same round trip; the replies to it follow.
    ///
    /// # Errors
    /// As [`Connection::select`]; then `next` is answered too.
    pub async fn select_then(&mut self, folder: &FolderName, examine: bool, next: Command) -> Result<(Selected, Tag)> {
        let command = self.opening(folder, examine, None);
        let (tag, next) = (self.queue(command), self.queue(next));
        match self.selected(folder, examine, tag).await {
            Ok(selected) => Ok((selected, next)),
            Err(refused) if refused.scope() <= Scope::Folder => {
                self.completion(next).await?;
                Err(refused)
            }
            Err(error) => Err(error),
        }
    }

    /// Queues an EXAMINE; what is told before its completion is for [`Selected::learn`], a refusal for [`Connection::not_opened`].
    pub fn queue_examine(&mut self, folder: &FolderName) -> Tag {
        let command = self.opening(folder, true, None);
        self.queue(command)
    }

    fn opening(&self, folder: &FolderName, examine: bool, resync: Option<Resync>) -> Command {
        let command = Command::new(if examine { "EXAMINE" } else { "SELECT" }).folder(folder);
        match resync.filter(|_| self.server().qresync) {
            Some(Resync { validity, modseq }) => command.word(&format!("(QRESYNC ({validity} {modseq}))")),
            None if self.server().has("CONDSTORE") => command.word("(CONDSTORE)"),
            None => command,
        }
    }

    async fn selected(&mut self, folder: &FolderName, examine: bool, tag: Tag) -> Result<Selected> {
        let done = self.completion(tag).await?;
        if done.tagged.verdict != Verdict::Ok {
            return Err(self.not_opened(folder, &done.tagged));
        }
        let mut selected = Selected::default();
        done.untagged.into_iter().for_each(|event| selected.learn(event));
        selected.learn_code(done.tagged.code);
        selected.read_only |= examine;
        Ok(selected)
    }

    /// What a NO or a BAD to any command means, by its response code (RFC 5530) and by the words servers use: throttled, mailbox
    /// full, not permitted, no such folder, no access (quirk 13); else [`Code::Server`] for NO and [`Code::Protocol`] for BAD.
    pub fn refusal(&self, tagged: &Tagged) -> Error {
        self.place().refusal(tagged)
    }

    /// What a refusal to open this folder means ([`Code::FolderSelect`], scope folder, unless more must stop).
    pub fn not_opened(&self, folder: &FolderName, tagged: &Tagged) -> Error {
        let refusal = self.refusal(tagged);
        if refusal.scope() > Scope::Folder {
            return refusal;
        }
        let reply = refusal.reply().unwrap_or_default().to_owned();
        let name = utf7::decode(folder.as_bytes());
        self.place().error(Code::FolderSelect, Scope::Folder, refusal.disposition()).about(name).with_reply(reply)
    }
}
