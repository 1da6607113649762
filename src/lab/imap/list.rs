//! LIST, LSUB and STATUS (RFC 3501 §6.3, RFC 5258, RFC 5819, RFC 6154).

use super::{
    Verb,
    auth::escaped,
    parse::{ListCommand, StatusItem},
    pattern::matches,
    reply::Reply,
    session::{Answer, Session, completed},
};
use crate::{
    clock,
    lab::mailstore::{Folder, Mailbox},
    model::{Role, SystemFlags},
};

impl Session {
    pub(super) fn list(&mut self, command: &ListCommand) -> Answer {
        let special = command.only_special && !self.offers("SPECIAL-USE");
        let status = command.return_status.is_some() && !self.offers("LIST-STATUS");
        if command.extended && (!self.offers("LIST-EXTENDED") || self.enabled.rev2) || special || status {
            return Ok(self.not_offered(Verb::List));
        }
        if self.enabled.rev2 && std::mem::replace(&mut self.enabled.rev2_listed, true) {
            return Ok(Reply::no("[SERVERBUG] Internal server error"));
        }
        if !command.extended && command.patterns.iter().all(Vec::is_empty) {
            let delimiter = self.mailstore().read(|mailbox| mailbox.delimiter);
            self.wire.line(format!("* LIST (\\Noselect) \"{}\" \"\"", escaped(delimiter)));
            return Ok(completed(Verb::List));
        }
        for line in self.mailstore().read(|mailbox| self.list_lines(mailbox, command)) {
            self.wire.raw(&line);
        }
        Ok(completed(Verb::List))
    }

    fn list_lines(&self, mailbox: &Mailbox, command: &ListCommand) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        for (name, folder) in picked(mailbox, command) {
            if command.only_subscribed && !folder.subscribed || command.only_special && folder.role.is_none() {
                continue;
            }
            let mut attributes = self.attributes(mailbox, name, folder);
            if folder.subscribed && (command.only_subscribed || command.return_subscribed) {
                attributes.push("\\Subscribed".to_owned());
            }
            lines.push(self.entry("LIST", &attributes, mailbox.delimiter, name));
            if let Some(items) = command.return_status.as_ref().filter(|_| folder.selectable) {
                lines.push(self.status_line(name, folder, items));
            }
        }
        lines
    }

    fn attributes(&self, mailbox: &Mailbox, name: &[u8], folder: &Folder) -> Vec<String> {
        let mut attributes = folder.attributes.clone();
        if !folder.selectable {
            attributes.push("\\Noselect".to_owned());
        }
        if self.offers("CHILDREN") {
            attributes.push(if mailbox.has_children(name) { "\\HasChildren" } else { "\\HasNoChildren" }.to_owned());
        }
        let shown = self.offers("SPECIAL-USE") || self.persona().folders.unasked_special_use;
        if let Some(role) = folder.role.filter(|role| shown && *role != Role::Inbox) {
            attributes.push(attribute(role));
        }
        attributes
    }

    /// One line; see [`super::Manner::names`] and [`super::FolderRules::bare_control_names`].
    fn entry(&self, word: &str, attributes: &[String], delimiter: char, name: &[u8]) -> Vec<u8> {
        let persona = self.persona();
        let rules = &persona.folders;
        let head = format!("* {word} ({}) \"{}\" ", attributes.join(" "), escaped(delimiter));
        let name = if name == b"INBOX" { rules.inbox.as_bytes() } else { name };
        let bare = rules.bare_control_names && name.iter().any(u8::is_ascii_control);
        let name = if bare { name.to_vec() } else { persona.manner.name(name) };
        [head.as_bytes(), &name, b"\r\n"].concat()
    }

    pub(super) fn lsub(&mut self, command: &ListCommand) -> Answer {
        if self.enabled.rev2 {
            return Ok(self.not_offered(Verb::Lsub));
        }
        let lines = self.mailstore().read(|mailbox| {
            let subscribed = picked(mailbox, command).into_iter().filter(|(_, folder)| folder.subscribed);
            subscribed.map(|(name, _)| self.entry("LSUB", &[], mailbox.delimiter, name)).collect::<Vec<_>>()
        });
        lines.iter().for_each(|line| self.wire.raw(line));
        Ok(completed(Verb::Lsub))
    }

    pub(super) fn status(&mut self, name: &[u8], items: &[StatusItem]) -> Answer {
        let condstore = items.contains(&StatusItem::HighestModSeq) && !self.offers("CONDSTORE");
        let limit = items.contains(&StatusItem::AppendLimit) && !self.offers("APPENDLIMIT");
        let size = items.contains(&StatusItem::Size) && !self.offers("STATUS=SIZE");
        if condstore || limit || size {
            return Ok(self.not_offered(Verb::Status));
        }
        let line = self.mailstore().read(|mailbox| {
            let folder = mailbox.folder(name).filter(|folder| folder.selectable)?;
            Some(self.status_line(name, folder, items))
        });
        let Some(line) = line else { return Ok(Reply::no(self.persona().wording.no_folder())) };
        self.wire.raw(&line);
        Ok(completed(Verb::Status))
    }

    fn status_line(&self, name: &[u8], folder: &Folder, items: &[StatusItem]) -> Vec<u8> {
        let now = clock::instant();
        let value = |item: &StatusItem| match item {
            StatusItem::Messages => folder.visible(now).count() as u64,
            StatusItem::Recent => 0,
            StatusItem::UidNext => folder.next().into(),
            StatusItem::UidValidity => folder.validity.into(),
            StatusItem::Unseen => {
                folder.visible(now).filter(|m| !m.flags.system.contains(SystemFlags::SEEN)).count() as u64
            }
            StatusItem::HighestModSeq => folder.modseq(),
            StatusItem::AppendLimit => self.persona().append.max_size,
            StatusItem::Size => folder.visible(now).map(|m| m.content.len()).sum(),
        };
        let values: Vec<String> = items.iter().map(|item| format!("{} {}", item.word(), value(item))).collect();
        [b"* STATUS ", &self.persona().manner.name(name)[..], format!(" ({})\r\n", values.join(" ")).as_bytes()]
            .concat()
    }
}

/// The folders that one of the patterns matches.
fn picked<'a>(mailbox: &'a Mailbox, command: &ListCommand) -> Vec<(&'a [u8], &'a Folder)> {
    let patterns: Vec<Vec<u8>> =
        command.patterns.iter().map(|pattern| [&command.reference[..], pattern].concat()).collect();
    let wanted = |name: &[u8]| patterns.iter().any(|pattern| matches(pattern, name, mailbox.delimiter as u8));
    mailbox.folders().filter(|(name, _)| wanted(name)).collect()
}

fn attribute(role: Role) -> String {
    let word = role.word();
    let (first, rest) = word.split_at(1);
    format!("\\{}{rest}", first.to_ascii_uppercase())
}
