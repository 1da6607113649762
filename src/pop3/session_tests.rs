//! Sessions that are fed byte by byte and all at once.

use super::*;
use crate::pop3::Reply;

/// What a session tells of `wire`, fed in pieces of `size`, after `commands` were queued behind the greeting.
fn told(commands: &[Command], wire: &[u8], size: usize) -> Result<Vec<Event>, Fault> {
    let mut session = Session::new(BodyStore::new());
    commands.iter().for_each(|command| session.send(command));
    let mut events = Vec::new();
    for piece in wire.chunks(size) {
        session.room()[..piece.len()].copy_from_slice(piece);
        session.filled(piece.len());
        while let Some(event) = session.event()? {
            events.push(event);
        }
    }
    Ok(events)
}

fn shown(events: &[Event]) -> Vec<String> {
    let show = |event: &Event| match event {
        Event::Status(reply) => reply.in_full(),
        Event::Challenge(text) => format!("challenge {text}"),
        Event::Line(line) => format!("line {}", String::from_utf8_lossy(line)),
        Event::ListingEnd => "end".to_owned(),
        Event::Message(body) => format!("message {:?}", String::from_utf8_lossy(body.as_memory().unwrap())),
    };
    events.iter().map(show).collect()
}

#[test]
fn replies_belong_to_commands_by_their_order() {
    let commands = [Command::Stat, Command::Uidl, Command::Retr(1), Command::Retr(2), Command::Top(3), Command::Quit];
    let wire = b"+OK ready\r\n+OK 3 9\r\n+OK\r\n1 a\r\n..b\r\n.\r\n+OK 5 octets\r\na\r\n..\r\n.\r\n-ERR no such message\r\n+OK\r\n\
                 S: x\r\n\r\n.\r\n+OK bye\r\n";
    for size in [1, 2, 3, 7, 64, wire.len()] {
        let events = told(&commands, wire, size).unwrap();
        let expected = [
            "+OK ready",
            "+OK 3 9",
            "line 1 a",
            "line .b",
            "end",
            "message \"a\\r\\n.\\r\\n\"",
            "-ERR no such message",
            "message \"S: x\\r\\n\\r\\n\"",
            "+OK bye",
        ];
        assert_eq!(shown(&events), expected, "by {size}");
    }
}

#[test]
fn a_line_that_is_no_reply_ends_the_session() {
    let error = told(&[Command::Noop], b"+OK\r\nReceived: from x\r\n", 100).unwrap_err();
    assert!(matches!(error, Fault::Senseless(words) if words.starts_with("Received")));
    assert!(told(&[Command::Noop], b"+OK\r\n+ go on\r\n", 100).is_err(), "a challenge that nobody asked for");
    let endless = vec![b'x'; limits::READ_BUFFER];
    assert!(matches!(told(&[], &endless, limits::READ_BUFFER), Err(Fault::Senseless(_))));
}

#[test]
fn a_sign_in_may_be_challenged() {
    let mut session = Session::new(BodyStore::new());
    session.say(&Spoken::of(&["AUTH ", "XOAUTH2"]));
    assert_eq!(session.outgoing(), b"AUTH XOAUTH2\r\n");
    session.sent(14);
    let wire = b"+OK\r\n+ \r\n";
    session.room()[..wire.len()].copy_from_slice(wire);
    session.filled(wire.len());
    let mut next = || session.event().unwrap();
    assert!(matches!(next(), Some(Event::Status(Reply { ok: true, .. }))));
    assert!(matches!(next(), Some(Event::Challenge(text)) if text.is_empty()));
    assert!(next().is_none());
    assert_eq!((session.owed(), session.outgoing().len()), (0, 0));
}

#[test]
fn what_is_sent_is_taken_from_the_front() {
    let mut session = Session::new(BodyStore::new());
    session.send(&Command::Retr(1));
    session.sent(3);
    session.send(&Command::ListOne(1));
    assert_eq!(session.outgoing(), b"R 1\r\nLIST 1\r\n");
    assert_eq!(session.owed(), 3);
}
