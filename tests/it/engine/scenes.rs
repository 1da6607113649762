//! Scenes as rows: what both mailboxes hold, what happens between the first pass and the next, and what the target must hold then.

use mailhaul::{
    lab::{
        imap::Persona,
        mailstore::{Folder, Mailbox, NewMessage, Snapshot},
    },
    model::Flags,
    transfer::{Deletions, Options},
};

use super::{
    letters::{letter, of_bytes, signed_with_long_line, twin, with_bare_newlines, with_long_line, with_nul},
    theatre::{Cast, EXCHANGE, GMAIL, KEEPING},
};

/// One row of the table.
pub struct Scene {
    /// What either side is like.
    pub cast: fn() -> Cast,
    /// What the person chose.
    pub options: fn() -> Options,
    /// Both mailboxes before anything.
    pub before: fn(source: &mut Mailbox, target: &mut Mailbox),
    /// What happens after a first pass; `None`: the scene is the first pass.
    pub meanwhile: Option<fn(source: &mut Mailbox, target: &mut Mailbox)>,
    /// What the target must hold at the end, by what either side held before the pass.
    pub after: fn(source: &Snapshot, target: &Snapshot) -> Snapshot,
    /// Messages that end as failed, skipped, repaired.
    pub exceptions: [u64; 3],
}

/// The row of a plain case: copy everything, nothing special.
const PLAIN: Scene = Scene {
    cast: Cast::careful,
    options: Options::default,
    before: three_folders,
    meanwhile: None,
    after: |source, _| source.clone(),
    exceptions: [0, 0, 0],
};

/// A first copy into an empty mailbox.
pub const FIRST_COPY: Scene = PLAIN;

/// Messages under several labels, one of them under all of them and one twice under the same: a copy for each label.
pub const LABELS: Scene = Scene { cast: labelled, before: labels, ..PLAIN };

/// The same to a server that renders mail anew at each read.
pub const LABELS_RENDERED: Scene = Scene {
    cast: || Cast { source: Persona::gmail(), source_profile: &GMAIL, ..rendering() },
    before: labels,
    after: without_keywords,
    ..PLAIN
};

/// The same to a server that tells no UIDs, with labels given and taken between the passes.
pub const LABELS_CHANGED: Scene = Scene {
    cast: || Cast { target: bare(), ..labelled() },
    before: labels,
    meanwhile: Some(|source, _| {
        put(source.folder_mut(b"INBOX").unwrap(), [letter(8)]);
        put(source.folder_mut(b"Work").unwrap(), [letter(2), letter(8)]);
    }),
    ..PLAIN
};

/// The same to a server that never tells UIDs and takes one message at a time.
pub const WITHOUT_UIDS: Scene = Scene { cast: || to(bare()), ..PLAIN };

/// A first copy with messages that the target refuses.
pub const REFUSED: Scene = Scene {
    cast: || to(strict()),
    before: |source, _| {
        let inbox = source.folder_mut(b"INBOX").unwrap();
        put(inbox, (1..4).map(letter));
        put(inbox, [with_nul(4), with_long_line(5, 3000), with_bare_newlines(6), letter(7)]);
        put(inbox, [signed_with_long_line(8, 3000), with_long_line(9, 40_000), letter(10), with_nul(4)]);
    },
    // Repaired messages hold other bytes; that they are there, once each, is in the exceptions.
    after: |_, _| {
        let mut sound = Mailbox::new('/');
        put(sound.folder_mut(b"INBOX").unwrap(), [1, 2, 3, 7, 10].map(letter));
        Snapshot::of(&sound)
    },
    exceptions: [1, 1, 4],
    ..PLAIN
};

/// A first copy to a server that renders mail anew at each read.
pub const RENDERED: Scene = Scene { cast: rendering, after: without_keywords, ..PLAIN };

