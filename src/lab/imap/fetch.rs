//! FETCH (RFC 3501 §6.4.5, RFC 7162 §3.1.4).

use std::cell::OnceCell;

use bytes::Bytes;

use super::{
    Verb,
    ending::Ending,
    parse::{FetchCommand, FetchItem, Section, SectionKind, write_date, write_set},
    reply::Reply,
    session::{Answer, Session, completed},
    view::Place,
};
use crate::{
    lab::mailstore::{Content, Message},
    model::SystemFlags,
};

/// Messages that are looked up at once.
const BATCH: usize = 256;
/// Bytes of a body that are queued at once.
const CHUNK: usize = 64 << 10;

impl Session {
    pub(super) async fn fetch(&mut self, by_uid: bool, command: &FetchCommand) -> Answer {
        let verb = Verb::Fetch;
        let condstore = command.changed_since.is_some() || command.items.contains(&FetchItem::ModSeq);
        if condstore && !self.offers("CONDSTORE") {
            return Ok(self.not_offered(verb));
        }
        if command.vanished && (!by_uid || command.changed_since.is_none() || !self.enabled.qresync) {
            return Ok(self.malformed(super::parse::Malformed("UID FETCH with CHANGEDSINCE for VANISHED")));
        }
        self.enabled.condstore |= condstore;
        let Some(places) = self.view.as_ref().and_then(|view| view.resolve(&command.set, by_uid)) else {
            return Ok(Reply::bad("The specified message set is invalid."));
        };
        if command.vanished {
            self.tell_vanished(command);
        }
        let mut missing = false;
        for batch in places.chunks(BATCH) {
            for (place, message) in self.look_up(batch, command) {
                let Some(message) = message else {
                    missing = true;
                    continue;
                };
                if command.changed_since.is_some_and(|since| message.modseq <= since) {
                    continue;
                }
                if self.is_poison(&message, command) {
                    return Ok(Reply::no("[UNAVAILABLE] UID FETCH Server error while fetching messages"));
                }
                self.tell_message(by_uid, place, &message, command).await?;
            }
        }
        Ok(match missing && self.persona().folders.tells_missing {
            true => Reply::no("Some of the requested messages no longer exist"),
            false => completed(verb),
        })
    }

    /// The messages of these places, marked as read where the command does that. Gone ones are `None`.
    fn look_up(&self, places: &[Place], command: &FetchCommand) -> Vec<(Place, Option<Message>)> {
        let Some(view) = &self.view else { return Vec::new() };
        let reads = command.items.iter().any(|item| matches!(item, FetchItem::Body(section) if !section.peek));
        let store = self.mailstore();
        if reads && !view.read_only {
            store.write(|mailbox| {
                let Some(folder) = mailbox.folder_mut(&view.name) else { return };
                for place in places {
                    folder.set_flags(place.uid, |flags| flags.system = flags.system.union(SystemFlags::SEEN));
                }
            });
        }
        store.read(|mailbox| {
            let folder = mailbox.folder(&view.name);
            places.iter().map(|place| (*place, folder.and_then(|f| f.message(place.uid)).cloned())).collect()
        })
    }

    fn is_poison(&self, message: &Message, command: &FetchCommand) -> bool {
        let wants_body = command.items.iter().any(|item| matches!(item, FetchItem::Body(_)));
        wants_body && self.persona().folders.poison.contains(&message.uid)
    }

    fn tell_vanished(&mut self, command: &FetchCommand) {
        let Some(view) = &self.view else { return };
        let ranges = command.set.resolve(u32::MAX);
        let within = |uid: &u32| ranges.iter().any(|(first, last)| first <= uid && uid <= last);
        let since = command.changed_since.unwrap_or(0);
        let mut gone: Vec<u32> = self.mailstore().read(|mailbox| {
            mailbox.folder(&view.name).map(|f| f.expunged_since(since).filter(within).collect()).unwrap_or_default()
        });
        gone.sort_unstable();
        if !gone.is_empty() {
            self.wire.line(format!("* VANISHED (EARLIER) {}", write_set(gone)));
        }
    }

