//! What must hold for any bytes that a server, a message or a user's file may bring: no panic, and the laws stated here.
//!
//! Each function is a fuzz target (`tests/fuzz/run`), and `tests/it/fuzz.rs` tries it on mutated seeds in every test run.

use std::path::Path;

use mailhaul::{
    body::{Body, BodyStore},
    imap::{self, utf7},
    mime::{self, Repair},
    model::ReceivedAt,
    pace,
    pop3::{Command, Event, Fault, Session},
    project::{config::Config, users},
    sasl,
    vault::{Key, SecretName},
    zimbra::{self, archive},
};

/// Replies of an IMAP server: read to the end, whatever they are, and the same a second time.
pub fn imap_replies(bytes: &[u8]) {
    let read = || format!("{:?}", imap::read_all(bytes, BodyStore::with(1 << 20, std::env::temp_dir())).len());
    assert_eq!(read(), read());
}

/// Replies of a POP3 server: the same events whatever the pieces they come in, and no message longer than what was read.
pub fn pop3_session(bytes: &[u8]) {
    let whole = told(bytes, usize::MAX);
    for size in [1, 2, 5] {
        assert_eq!(told(bytes, size), whole, "in pieces of {size}");
    }
    let messages =
        whole.iter().filter_map(|event| event.strip_prefix("message ")?.split(' ').next()?.parse::<u64>().ok());
    assert!(messages.sum::<u64>() <= bytes.len() as u64);
}

/// What a session that asked for everything tells of `bytes`.
fn told(bytes: &[u8], size: usize) -> Vec<String> {
    let mut session = Session::new(BodyStore::with(1 << 20, std::env::temp_dir()));
    for number in 1..=4 {
        let round =
            [Command::Capa, Command::Retr(number), Command::ListOne(number), Command::Uidl, Command::Top(number)];
        round.iter().for_each(|command| session.send(command));
    }
    let mut told = Vec::new();
    let mut rest = bytes;
    loop {
        match session.event() {
            Ok(Some(Event::Message(body))) => told.push(format!("message {} {:?}", body.len(), body.hash())),
            Ok(Some(event)) => told.push(format!("{event:?}")),
            Ok(None) if rest.is_empty() => return told,
            Ok(None) => {
                let room = session.room();
                let piece = rest.len().min(room.len()).min(size);
                room[..piece].copy_from_slice(&rest[..piece]);
                session.filled(piece);
                rest = &rest[piece..];
            }
            Err(Fault::Senseless(words)) => {
                told.push(words);
                return told;
            }
            Err(Fault::Spool(error)) => panic!("{error}"),
        }
    }
}

/// A message: looked at without a panic; the fingerprint is that of its header alone.
pub fn mime_read(bytes: &[u8]) {
    let body = Body::from_bytes(bytes.to_vec());
    let seen = mime::survey(&body).expect("in memory");
    assert!(seen.inspection.header_line.max(seen.inspection.body_line) <= bytes.len());
    assert_eq!(seen.hash, body.hash().expect("in memory"));
    assert_eq!(seen.fingerprint, mime::fingerprint(bytes));
    assert_eq!(mime::fingerprint_body(&body).expect("in memory"), seen.fingerprint);
    assert_eq!(mime::received_at(&seen.head), mime::received_at(bytes));
}

/// A message under every repair: what is repaired has the fault no more, and repairing again changes nothing.
pub fn mime_repair(bytes: &[u8]) {
    const LONGEST: usize = 100;
    let body = Body::from_bytes(bytes.to_vec());
    for repair in Repair::ALL {
        let Ok(Some((repaired, notes))) = mime::repair(&body, &[repair], Some(LONGEST)) else { continue };
        assert!(notes.iter().all(|note| note.places > 0));
        assert!(!mime::survey(&repaired).expect("in memory").inspection.needs(repair, LONGEST), "{repair:?}");
        assert!(matches!(mime::repair(&repaired, &[repair], Some(LONGEST)), Ok(None)), "{repair:?}");
    }
    let _ = mime::repair(&body, &Repair::ALL, Some(LONGEST));
}

/// Folder names: every name that people read finds its way back from the wire.
pub fn names(bytes: &[u8]) {
    let name = utf7::decode(bytes);
    let wire = utf7::encode(&name);
    assert!(wire.iter().all(|byte| matches!(byte, b' '..=b'~')));
    assert_eq!(utf7::decode(&wire), name);
}

/// Dates, UID sets, requests to go slower and reasons for a refused token.
pub fn server_words(bytes: &[u8]) {
    if let Some(date) = imap::date::parse(bytes)
        && let Some(text) = imap::date::format(date)
    {
        assert_eq!(imap::date::parse(text.as_bytes()), Some(date));
    }
    if let Some(ranges) = imap::uidset::parse(bytes) {
        assert!(imap::uidset::expand(&ranges, 1000).len() <= 1000);
    }
    let text = String::from_utf8_lossy(bytes);
    let _ = pace::throttle(&text, text.split(' ').next());
    let _ = sasl::reason(&text);
    let header = [b"Date: ".as_slice(), bytes, b"\r\nReceived: x; ", bytes].concat();
    assert!(mime::received_at(&header).is_none_or(|date: ReceivedAt| date.to_datetime().is_some()));
}

/// `users.csv`, `mailhaul.toml`, keys and names of secrets as people write them.
pub fn user_files(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = users::parse(Path::new("users.csv"), &text);
    let _ = Config::parse(Path::new("mailhaul.toml"), &text);
    let _ = Key::parse(&text);
    if let Ok(name) = text.parse::<SecretName>() {
        assert_eq!(name.to_string().parse(), Ok(name));
    }
}

/// Answers of Zimbra's SOAP: read as all that they could be, and the same a second time.
pub fn zimbra_answers(bytes: &[u8]) {
    assert_eq!(zimbra::read_answer(bytes), zimbra::read_answer(bytes));
}

/// Archives of Zimbra's: read to their end or damage, and the same a second time; what is delivered as sound has its digest. A change in a
/// header mostly fails at its checksum, so that the same bytes are tried with those put right.
pub fn zimbra_archives(bytes: &[u8]) {
    for archive in [bytes, &with_sums(bytes)] {
        assert_eq!(read_archive(archive), read_archive(archive));
    }
}

fn read_archive(bytes: &[u8]) -> (usize, String) {
    let mut told = 0;
    let end = archive::read(bytes, &BodyStore::with(1 << 20, std::env::temp_dir()), |item| {
        if let (archive::Content::Whole(body), Some(digest)) = (&item.content, &item.meta.digest) {
            let mut hasher = digest.hasher();
            body.for_each_chunk(|chunk| hasher.update(chunk)).expect("in memory");
            assert_eq!(hasher.finish(), *digest);
        }
        told += format!("{item:?}").len();
        true
    });
    (told, format!("{:?}", end.expect("the spool")))
}

/// Each block that could be a header, with the checksum of one.
fn with_sums(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for block in bytes.chunks_exact_mut(512).filter(|block| block[257..].starts_with(b"ustar")) {
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    bytes
}