/// New, flagged, moved and deleted messages, a renamed folder; deletions are kept.
pub const DELTA: Scene = Scene {
    meanwhile: Some(a_day_at_the_source),
    after: |source, _| {
        let mut kept = source.clone();
        // Deleted at the source, kept at the target.
        for n in [2, 12] {
            let folder = if n == 2 { "INBOX" } else { "Work" };
            let mut gone = Mailbox::new('/');
            put(gone.folder_mut(b"INBOX").unwrap(), [letter(n)]);
            let gone = Snapshot::of(&gone).folders.remove("INBOX").unwrap();
            kept.folders.get_mut(folder).unwrap().messages.extend(gone.messages);
        }
        kept.sorted()
    },
    ..PLAIN
};

/// The same with deletions mirrored.
pub const MIRROR: Scene = Scene { options: mirrored, meanwhile: Some(a_day_at_the_source), ..PLAIN };

/// The same without UIDPLUS and MULTIAPPEND at the target, and without CONDSTORE at the source.
pub const DELTA_BARE: Scene = Scene {
    cast: || {
        let source = Persona::generic().without(&["CONDSTORE", "QRESYNC"]);
        Cast { source, ..to(bare()) }
    },
    ..DELTA
};

/// A target that another tool filled by half, with messages of equal headers and different bodies on both sides.
pub const ADOPT: Scene = Scene {
    before: |source, target| {
        three_folders(source, target);
        let inbox = source.folder_mut(b"INBOX").unwrap();
        put(inbox, [twin(40, 1), twin(40, 2), twin(40, 3), twin(40, 3)]);
        target.create(b"Work").unwrap();
        put(target.folder_mut(b"INBOX").unwrap(), [letter(1), letter(3), twin(40, 2), twin(40, 3), twin(40, 9)]);
        put(target.folder_mut(b"Work").unwrap(), [letter(11), letter(70)]);
    },
    after: |source, target| {
        let mut both = source.clone();
        for (name, folder) in &target.folders {
            let there = both.folders.get_mut(name).unwrap();
            let strangers = folder.messages.iter().filter(|m| !there.messages.contains(m)).cloned();
            let strangers: Vec<_> = strangers.collect();
            there.messages.extend(strangers);
        }
        both.sorted()
    },
    ..PLAIN
};

/// The source numbers a folder anew, while mail comes and goes there.
pub const RENUMBERED_SOURCE: Scene = Scene {
    before: |source, target| {
        three_folders(source, target);
        put(source.folder_mut(b"INBOX").unwrap(), [twin(40, 1), twin(40, 2)]);
    },
    meanwhile: Some(|source, _| {
        let validity = source.new_validity();
        let inbox = source.folder_mut(b"INBOX").unwrap();
        inbox.expunge(|message| message.uid == 2);
        put(inbox, [letter(50), twin(40, 3)]);
        inbox.renumber(validity);
    }),
    after: |source, _| {
        let mut kept = source.clone();
        let mut gone = Mailbox::new('/');
        put(gone.folder_mut(b"INBOX").unwrap(), [letter(2)]);
        let gone = Snapshot::of(&gone).folders.remove("INBOX").unwrap();
        kept.folders.get_mut("INBOX").unwrap().messages.extend(gone.messages);
        kept.sorted()
    },
    ..PLAIN
};

/// The same to a target that had to be sent repaired messages.
pub const RENUMBERED_REPAIRED: Scene = Scene {
    meanwhile: Some(|source, _| {
        let validity = source.new_validity();
        let inbox = source.folder_mut(b"INBOX").unwrap();
        put(inbox, [letter(50)]);
        inbox.renumber(validity);
    }),
    // The one that was skipped was never sent: nothing tells it from a new one, so its old row is gone.
    exceptions: [1, 2, 4],
    ..REFUSED
};

