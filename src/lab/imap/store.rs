//! STORE (RFC 3501 §6.4.6, RFC 7162 §3.1.3).

use super::{
    Verb,
    parse::{StoreCommand, StoreMode, write_set},
    reply::Reply,
    session::{Answer, Session, completed},
    view::Place,
};
use crate::{lab::mailstore::Message, model::Flags};

/// What STORE did.
#[derive(Default)]
struct Stored {
    changed: Vec<(Place, Message)>,
    /// Changed since the client's modification sequence, so left alone.
    modified: Vec<Place>,
}

impl Session {
    pub(super) fn store(&mut self, by_uid: bool, command: &StoreCommand) -> Answer {
        let persona = self.persona();
        if command.unchanged_since.is_some() && !self.offers("CONDSTORE") {
            return Ok(self.not_offered(Verb::Store));
        }
        let Some(flags) = persona.append.flags(&command.flags) else {
            return Ok(Reply::bad(persona.wording.unknown_flag()));
        };
        let store = self.mailstore();
        let Some(view) = &mut self.view else { return Ok(Reply::bad(persona.wording.wrong_state())) };
        if view.read_only || persona.append.read_only {
            return Ok(Reply::no(persona.wording.read_only()));
        }
        let Some(places) = view.resolve(&command.set, by_uid) else {
            return Ok(Reply::bad("The specified message set is invalid."));
        };
        let stored = store.write(|mailbox| {
            let mut stored = Stored::default();
            let Some(folder) = mailbox.folder_mut(&view.name) else { return stored };
            let up_to_date = folder.modseq() == view.told;
            for place in places {
                let Some(message) = folder.message(place.uid) else { continue };
                if command.unchanged_since.is_some_and(|since| message.modseq > since) {
                    stored.modified.push(place);
                } else if let Some(message) = folder.set_flags(place.uid, |have| apply(command.mode, have, &flags)) {
                    stored.changed.push((place, message.clone()));
                }
            }
            if up_to_date {
                view.told = folder.modseq();
            }
            stored
        });
        self.enabled.condstore |= command.unchanged_since.is_some();
        Ok(self.tell_stored(by_uid, command, stored))
    }

    fn tell_stored(&mut self, by_uid: bool, command: &StoreCommand, stored: Stored) -> Reply {
        // RFC 7162 §3.1.3: with CONDSTORE even .SILENT tells the new modification sequence.
        for (place, message) in &stored.changed {
            if !command.silent {
                self.tell_flags(place.sequence, message, by_uid);
            } else if self.enabled.condstore {
                let (sequence, uid, modseq) = (place.sequence, message.uid, message.modseq);
                self.wire.line(format!("* {sequence} FETCH (UID {uid} MODSEQ ({modseq}))"));
            }
        }
        if stored.modified.is_empty() {
            return completed(Verb::Store);
        }
        let number = |place: &Place| if by_uid { place.uid } else { place.sequence };
        Reply::ok(format!("[MODIFIED {}] STORE completed.", write_set(stored.modified.iter().map(number))))
    }
}

fn apply(mode: StoreMode, have: &mut Flags, flags: &Flags) {
    match mode {
        StoreMode::Replace => *have = flags.clone(),
        StoreMode::Add => {
            have.system = have.system.union(flags.system);
            have.keywords.extend(flags.keywords.iter().cloned());
        }
        StoreMode::Remove => {
            have.system = have.system.without(flags.system);
            have.keywords.retain(|keyword| !flags.keywords.contains(keyword));
        }
    }
}
