use proptest::prelude::*;

use super::*;
use crate::{
    body::Body,
    imap::{Event, read_all},
};

fn store() -> BodyStore {
    BodyStore::with(1 << 20, std::env::temp_dir())
}

/// The replies as text and bodies, fed in pieces of these sizes over and over.
fn cut(stream: &[u8], sizes: &[usize]) -> Vec<(String, Vec<String>)> {
    let mut framer = Framer::new(store());
    let (mut replies, mut rest, mut sizes) = (Vec::new(), stream, sizes.iter().cycle());
    while !rest.is_empty() {
        let (mut piece, after) = rest.split_at((*sizes.next().unwrap()).clamp(1, rest.len()));
        while !piece.is_empty() {
            let (taken, complete) = framer.feed(piece);
            piece = &piece[taken..];
            if complete {
                let (text, literals) = framer.complete();
                let text = String::from_utf8_lossy(text).into_owned();
                replies.push((text, literals.iter().map(shown).collect()));
            }
        }
        rest = after;
    }
    assert!(!framer.is_inside(), "the stream ends with a reply");
    replies
}

fn shown(literal: &Literal) -> String {
    match literal {
        Literal::Nil => "NIL".to_owned(),
        Literal::Body(body) => whole(body),
        Literal::Dropped(why) => format!("dropped: {why}"),
    }
}

fn whole(body: &Body) -> String {
    let mut all = Vec::new();
    body.for_each_chunk(|chunk| all.extend_from_slice(chunk)).unwrap();
    String::from_utf8(all).unwrap()
}

const STREAM: &[u8] = b"* OK ready {5}\r\n\
    * 1 FETCH (UID 7 BODY[] {12}\r\nFrom: a\r\n\r\n\n FLAGS (\\Seen))\r\n\
    * 2 FETCH (BODY[HEADER.FIELDS (DATE {7}\r\nSUBJECT)] {0}\r\n BODY[TEXT]<0> ~{3}\r\n{1} X-GM-LABELS ({2}\r\nab))\r\n\
    * LIST () \"/\" {6}\r\na\r\nb\r\n\n\
    A1 NO [ALERT] {9}\r\n\
    * 3 FETCH (UID 9 BODY[] \"short\" RFC822.HEADER NIL)\n";

#[test]
fn bodies_leave_the_text_and_names_stay_in_it() {
    let replies = cut(STREAM, &[STREAM.len()]);
    let texts: Vec<&str> = replies.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "* OK ready {5}\r\n",
            "* 1 FETCH (UID 7 BODY[] {+0}\r\n FLAGS (\\Seen))\r\n",
            "* 2 FETCH (BODY[HEADER.FIELDS (DATE {7}\r\nSUBJECT)] {+0}\r\n BODY[TEXT]<0> {+1}\r\n X-GM-LABELS ({2}\r\nab))\r\n",
            "* LIST () \"/\" {6}\r\na\r\nb\r\n\n",
            "A1 NO [ALERT] {9}\r\n",
            "* 3 FETCH (UID 9 BODY[] \"short\" RFC822.HEADER NIL)\n",
        ]
    );
    let bodies: Vec<_> = replies.iter().flat_map(|(_, bodies)| bodies).collect();
    assert_eq!(bodies, ["From: a\r\n\r\n\n", "", "{1}"]);
}

#[test]
fn a_byte_at_a_time_is_the_same() {
    assert_eq!(cut(STREAM, &[1]), cut(STREAM, &[STREAM.len()]));
}

#[test]
fn large_bodies_are_spooled_and_impossible_ones_read_past() {
    let body = "x".repeat(limits::SPOOL_THRESHOLD as usize + 1);
    let stream = format!("* 1 FETCH (BODY[] {{{}}}\r\n{body})\r\nA1 OK done\r\n", body.len());
    let replies = cut(stream.as_bytes(), &[4000]);
    assert_eq!(replies[0].1, [body]);
    assert_eq!(replies[1].0, "A1 OK done\r\n");

    let many = "BODY[] {1}\r\nx ".repeat(limits::REPLY_BODIES + 1);
    let replies = cut(format!("* 1 FETCH ({many}UID 7)\r\n").as_bytes(), &[4000]);
    assert_eq!(replies[0].1.iter().filter(|body| *body == "x").count(), limits::REPLY_BODIES);
    assert!(replies[0].1.last().unwrap().starts_with("dropped"));

    let mut framer = Framer::new(store());
    framer.feed(format!("* 1 FETCH (BODY[] {{{}}}\r\n", u64::MAX).as_bytes());
    assert!(matches!(framer.state, State::Dropped(u64::MAX, _)));
}

#[test]
fn a_spool_that_cannot_be_written_costs_the_message_and_no_more() {
    let mut framer = Framer::new(BodyStore::with(0, "/nonexistent".into()));
    let stream = b"* 1 FETCH (BODY[] {3}\r\nabc UID 4)\r\n";
    assert_eq!(framer.feed(stream), (stream.len(), true));
    let (text, literals) = framer.complete();
    assert_eq!(text, b"* 1 FETCH (BODY[] {+0}\r\n UID 4)\r\n");
    assert!(matches!(literals.as_slice(), [Literal::Dropped(_)]));
}

#[test]
fn a_line_without_end_is_dropped() {
    let mut framer = Framer::new(store());
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..=(limits::REPLY_LINE >> 20) {
        assert_eq!(framer.feed(&piece), (piece.len(), false));
    }
    assert_eq!(framer.feed(b"x\r\nA1 OK\r\n"), (3, true));
    assert_eq!(framer.complete().0, b"(a reply line that is too long)\r\n");
    assert_eq!(framer.feed(b"A1 OK\r\n"), (7, true));
}

#[test]
fn a_name_that_is_too_long_costs_its_line() {
    let len = limits::REPLY_LITERAL + 1;
    let stream = [format!("* LIST () NIL {{{len}}}\r\n").into_bytes(), vec![b'n'; len as usize], b"\r\n".to_vec()];
    let events = read_all(&stream.concat(), store());
    assert!(matches!(events.as_slice(), [Event::Other(_)]), "{events:?}");
}

proptest! {
    #[test]
    fn any_cut_is_the_same(sizes in proptest::collection::vec(1_usize..40, 1..20)) {
        prop_assert_eq!(cut(STREAM, &sizes), cut(STREAM, &[STREAM.len()]));
    }

    #[test]
    fn any_bytes_are_read_without_harm(
        pieces in proptest::collection::vec(
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..12),
                proptest::sample::select(vec![
                    &b"* "[..], b"1 FETCH (", b"BODY[] ", b"{3}\r\n", b"{+0}\r\n", b"\r\n", b"A1 OK [", b"] ", b"INTERNALDATE NIL ",
                    b"LIST (", b") ", b"\"", b"\\", b"NAMESPACE ((", b"STATUS ", b"ESEARCH ", b"VANISHED 1:*", b"QUOTA ", b"ID (",
                    b"UIDNEXT 1", b"[ALERT]\xc3\xa9", b"FLAGS (\\Seen", b"+ ", b"{18446744073709551615}\r\n",
                ]).prop_map(<[u8]>::to_vec),
            ],
            0..40,
        )
    ) {
        read_all(&pieces.concat(), store());
    }
}