/// The target numbers a folder anew, while its user works there and new mail comes at the source.
pub const RENUMBERED_TARGET: Scene = Scene {
    before: |source, target| {
        three_folders(source, target);
        put(source.folder_mut(b"INBOX").unwrap(), [twin(40, 1), twin(40, 2)]);
        put(target.folder_mut(b"INBOX").unwrap(), [letter(3)]);
    },
    meanwhile: Some(|source, target| {
        put(source.folder_mut(b"INBOX").unwrap(), [letter(50)]);
        let validity = target.new_validity();
        let inbox = target.folder_mut(b"INBOX").unwrap();
        put(inbox, [letter(90)]);
        inbox.renumber(validity);
    }),
    after: |source, _| {
        let mut both = source.clone();
        let mut new = Mailbox::new('/');
        put(new.folder_mut(b"INBOX").unwrap(), [letter(90)]);
        let new = Snapshot::of(&new).folders.remove("INBOX").unwrap();
        both.folders.get_mut("INBOX").unwrap().messages.extend(new.messages);
        both.sorted()
    },
    ..PLAIN
};

/// Puts messages into a folder.
pub fn put(folder: &mut Folder, messages: impl IntoIterator<Item = NewMessage>) {
    for message in messages {
        folder.append(message, None);
    }
}

fn to(target: Persona) -> Cast {
    Cast::careful().to(target, &KEEPING)
}

fn bare() -> Persona {
    Persona::generic().without(&["UIDPLUS", "MULTIAPPEND", "CONDSTORE", "QRESYNC"])
}

fn strict() -> Persona {
    Persona::generic().with(|persona| {
        persona.append.max_line = Some(2000);
        persona.append.max_size = 20_000;
        persona.append.refuse_bare_newline = true;
    })
}

fn rendering() -> Cast {
    let anew = Persona::exchange(mailhaul::lab::imap::Profile::Classic);
    Cast::careful().to(anew, &EXCHANGE)
}

fn without_keywords(source: &Snapshot, _: &Snapshot) -> Snapshot {
    let mut kept = source.clone();
    for message in kept.folders.values_mut().flat_map(|folder| &mut folder.messages) {
        message.flags = Flags::decode(&message.flags).kept(false).encode();
    }
    kept.sorted()
}

fn mirrored() -> Options {
    Options { deletions: Deletions::Mirror { approved: true }, ..Options::default() }
}

fn labelled() -> Cast {
    Cast { source: Persona::gmail(), source_profile: &GMAIL, ..Cast::careful() }
}

fn labels(source: &mut Mailbox, _: &mut Mailbox) {
    for (name, letters) in [(&b"INBOX"[..], 1..8), (b"Work", 3..10), (b"Work/Old", 6..8)] {
        if name != b"INBOX" {
            source.create(name).unwrap();
        }
        let folder = source.folder_mut(name).unwrap();
        folder.subscribed = true;
        put(folder, letters.map(letter));
    }
    put(source.folder_mut(b"Work").unwrap(), [letter(3)]);
}

fn three_folders(source: &mut Mailbox, _: &mut Mailbox) {
    source.create(b"Work/Old").unwrap();
    for (name, letters) in [(&b"INBOX"[..], 1..8), (b"Work", 11..15), (b"Work/Old", 21..24)] {
        let folder = source.folder_mut(name).unwrap();
        folder.subscribed = true;
        put(folder, letters.map(letter));
    }
    put(source.folder_mut(b"INBOX").unwrap(), [letter(1), of_bytes(30, b"no header at all\r\n".to_vec())]);
}

/// New mail, flags set and cleared, a message moved, two deleted, a folder renamed with a new message inside.
fn a_day_at_the_source(source: &mut Mailbox, _: &mut Mailbox) {
    let inbox = source.folder_mut(b"INBOX").unwrap();
    put(inbox, [letter(8), letter(9)]);
    inbox.set_flags(1, |flags| *flags = Flags::from_names(["\\Flagged"]));
    inbox.set_flags(5, |flags| *flags = Flags::default());
    inbox.expunge(|message| message.uid == 2);
    let moved: Vec<_> = inbox.messages().iter().filter(|m| [3, 4].contains(&m.uid)).map(|m| m.again()).collect();
    inbox.expunge(|message| [3, 4].contains(&message.uid));
    let work = source.folder_mut(b"Work").unwrap();
    put(work, moved);
    work.expunge(|message| message.uid == 2);
    source.rename(b"Work/Old", b"Work/Older").unwrap();
    put(source.folder_mut(b"Work/Older").unwrap(), [letter(25)]);
}
