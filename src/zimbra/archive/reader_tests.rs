use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use tar::{Builder, Header};

use super::*;
use crate::zimbra::archive::{Digest, ItemKind};

/// An archive in the shapes that Zimbra writes.
struct Shapes(Builder<Vec<u8>>);

impl Shapes {
    fn new() -> Self {
        Shapes(Builder::new(Vec::new()))
    }

    fn entry(mut self, name: &str, bytes: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o100_644);
        self.0.append_data(&mut header, name, bytes).unwrap();
        self
    }

    fn message(self, id: u32, bytes: &[u8], digest: Option<Digest>) -> Self {
        let name = format!("Inbox/{id:010}-x.eml");
        let digest = digest.map_or(String::new(), |digest| format!(",\"blob_digest\":\"{digest}\""));
        let meta = format!("{{\"size\":{},\"type\":5,\"id\":{id}{digest}}}", bytes.len());
        self.entry(&format!("{name}.meta"), meta.as_bytes()).entry(&name, bytes)
    }

    fn tar(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn told(bytes: &[u8]) -> (Vec<(u32, &'static str)>, End) {
    let mut items = Vec::new();
    let end = read(bytes, &BodyStore::new(), |item| {
        let word = match item.content {
            Content::None => "none",
            Content::Whole(_) => "whole",
            Content::Wrong(Wrong::Marked) => "marked",
            Content::Wrong(Wrong::Size) => "size",
            Content::Wrong(Wrong::Digest) => "digest",
        };
        items.push((item.meta.id, word));
        true
    });
    (items, end.unwrap())
}

fn damaged(end: &End) -> bool {
    matches!(end, End::Damaged(_))
}

#[test]
fn a_sound_archive_is_told_whole_packed_or_not() {
    let long = "a/".repeat(90) + "0000000300-long.eml";
    let meta = |id| format!("{{\"id\":{id},\"type\":5,\"size\":1}}");
    let tar = Shapes::new()
        .entry("0000000002-Inbox.meta", b"{\"id\":2,\"type\":1}")
        .message(257, b"one", Some(Digest::of(b"one")))
        .message(258, b"two", Some(Digest::old(b"two")))
        .message(259, b"", None)
        .entry(&format!("{long}.meta"), meta(300).as_bytes())
        .entry(&long, b"x")
        .entry("notes.meta.meta", meta(301).as_bytes())
        .entry("notes.meta", b"y")
        .tar();
    let all = [(2, "none"), (257, "whole"), (258, "whole"), (259, "whole"), (300, "whole"), (301, "whole")];
    assert_eq!(told(&tar), (all.to_vec(), End::Complete));
    assert_eq!(told(&packed(&tar)), (all.to_vec(), End::Complete));
    let stale = [&tar[..], &[b'x'; 512]].concat();
    assert_eq!(told(&stale).1, End::Complete);
}

#[test]
fn a_blob_that_is_not_what_was_stored_is_told() {
    let meta = |id, size| format!("{{\"id\":{id},\"type\":5,\"size\":{size}}}");
    let tar = Shapes::new()
        .message(1, b"one", Some(Digest::of(b"two")))
        .message(2, b"padded   ", None)
        .entry("Inbox/0000000002-x.eml.err", b"")
        .entry("3.meta", meta(3, 7).as_bytes())
        .entry("3", b"short")
        .message(4, b"four", None)
        .tar();
    let all = [(1, "digest"), (2, "marked"), (3, "size"), (4, "whole")];
    assert_eq!(told(&tar), (all.to_vec(), End::Complete));
}

#[test]
fn wherever_it_is_cut_what_came_before_is_told_and_the_damage_too() {
    let digest = |bytes| Some(Digest::of(bytes));
    let tar = Shapes::new().message(1, b"one", digest(b"one")).message(2, b"two", digest(b"two")).tar();
    // Each entry takes two blocks, and the end mark two more.
    for cut in 0..8 * 512 + 1 {
        let (items, end) = told(&tar[..cut]);
        assert!(damaged(&end), "{cut}: {end:?}");
        let sound = usize::from(cut >= 3 * 512 + 3) + usize::from(cut >= 7 * 512 + 3);
        assert_eq!(items.iter().filter(|(_, word)| *word == "whole").count(), sound, "{cut}");
        assert_eq!(items.len(), sound, "{cut}");
    }
    assert_eq!(told(&tar[..9 * 512]).1, End::Complete);
    let packed = packed(&tar);
    for cut in 2..packed.len() {
        assert!(damaged(&told(&packed[..cut]).1), "{cut}");
    }
}

#[test]
fn a_wrong_checksum_is_damage_though_every_digest_is_right() {
    let mut packed = packed(&Shapes::new().message(1, b"one", Some(Digest::of(b"one"))).tar());
    let checksum = packed.len() - 8;
    packed[checksum] ^= 1;
    let (items, end) = told(&packed);
    assert_eq!(items, [(1, "whole")]);
    assert!(damaged(&end));
}

#[test]
fn who_wants_no_more_gets_no_more() {
    let tar = Shapes::new().message(1, b"one", None).message(2, b"two", None).message(3, b"three", None).tar();
    let mut seen = 0;
    let end = read(&tar[..], &BodyStore::new(), |_| {
        seen += 1;
        seen < 2
    });
    assert_eq!((end.unwrap(), seen), (End::Stopped, 2));
}

#[test]
fn what_is_no_archive_and_what_is_none_of_its_items() {
    assert!(damaged(&told(b"").1));
    assert!(damaged(&told(&[b'x'; 2048]).1));
    let tar = Shapes::new().entry("a.meta", b"no json").entry("a", b"blob").entry("b", b"no meta").tar();
    assert_eq!(told(&tar), (Vec::new(), End::Complete));
    let folder = Shapes::new().entry("x.meta", b"{\"id\":2,\"type\":1}").tar();
    let kinds = read(&folder[..], &BodyStore::new(), |item| item.meta.kind == ItemKind::Folder);
    assert_eq!(kinds.unwrap(), End::Complete);
}
