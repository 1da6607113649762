//! FETCH (RFC 3501 §6.4.5, RFC 7162 §3.1.4).

use std::{cell::OnceCell, sync::Arc};

use super::{
    Persona, Verb,
    ending::Ending,
    header::fields,
    parse::{FetchCommand, FetchItem, Malformed, Section, SectionKind, write_date, write_set},
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

/// What a FETCH tells of each message.
struct Wanted {
    items: Vec<FetchItem>,
    changed_since: Option<u64>,
    /// Some item is a body or a part of one.
    body: bool,
    /// Some item marks the message as read.
    reads: bool,
    persona: Arc<Persona>,
}

impl Wanted {
    /// The items asked for, UID first where it is implied, MODSEQ last (RFC 7162 §3.1.4.1).
    fn of(command: &FetchCommand, by_uid: bool, persona: Arc<Persona>) -> Self {
        let mut items = command.items.clone();
        if by_uid && !items.contains(&FetchItem::Uid) {
            items.insert(0, FetchItem::Uid);
        }
        if command.changed_since.is_some() && !items.contains(&FetchItem::ModSeq) {
            items.push(FetchItem::ModSeq);
        }
        let body = items.iter().any(|item| matches!(item, FetchItem::Body(_)));
        let reads = items.iter().any(|item| matches!(item, FetchItem::Body(section) if !section.peek));
        Wanted { items, changed_since: command.changed_since, body, reads, persona }
    }

    /// The items in the order of this reply.
    fn order(&self, uid: u32) -> Box<dyn Iterator<Item = &FetchItem> + Send + '_> {
        let backwards = self.persona.manner.any_order && uid.is_multiple_of(2);
        if backwards { Box::new(self.items.iter().rev()) } else { Box::new(self.items.iter()) }
    }

    fn skips(&self, message: &Message) -> bool {
        self.changed_since.is_some_and(|since| message.modseq <= since)
    }

    fn is_poison(&self, message: &Message) -> bool {
        self.body && self.persona.folders.poison.contains(&message.uid)
    }
}

/// X-GM-MSGID: equal bytes under several labels are one message here.
fn gmail_id(content: &Content) -> u64 {
    let hash = blake3::hash(&content.bytes());
    u64::from_be_bytes(hash.as_bytes().first_chunk().copied().unwrap_or_default())
}

impl Session {
    pub(super) async fn fetch(&mut self, by_uid: bool, command: &FetchCommand) -> Answer {
        let verb = Verb::Fetch;
        let condstore = command.changed_since.is_some() || command.items.contains(&FetchItem::ModSeq);
        if condstore && !self.offers("CONDSTORE") {
            return Ok(self.not_offered(verb));
        }
        if command.items.contains(&FetchItem::GmailId) && !self.offers("X-GM-EXT-1") {
            return Ok(self.not_offered(verb));
        }
        if command.vanished && (!by_uid || command.changed_since.is_none() || !self.enabled.qresync) {
            return Ok(self.malformed(Malformed("UID FETCH with CHANGEDSINCE for VANISHED")));
        }
        self.enabled.condstore |= condstore;
        let Some(places) = self.view.as_ref().and_then(|view| view.resolve(&command.set, by_uid)) else {
            return Ok(Reply::bad("The specified message set is invalid."));
        };
        if command.vanished {
            self.tell_vanished(command);
        }
        let wanted = Wanted::of(command, by_uid, self.persona());
        let mut missing = false;
        for batch in places.chunks(BATCH) {
            for (place, message) in self.look_up(batch, wanted.reads) {
                match message {
                    None => missing = true,
                    Some(message) if wanted.skips(&message) => (),
                    Some(message) if wanted.is_poison(&message) => {
                        return Ok(Reply::no("[UNAVAILABLE] UID FETCH Server error while fetching messages"));
                    }
                    Some(message) => self.tell_message(place.sequence, &message, &wanted).await?,
                }
            }
        }
        Ok(match missing && wanted.persona.folders.tells_missing {
            true => Reply::no("Some of the requested messages no longer exist"),
            false => completed(verb),
        })
    }

    /// The messages of these places, marked as read if the command does that. Gone ones are `None`.
    fn look_up(&self, places: &[Place], reads: bool) -> Vec<(Place, Option<Message>)> {
        let Some(view) = &self.view else { return Vec::new() };
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

    async fn tell_message(&mut self, sequence: u32, message: &Message, wanted: &Wanted) -> Result<(), Ending> {
        let rendering = &wanted.persona.rendering;
        let bodies = !rendering.left_out.contains(&message.uid);
        let shown = OnceCell::new();
        let mut between = format!("* {sequence} FETCH (");
        for item in wanted.order(message.uid).filter(|item| bodies || !matches!(item, FetchItem::Body(_))) {
            self.wire.raw(between.as_bytes());
            between = " ".to_owned();
            let text = match item {
                FetchItem::Uid => format!("UID {}", message.uid),
                FetchItem::Flags => format!("FLAGS ({})", message.flags.encode()),
                FetchItem::InternalDate if wanted.persona.manner.no_date.contains(&message.uid) => {
                    "INTERNALDATE NIL".to_owned()
                }
                FetchItem::InternalDate => format!("INTERNALDATE {}", write_date(message.received_at)),
                FetchItem::Size => format!("RFC822.SIZE {}", rendering.size(message.uid, message.content.len())),
                FetchItem::ModSeq => format!("MODSEQ ({})", message.modseq),
                FetchItem::GmailId => format!("X-GM-MSGID {}", gmail_id(&message.content)),
                FetchItem::Body(section) => {
                    let content = shown.get_or_init(|| rendering.show(message.uid, &message.content));
                    self.tell_section(content, section).await?;
                    continue;
                }
            };
            self.wire.raw(text.as_bytes());
        }
        // Nothing is told of a message whose only item is left out.
        if between == " " {
            self.wire.line(")");
        }
        self.wire.relieve().await
    }

    async fn tell_section(&mut self, content: &Content, section: &Section) -> Result<(), Ending> {
        let content = match &section.kind {
            SectionKind::Whole => {
                self.host.journal.told();
                content.clone()
            }
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
