//! COPY and MOVE (RFC 3501 §6.4.7, RFC 6851), with COPYUID (RFC 4315).

use super::{
    Verb,
    parse::{NumberSet, write_set},
    reply::Reply,
    session::{Answer, Session},
    view::Place,
};
use crate::lab::mailstore::{Mailbox, NewMessage};

impl Session {
    pub(super) fn copy(&mut self, by_uid: bool, set: &NumberSet, target: &[u8], moving: bool) -> Answer {
        let persona = self.persona();
        let Some(view) = &self.view else { return Ok(Reply::bad(persona.wording.wrong_state())) };
        let Some(places) = view.resolve(set, by_uid) else {
            return Ok(Reply::bad("The specified message set is invalid."));
        };
        if persona.append.read_only || moving && view.read_only {
            return Ok(Reply::no(persona.wording.read_only()));
        }
        let name = view.name.clone();
        let done = self.mailstore().write(|mailbox| transfer(mailbox, &name, target, &places, moving));
        let Some((validity, pairs)) = done else { return Ok(Reply::no(persona.wording.try_create())) };
        let verb = if moving { Verb::Move } else { Verb::Copy };
        Ok(self.tell_copied(verb, validity, &pairs))
    }

    /// COPYUID comes with the completion of COPY and before the EXPUNGE replies of MOVE (RFC 6851 §4.3).
    fn tell_copied(&mut self, verb: Verb, validity: u32, pairs: &[(u32, u32)]) -> Reply {
        let word = verb.word();
        if pairs.is_empty() || !self.offers("UIDPLUS") {
            return Reply::ok(format!("{word} completed."));
        }
        let from = write_set(pairs.iter().map(|(from, _)| *from));
        let to = write_set(pairs.iter().map(|(_, to)| *to));
        let code = format!("[COPYUID {validity} {from} {to}]");
        if verb == Verb::Copy {
            return Reply::ok(format!("{code} {word} completed."));
        }
        let bare = self.persona().session.bare_copyuid;
        self.wire.line(if bare { code } else { format!("* OK {code} Moved UIDs.") });
        Reply::ok(format!("{word} completed."))
    }
}

/// Copies within the mailbox; returns the target's UIDVALIDITY and the pairs of UIDs.
fn transfer(
    mailbox: &mut Mailbox,
    from: &[u8],
    to: &[u8],
    places: &[Place],
    moving: bool,
) -> Option<(u32, Vec<(u32, u32)>)> {
    mailbox.folder(to).filter(|folder| folder.selectable)?;
    let source = mailbox.folder_mut(from)?;
    let copies: Vec<(u32, NewMessage)> = places
        .iter()
        .filter_map(|place| source.message(place.uid))
        .map(|message| (message.uid, message.again()))
        .collect();
    if moving {
        let moved: Vec<u32> = copies.iter().map(|(uid, _)| *uid).collect();
        source.expunge(|m| moved.binary_search(&m.uid).is_ok());
    }
    let target = mailbox.folder_mut(to)?;
    Some((target.validity, copies.into_iter().map(|(uid, new)| (uid, target.append(new, None))).collect()))
}