    async fn tell_message(
        &mut self,
        by_uid: bool,
        place: Place,
        message: &Message,
        command: &FetchCommand,
    ) -> Result<(), Ending> {
        let rendering = &self.persona().rendering;
        let items = self.items_to_tell(by_uid, rendering.left_out.contains(&message.uid), command);
        let shown = OnceCell::new();
        let mut open = format!("* {} FETCH (", place.sequence);
        for item in &items {
            self.wire.raw(open.as_bytes());
            open = " ".to_owned();
            match item {
                FetchItem::Uid => self.wire.raw(format!("UID {}", message.uid).as_bytes()),
                FetchItem::Flags => self.wire.raw(format!("FLAGS ({})", message.flags.encode()).as_bytes()),
                FetchItem::InternalDate => {
                    self.wire.raw(format!("INTERNALDATE {}", write_date(message.received_at)).as_bytes());
                }
                FetchItem::Size => self
                    .wire
                    .raw(format!("RFC822.SIZE {}", rendering.size(message.uid, message.content.len())).as_bytes()),
                FetchItem::ModSeq => self.wire.raw(format!("MODSEQ ({})", message.modseq).as_bytes()),
                FetchItem::Body(section) => {
                    let content = shown.get_or_init(|| rendering.show(message.uid, &message.content));
                    self.tell_section(content, section).await?;
                }
            }
        }
        if !items.is_empty() {
            self.wire.line(")");
        }
        self.wire.relieve().await
    }

    /// The items asked for, UID first where it is implied, MODSEQ last (RFC 7162 §3.1.4.1).
    fn items_to_tell(&self, by_uid: bool, without_body: bool, command: &FetchCommand) -> Vec<FetchItem> {
        let mut items = command.items.clone();
        if by_uid && !items.contains(&FetchItem::Uid) {
            items.insert(0, FetchItem::Uid);
        }
        if self.enabled.condstore && command.changed_since.is_some() && !items.contains(&FetchItem::ModSeq) {
            items.push(FetchItem::ModSeq);
        }
        if without_body {
            items.retain(|item| !matches!(item, FetchItem::Body(_)));
        }
        items
    }

    async fn tell_section(&mut self, content: &Content, section: &Section) -> Result<(), Ending> {
        let content = match &section.kind {
            SectionKind::Whole => content.clone(),
            SectionKind::Header => Content::Stored(content.header()),
            SectionKind::Text => Content::Stored(content.bytes().slice(content.header().len()..)),
            SectionKind::Fields { names, not } => Content::Stored(fields(&content.header(), names, *not)),
        };
        let (start, end, origin) = match section.partial {
            None => (0, content.len(), String::new()),
            Some((offset, count)) => {
                let start = offset.min(content.len());
                (start, start.saturating_add(count).min(content.len()), format!("<{offset}>"))
            }
        };
        self.wire.raw(format!("{}{origin} {{{}}}\r\n", section.label, end - start).as_bytes());
        let mut at = start;
        while at < end {
            let chunk = content.chunk(at, CHUNK.min((end - at) as usize));
            at += chunk.len() as u64;
            self.wire.raw(&chunk);
            self.wire.relieve().await?;
        }
        Ok(())
    }
}

/// The fields of a header: name and everything behind the colon, folds and line ends included.
pub(super) fn header_fields(header: &Bytes) -> Vec<(String, Bytes)> {
    let lines = field_lines(header);
    let split = |line: Bytes| {
        let colon = line.iter().position(|&b| b == b':')?;
        Some((String::from_utf8_lossy(&line[..colon]).trim_end().to_owned(), line.slice(colon + 1..)))
    };
    lines.into_iter().filter_map(split).collect()
}

/// The header's lines, each with its folds.
fn field_lines(header: &Bytes) -> Vec<Bytes> {
    let mut lines: Vec<(usize, usize)> = Vec::new();
    let mut start = 0;
    while let Some(length) = header[start..].iter().position(|&b| b == b'\n') {
        let end = start + length + 1;
        match lines.last_mut() {
            Some(open) if b" \t".contains(&header[start]) => open.1 = end,
            _ => lines.push((start, end)),
        }
        start = end;
    }
    lines.into_iter().map(|(start, end)| header.slice(start..end)).collect()
}

/// The lines of the named fields (or of the others), and the empty line.
fn fields(header: &Bytes, names: &[String], not: bool) -> Bytes {
    let mut out = Vec::new();
    for line in field_lines(header) {
        let colon = line.iter().position(|&b| b == b':').unwrap_or(0);
        let name = line[..colon].trim_ascii_end();
        let named = names.iter().any(|wanted| wanted.as_bytes().eq_ignore_ascii_case(name));
        if colon > 0 && named != not {
            out.extend_from_slice(&line);
        }
    }
    out.extend_from_slice(b"\r\n");
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_cut_out_with_their_folds() {
        let header = Bytes::from_static(b"Subject: a\r\n b\r\nFrom: c\r\nX: d\r\n\r\n");
        assert_eq!(fields(&header, &["subject".into(), "to".into()], false), "Subject: a\r\n b\r\n\r\n");
        assert_eq!(fields(&header, &["SUBJECT".into()], true), "From: c\r\nX: d\r\n\r\n");
        assert_eq!(header_fields(&header)[0], ("Subject".into(), Bytes::from_static(b" a\r\n b\r\n")));
    }
}
