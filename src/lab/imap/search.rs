//! SEARCH and ESEARCH.

use chrono::NaiveDate;

use super::{
    Verb,
    header::header_fields,
    parse::{Key, SearchCommand, SearchReturn, write_set},
    reply::Reply,
    session::{Answer, Session, completed},
    view::View,
};
use crate::{
    lab::mailstore::Message,
    model::{Flags, SystemFlags},
};

impl Session {
    pub(super) fn search(&mut self, by_uid: bool, command: &SearchCommand) -> Answer {
        let verb = Verb::Search;
        let asks_modseq = command.keys.iter().any(|key| matches!(key, Key::ModSeq(_)));
        if command.result.is_some() && !self.offers("ESEARCH") || asks_modseq && !self.offers("CONDSTORE") {
            return Ok(self.not_offered(verb));
        }
        self.enabled.condstore |= asks_modseq;
        let store = self.mailstore();
        let Some(view) = &self.view else { return Ok(Reply::bad(self.persona().wording.wrong_state())) };
        let (found, modseq) = store.read(|mailbox| {
            let messages = mailbox.folder(&view.name).map(|folder| folder.messages()).unwrap_or_default();
            let hits = messages.iter().filter_map(|message| {
                let sequence = view.sequence(message.uid)?;
                let hit = command.keys.iter().all(|key| matches(key, sequence, message, view));
                hit.then_some((if by_uid { message.uid } else { sequence }, message.modseq))
            });
            hits.fold((Vec::new(), 0), |(mut numbers, highest): (Vec<u32>, u64), (number, modseq)| {
                numbers.push(number);
                (numbers, highest.max(modseq))
            })
        });
        let modseq = (asks_modseq && !found.is_empty()).then_some(modseq);
        match command.result {
            Some(wanted) => self.tell_esearch(by_uid, wanted, &found, modseq),
            None => {
                let numbers: String = found.iter().map(|number| format!(" {number}")).collect();
                let modseq = modseq.map(|modseq| format!(" (MODSEQ {modseq})")).unwrap_or_default();
                self.wire.line(format!("* SEARCH{numbers}{modseq}"));
            }
        }
        Ok(completed(verb))
    }

    fn tell_esearch(&mut self, by_uid: bool, wanted: SearchReturn, found: &[u32], modseq: Option<u64>) {
        let tag = &self.tag;
        let mut line = format!("* ESEARCH (TAG \"{tag}\"){}", if by_uid { " UID" } else { "" });
        if let Some(first) = found.first().filter(|_| wanted.min) {
            line += &format!(" MIN {first}");
        }
        if let Some(last) = found.last().filter(|_| wanted.max) {
            line += &format!(" MAX {last}");
        }
        if wanted.all && !found.is_empty() {
            line += &format!(" ALL {}", write_set(found.iter().copied()));
        }
        if wanted.count {
            line += &format!(" COUNT {}", found.len());
        }
        if let Some(modseq) = modseq {
            line += &format!(" MODSEQ {modseq}");
        }
        self.wire.line(line);
    }
}

fn matches(key: &Key, sequence: u32, message: &Message, view: &View) -> bool {
    match key {
        Key::All => true,
        Key::Sequence(set) => within(&set.resolve(view.len() as u32), sequence),
        Key::Uid(set) => within(&set.resolve(view.highest()), message.uid),
        Key::Flag(name, wanted) => has_flag(&message.flags, name) == *wanted,
        Key::Header(name, value) => header_fields(&message.content.header())
            .iter()
            .any(|(field, text)| field.eq_ignore_ascii_case(name) && contains(text, value)),
        Key::Body(text) => {
            let header = message.content.header().len();
            contains(&message.content.bytes()[header..], text)
        }
        Key::Text(text) => contains(&message.content.bytes(), text),
        Key::Larger(size) => message.content.len() > *size,
        Key::Smaller(size) => message.content.len() < *size,
        Key::Before(date) => day(message).is_some_and(|day| day < *date),
        Key::On(date) => day(message) == Some(*date),
        Key::Since(date) => day(message).is_some_and(|day| day >= *date),
        Key::ModSeq(modseq) => message.modseq >= *modseq,
        Key::Not(key) => !matches(key, sequence, message, view),
        Key::Or(left, right) => matches(left, sequence, message, view) || matches(right, sequence, message, view),
        Key::And(keys) => keys.iter().all(|key| matches(key, sequence, message, view)),
    }
}

fn within(ranges: &[(u32, u32)], number: u32) -> bool {
    let at = ranges.partition_point(|(_, last)| *last < number);
    ranges.get(at).is_some_and(|(first, _)| *first <= number)
}

fn has_flag(flags: &Flags, name: &str) -> bool {
    match SystemFlags::named(name) {
        Some(flag) => flags.system.contains(flag),
        None => flags.keywords.iter().any(|keyword| keyword.eq_ignore_ascii_case(name)),
    }
}

/// The day as the message's own zone has it (RFC 3501 §6.4.4: disregarding time and zone).
fn day(message: &Message) -> Option<NaiveDate> {
    message.received_at.to_datetime().map(|date| date.date_naive())
}

/// A substring, without case for ASCII.
fn contains(text: &[u8], wanted: &[u8]) -> bool {
    wanted.is_empty() || text.windows(wanted.len()).any(|window| window.eq_ignore_ascii_case(wanted))
}
