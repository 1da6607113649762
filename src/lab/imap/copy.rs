//! COPY and MOVE (RFC 3501 §6.4.7, RFC 6851), with COPYUID (RFC 4315).

use super::{
    Verb,
    parse::{NumberSet, write_set},
    reply::Reply,
    session::{Answer, Session},
};
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
        if persona.folders.refuses_copies && !moving {
            return Ok(Reply::no("Messages are not copied here."));
        }
        let name = view.name.clone();
        let uids: Vec<u32> = places.iter().map(|place| place.uid).collect();
        let done = self.mailstore().write(|mailbox| mailbox.transfer(&name, target, &uids, moving));
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
