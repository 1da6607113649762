//! SELECT and EXAMINE (RFC 3501 §6.3.1, RFC 7162), CLOSE and EXPUNGE.

use std::collections::BTreeSet;

use super::{
    Verb,
    parse::{NumberSet, SelectParams, write_set},
    reply::Reply,
    session::{Answer, Session, completed},
    view::View,
};
use crate::{clock, lab::mailstore::Folder, model::SystemFlags};

const SYSTEM: &str = "\\Seen \\Answered \\Flagged \\Deleted \\Draft";

impl Session {
    pub(super) async fn select(&mut self, verb: Verb, name: &[u8], examine: bool, params: SelectParams) -> Answer {
        let persona = self.persona();
        self.view = None;
        if params.condstore && !self.offers("CONDSTORE") || params.qresync.is_some() && !self.enabled.qresync {
            return Ok(self.not_offered(verb));
        }
        if let Some(words) = persona.folders.unreadable.get(name) {
            return Ok(Reply::no(words.clone()));
        }
        self.enabled.condstore |= params.condstore;
        let store = self.mailstore();
        let opened = store.read(|mailbox| {
            let folder = mailbox.folder(name).filter(|folder| folder.selectable)?;
            let view = View::open(mailbox.canonical(name), folder, examine, clock::instant());
            let lines = self.select_lines(folder, &view, params.qresync);
            Some((view, lines))
        });
        let Some((view, lines)) = opened else { return Ok(Reply::no(persona.wording.no_folder())) };
        lines.iter().for_each(|line| self.wire.line(line));
        self.view = Some(view);
        let access = if examine { "READ-ONLY" } else { "READ-WRITE" };
        Ok(Reply::ok(format!("[{access}] {} completed.", verb.word())))
    }

    fn select_lines(&self, folder: &Folder, view: &View, known: Option<(u32, u64)>) -> Vec<String> {
        let rules = &self.persona().append;
        let used = folder.messages().iter().flat_map(|m| &m.flags.keywords).map(String::as_str);
        let keywords: BTreeSet<&str> = used.chain(rules.keywords.iter().copied()).collect();
        let flags = std::iter::once(SYSTEM).chain(keywords).collect::<Vec<_>>().join(" ");
        let permanent = match (view.read_only, rules.any_keyword) {
            (true, _) => String::new(),
            (false, true) => format!("{flags} \\*"),
            (false, false) => flags.clone(),
        };
        let mut lines = vec![
            format!("* {} EXISTS", view.len()),
            "* 0 RECENT".to_owned(),
            format!("* FLAGS ({flags})"),
            format!("* OK [PERMANENTFLAGS ({permanent})] Permanent flags"),
        ];
        let unseen = folder.visible(clock::instant()).position(|m| !m.flags.system.contains(SystemFlags::SEEN));
        lines.extend(unseen.map(|at| format!("* OK [UNSEEN {}] Is the first unseen message", at + 1)));
        lines.push(format!("* OK [UIDVALIDITY {}] UIDVALIDITY value", folder.validity));
        if !self.persona().manner.hides_uidnext {
            lines.push(format!("* OK [UIDNEXT {}] The next unique identifier value", folder.next()));
        }
        if self.offers("CONDSTORE") {
            lines.push(format!("* OK [HIGHESTMODSEQ {}] Highest", folder.modseq()));
        }
        if let Some((validity, modseq)) = known
            && validity == folder.validity
        {
            lines.extend(changes_since(folder, view, modseq));
        }
        lines
    }

    pub(super) fn close(&mut self) -> Answer {
        if let Some(view) = self.view.take()
            && !view.read_only
        {
            self.mailstore().write(|mailbox| mailbox.folder_mut(&view.name).map(|folder| folder.expunge(is_deleted)));
        }
        Ok(completed(Verb::Close))
    }

    pub(super) fn expunge(&mut self, verb: Verb, only: Option<&NumberSet>) -> Answer {
        let wording = self.persona().wording;
        let store = self.mailstore();
        let Some(view) = &self.view else { return Ok(Reply::bad(wording.wrong_state())) };
        if view.read_only || self.persona().append.read_only {
            return Ok(Reply::no(wording.read_only()));
        }
        let picked = only.map(|set| view.resolve(set, true).unwrap_or_default());
        store.write(|mailbox| {
            let folder = mailbox.folder_mut(&view.name)?;
            Some(folder.expunge(|m| {
                let named = picked.as_ref().is_none_or(|p| p.binary_search_by_key(&m.uid, |place| place.uid).is_ok());
                named && is_deleted(m)
            }))
        });
        Ok(completed(verb))
    }
}

fn is_deleted(message: &crate::lab::mailstore::Message) -> bool {
    message.flags.system.contains(SystemFlags::DELETED)
}

/// What QRESYNC tells of the time since `modseq` (RFC 7162 §3.2.5).
fn changes_since(folder: &Folder, view: &View, modseq: u64) -> Vec<String> {
    let mut gone: Vec<u32> = folder.expunged_since(modseq).collect();
    gone.sort_unstable();
    let mut lines = Vec::new();
    if !gone.is_empty() {
        lines.push(format!("* VANISHED (EARLIER) {}", write_set(gone)));
    }
    for message in folder.messages().iter().filter(|m| m.modseq > modseq) {
        if let Some(sequence) = view.sequence(message.uid) {
            let (uid, flags, modseq) = (message.uid, message.flags.encode(), message.modseq);
            lines.push(format!("* {sequence} FETCH (UID {uid} FLAGS ({flags}) MODSEQ ({modseq}))"));
        }
    }
    lines
}
