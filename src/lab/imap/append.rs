//! APPEND and MULTIAPPEND: all messages of one command are stored, or none (RFC 3502).

use bytes::Bytes;

use super::{
    AppendRules, Verb,
    parse::{AppendCommand, AppendMessage, Part, Scanner, write_set},
    receive::Request,
    reply::Reply,
    session::{Answer, Session},
};
use crate::{
    clock,
    lab::mailstore::{Content, NewMessage},
    limits,
    model::{Flags, ReceivedAt, SystemFlags},
};

impl Session {
    /// What can be said before a literal is read: a refusal then costs a synchronising client no upload.
    pub(super) fn refuse_literal(&self, request: &Request, len: u64, synchronising: bool) -> Option<Reply> {
        let persona = self.persona();
        if let Some(refusal) = self.refuse_state(request.verb) {
            return Some(refusal);
        }
        let Some(mailbox) = message_follows(request) else {
            let short = len <= limits::LAB_COMMAND_LINE as u64;
            return (!short).then(|| Reply::bad(persona.wording.malformed("a shorter literal")));
        };
        if len > persona.append.max_size {
            return Some(Reply::no(persona.wording.too_big()));
        }
        if len == 0 {
            return Some(Reply::no("Can't save a zero byte message."));
        }
        let mailbox = self.spelled(&mailbox);
        let missing = synchronising && self.mailstore().read(|m| m.folder(&mailbox).is_none());
        missing.then(|| Reply::no(persona.wording.try_create()))
    }

    pub(super) fn append(&mut self, command: AppendCommand) -> Answer {
        let persona = self.persona();
        if command.messages.len() > 1 && !self.offers("MULTIAPPEND") {
            return Ok(Reply::bad(persona.wording.malformed("one message")));
        }
        if persona.append.read_only {
            return Ok(Reply::no(persona.wording.read_only()));
        }
        let mut messages = Vec::new();
        for message in command.messages {
            match self.accept(message) {
                Ok(new) => messages.push(new),
                Err(refusal) => return Ok(refusal),
            }
        }
        Ok(self.store_all(&command.mailbox, messages))
    }

    /// Stores checked messages.
    fn store_all(&mut self, mailbox: &[u8], messages: Vec<NewMessage>) -> Reply {
        let persona = self.persona();
        let rules = &persona.append;
        let shown = (!rules.shown_after.is_zero()).then(|| clock::instant() + rules.shown_after);
        let size: u64 = messages.iter().map(|m| m.content.len()).sum();
        let stored = self.mailstore().write(|store| {
            if rules.quota.is_some_and(|quota| store.bytes() + size > quota) {
                return Err(Reply::no(persona.wording.over_quota()));
            }
            let folder = store.folder_mut(mailbox).filter(|folder| folder.selectable);
            let folder = folder.ok_or_else(|| Reply::no(persona.wording.try_create()))?;
            let uids: Vec<u32> = messages.into_iter().map(|new| folder.append(new, shown)).collect();
            Ok((folder.validity, uids))
        });
        match stored {
            Err(refusal) => refusal,
            Ok((validity, uids)) if self.offers("UIDPLUS") => {
                Reply::ok(format!("[APPENDUID {validity} {}] APPEND completed.", write_set(uids)))
            }
            Ok(_) => Reply::ok("APPEND completed."),
        }
    }

    /// Checks one message against the rules.
    fn accept(&self, message: AppendMessage) -> Result<NewMessage, Reply> {
        let persona = self.persona();
        let (rules, wording) = (&persona.append, persona.wording);
        if rules.refuse_nul && message.bytes.contains(&0) {
            return Err(Reply::bad(wording.nul()));
        }
        if rules.refuse_bare_newline && has_bare_newline(&message.bytes) {
            return Err(Reply::no(wording.bare_newline()));
        }
        if rules.max_line.is_some_and(|most| longest_line(&message.bytes) > most) {
            return Err(Reply::bad(wording.long_line()));
        }
        let flags = rules.flags(&message.flags).ok_or_else(|| Reply::bad(wording.unknown_flag()))?;
        let received_at = message.received_at.unwrap_or_else(now);
        Ok(NewMessage { content: Content::Stored(message.bytes), flags, received_at })
    }
}

impl AppendRules {
    /// The flags of these names; `None` where one is not taken (quirk 76).
    pub(super) fn flags(&self, names: &[String]) -> Option<Flags> {
        let known = |name: &String| match name.starts_with('\\') {
            true => SystemFlags::named(name).is_some(),
            false => self.any_keyword || self.keywords.iter().any(|k| k.eq_ignore_ascii_case(name)),
        };
        names.iter().all(known).then(|| Flags::from_names(names.iter().map(String::as_str)))
    }
}

/// The mailbox of an APPEND whose next literal is a message, not the mailbox's name.
fn message_follows(request: &Request) -> Option<Vec<u8>> {
    if request.verb != Verb::Append {
        return None;
    }
    let mut scan = Scanner::new(&request.parts);
    scan.space().ok()?;
    let named = match request.parts.as_slice() {
        [Part::Text(text)] => text.len() > 1,
        _ => true,
    };
    if named { scan.astring().ok() } else { None }
}

fn now() -> ReceivedAt {
    ReceivedAt { unix: clock::unix_now(), offset: 0 }
}

fn has_bare_newline(bytes: &Bytes) -> bool {
    let mut before = 0;
    bytes.iter().any(|&byte| {
        let bare = byte == b'\n' && before != b'\r';
        before = byte;
        bare
    })
}

fn longest_line(bytes: &Bytes) -> usize {
    bytes.split(|&b| b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line).len()).max().unwrap_or(0)
}
