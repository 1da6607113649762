//! CREATE, DELETE, RENAME, SUBSCRIBE and QUOTA (RFC 3501 §6.3, RFC 9208).

use super::{
    Verb,
    parse::Command,
    reply::Reply,
    session::{Answer, Session, completed},
};

impl Session {
    /// The command with folders named as they are spelled, where the server does not mind the case of names.
    pub(super) fn respelled(&self, mut command: Command) -> Command {
        if !self.persona().folders.case_insensitive {
            return command;
        }
        let name = match &mut command {
            Command::Select { mailbox, .. } | Command::Copy { mailbox, .. } => mailbox,
            Command::Append(append) => &mut append.mailbox,
            Command::Delete(name)
            | Command::Rename(name, _)
            | Command::Subscribe(name, _)
            | Command::Status(name, _) => name,
            _ => return command,
        };
        *name = self.spelled(name);
        command
    }

    pub(super) fn spelled(&self, name: &[u8]) -> Vec<u8> {
        let found = self.mailstore().read(|mailbox| {
            let mut names = mailbox.folders().map(|(have, _)| have);
            names.find(|have| have.eq_ignore_ascii_case(name)).map(<[u8]>::to_vec)
        });
        found.filter(|_| self.persona().folders.case_insensitive).unwrap_or_else(|| name.to_vec())
    }

    pub(super) fn create(&mut self, name: &[u8]) -> Answer {
        let persona = self.persona();
        let wording = persona.wording;
        let delimiter = self.mailstore().read(|mailbox| mailbox.delimiter) as u8;
        let name = name.strip_suffix(&[delimiter]).unwrap_or(name);
        let trimmed: Vec<&[u8]> = name.split(|b| *b == delimiter).map(<[u8]>::trim_ascii).collect();
        let trimmed = trimmed.join(&delimiter);
        let name = if persona.folders.trims_names { &trimmed } else { name };
        if persona.append.read_only {
            return Ok(Reply::no(wording.read_only()));
        }
        if !is_modified_utf7(name) || name.is_empty() || name.split(|b| *b == delimiter).any(<[u8]>::is_empty) {
            return Ok(Reply::no("[CANNOT] Invalid mailbox name."));
        }
        let personal = persona.manner.namespaces.personal.as_bytes();
        if !name.starts_with(personal) {
            return Ok(Reply::no("[CANNOT] Invalid mailbox name: not in your namespace."));
        }
        if persona.folders.reserved.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(name)) {
            return Ok(Reply::no(wording.reserved()));
        }
        let created = self.mailstore().write(|mailbox| {
            let same = |have: &[u8]| persona.folders.case_insensitive && have.eq_ignore_ascii_case(name);
            let taken = mailbox.folders().any(|(have, folder)| folder.selectable && same(have));
            !taken && mailbox.create(name).is_ok()
        });
        Ok(if created { completed(Verb::Create) } else { Reply::no(wording.folder_exists()) })
    }

    pub(super) fn delete(&mut self, name: &[u8]) -> Answer {
        let wording = self.persona().wording;
        if self.persona().append.read_only {
            return Ok(Reply::no(wording.read_only()));
        }
        if self.view.as_ref().is_some_and(|view| view.name == name) {
            self.view = None;
        }
        let deleted = self.mailstore().write(|mailbox| mailbox.delete(name));
        Ok(if deleted { completed(Verb::Delete) } else { Reply::no(wording.no_folder()) })
    }

    pub(super) fn rename(&mut self, from: &[u8], to: &[u8]) -> Answer {
        let wording = self.persona().wording;
        if self.persona().append.read_only {
            return Ok(Reply::no(wording.read_only()));
        }
        if !is_modified_utf7(to) {
            return Ok(Reply::no("[CANNOT] Invalid mailbox name."));
        }
        Ok(match self.mailstore().write(|mailbox| mailbox.rename(from, to)) {
            Ok(true) => {
                if let Some(view) = self.view.as_mut().filter(|view| view.name == from) {
                    view.name = to.to_vec();
                }
                completed(Verb::Rename)
            }
            Ok(false) => Reply::no(wording.no_folder()),
            Err(_) => Reply::no(wording.folder_exists()),
        })
    }

    pub(super) fn subscribe(&mut self, verb: Verb, name: &[u8], on: bool) -> Answer {
        let found = self.mailstore().write(|mailbox| mailbox.folder_mut(name).map(|folder| folder.subscribed = on));
        Ok(if found.is_some() { completed(verb) } else { Reply::no(self.persona().wording.no_folder()) })
    }

    pub(super) fn get_quota(&mut self, root: &[u8]) -> Answer {
        if !root.is_empty() {
            return Ok(Reply::no("[NONEXISTENT] No such quota root."));
        }
        self.tell_quota();
        Ok(completed(Verb::GetQuota))
    }

    pub(super) fn get_quota_root(&mut self, name: &[u8]) -> Answer {
        if self.mailstore().read(|mailbox| mailbox.folder(name).is_none()) {
            return Ok(Reply::no(self.persona().wording.no_folder()));
        }
        let root = if self.persona().append.quota.is_some() { " \"\"" } else { "" };
        self.wire.raw(&[b"* QUOTAROOT ", &self.persona().manner.name(name)[..], root.as_bytes(), b"\r\n"].concat());
        self.tell_quota();
        Ok(completed(Verb::GetQuotaRoot))
    }

    fn tell_quota(&mut self) {
        if let Some(limit) = self.persona().append.quota {
            let used = self.mailstore().read(|mailbox| mailbox.bytes());
            self.wire.line(format!("* QUOTA \"\" (STORAGE {} {})", used.div_ceil(1024), limit / 1024));
        }
    }
}

/// Whether a name is modified UTF-7 in its one canonical form (RFC 3501 §5.1.3): printable ASCII, `&` only as the start of a
/// shift that decodes to UTF-16 without printable ASCII in it, no shift behind a shift.
fn is_modified_utf7(name: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(name) else { return false };
    let mut rest = text;
    let mut after_shift = false;
    while let Some(character) = rest.chars().next() {
        if character != '&' {
            if !(' '..='~').contains(&character) {
                return false;
            }
            after_shift = false;
            rest = &rest[1..];
            continue;
        }
        let Some(end) = rest.find('-') else { return false };
        let shifted = &rest[1..end];
        if !shifted.is_empty() && (after_shift || !is_shift(shifted)) {
            return false;
        }
        after_shift = !shifted.is_empty();
        rest = &rest[end + 1..];
    }
    true
}

fn is_shift(base64: &str) -> bool {
    use base64::{
        Engine, alphabet,
        engine::{GeneralPurpose, general_purpose::NO_PAD},
    };
    let engine = GeneralPurpose::new(&alphabet::IMAP_MUTF7, NO_PAD);
    let Ok(bytes) = engine.decode(base64) else { return false };
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    bytes.len() % 2 == 0 && String::from_utf16(&units).is_ok_and(|text| text.chars().all(|c| !(' '..='~').contains(&c)))
}

#[cfg(test)]
mod tests {
    use super::is_modified_utf7;

    #[test]
    fn only_the_canonical_form_is_a_name() {
        for good in ["INBOX", "Entw&APw-rfe", "&U,BTFw-", "a&-b", "Gesendete \"Objekte\""] {
            assert!(is_modified_utf7(good.as_bytes()), "{good}");
        }
        for bad in ["Entwürfe", "a&b", "&AGE-", "&U,BTFw", "a\tb", "&APw-&APw-", "&AP-"] {
            assert!(!is_modified_utf7(bad.as_bytes()), "{bad}");
        }
    }
}
