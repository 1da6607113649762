//! Faults, and what a strict server refuses.

use std::time::Duration;

use mailhaul::{
    clock,
    lab::{
        imap::{Fault, Persona, Server, Verb},
        mailstore::Mailstore,
    },
};

use super::python::{run, run_unsigned};

/// Appends once and expects the connection to be cut.
const CUT_APPEND: &str = r#"
try:
    c.append('INBOX', None, None, b'Subject: x\r\n\r\n' + b'body\r\n' * 100)
    assert False
except (imaplib.IMAP4.abort, OSError):
    pass
"#;

async fn after_cut(fault: Fault) -> (Mailstore, Server) {
    let store = Mailstore::empty();
    let server = Server::start(store.clone(), Persona::generic()).await.unwrap();
    server.faults().at(Verb::Append, 1, fault);
    run(&server, CUT_APPEND).await;
    (store, server)
}

#[tokio::test]
async fn an_append_is_cut_and_stored_or_not() {
    for (fault, stored) in [(Fault::Cut, 0), (Fault::CutInLiteral(100), 0), (Fault::CutAfter, 1)] {
        let (store, _server) = after_cut(fault.clone()).await;
        assert_eq!(store.snapshot().messages(), stored, "{fault:?}");
    }
}

#[tokio::test]
async fn an_append_is_cut_and_stored_late() {
    let (store, _server) = after_cut(Fault::CutThenExecute(Duration::from_secs(1))).await;
    let before = store.snapshot().messages();
    let deadline = clock::instant() + Duration::from_secs(10);
    let mut changes = store.changes();
    while store.snapshot().messages() == 0 {
        clock::deadline(deadline, changes.changed()).await.expect("it is stored in the end").unwrap();
    }
    assert_eq!(before, 0);
}

#[tokio::test]
async fn a_reply_is_cut_in_the_middle() {
    let store = Mailstore::empty();
    let server = Server::start(store.clone(), Persona::generic()).await.unwrap();
    server.faults().at(Verb::UidFetch, 2, Fault::CutInReply(40));
    let program = r#"
ok(c.append('INBOX', None, None, b'Subject: x\r\n\r\n' + b'body\r\n' * 100))
ok(c.select('INBOX'))
ok(c.uid('FETCH', '1', '(BODY.PEEK[])'))
c.send(b'x UID FETCH 1 (BODY.PEEK[])\r\n')
rest = c.file.read()
assert len(rest) == 40, rest
"#;
    run(&server, program).await;
}

#[tokio::test]
async fn a_server_goes_on_without_its_client() {
    let store = Mailstore::empty();
    let persona = Persona::generic().with(|persona| {
        persona.session.outlives_client = true;
        persona.latency.append = Duration::from_millis(20)..Duration::from_millis(20);
    });
    let server = Server::start(store.clone(), persona).await.unwrap();
    let program = r#"
mail = b'Subject: x\r\n\r\nbody\r\n'
c.send(b''.join(b'a%d APPEND INBOX {%d+}\r\n%s\r\n' % (n, len(mail), mail) for n in range(20)))
c.socket().setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
c.sock.close()
"#;
    run(&server, program).await;
    let at_death = store.snapshot().messages();
    let deadline = clock::instant() + Duration::from_secs(10);
    let mut changes = store.changes();
    while store.snapshot().messages() < 20 {
        clock::deadline(deadline, changes.changed()).await.expect("all of them are executed").unwrap();
    }
    assert!(at_death < 20, "{at_death}");
}

#[tokio::test]
async fn nobody_gets_away_with_bad_syntax() {
    let server =
        Server::start(Mailstore::empty(), Persona::generic().without(&["MULTIAPPEND", "MOVE", "COMPRESS=DEFLATE"]))
            .await
            .unwrap();
    let program = r#"
def answer(line):
    c.send(line + b'\r\n')
    return c.readline()
ok(c.select('INBOX'))
for bad in [b'a UID  FETCH 1 FLAGS', b'a NOOP ', b'a LIST "" "x', b'a STORE 1 FLAGS \\Seen', b'a FETCH 0 FLAGS',
            b'a FETCH 5 FLAGS', b'a UID STORE 1 +FLAGS (\\Bogus)', b'a UID SEARCH UNKNOWN', b'a MOVE 1 INBOX',
            b'a SELECT', b'a STATUS INBOX ()', b'a FROBNICATE', b'a UID NOOP', b'a APPEND INBOX "1-Feb-2020 00:00:00 +0000" {1+}\r\nx',
            b'a APPEND INBOX {1+}\r\nx {1+}\r\ny', b'a FETCH 1:* BODYSTRUCTURE', b'a ENABLE', b'a COMPRESS DEFLATE']:
    reply = answer(bad)
    assert reply.startswith(b'a BAD '), (bad, reply)
reply = answer(b'+ NOOP')
assert reply.startswith(b'* BYE '), reply
for fatal in [b'a NOOP\n', b'a LOGIN \0\r\n']:
    c = connect()
    c.send(fatal)
    assert c.readline().startswith(b'* BYE '), fatal
"#;
    run(&server, program).await;
}

#[tokio::test]
async fn sequence_numbers_are_not_pipelined_behind_what_changes_them() {
    let server = Server::start(Mailstore::empty(), Persona::generic()).await.unwrap();
    let program = r#"
ok(c.append('INBOX', None, None, b'Subject: x\r\n\r\n'))
def verdicts(*lines):
    c.send(b''.join(b'%d %s\r\n' % (n, line) for n, line in enumerate(lines)))
    found = {}
    while len(found) < len(lines):
        line = c.readline().split()
        if line[0].isdigit():
            found[int(line[0])] = line[1]
    return [found[n] for n in range(len(lines))]
assert verdicts(b'SELECT INBOX', b'UID FETCH 1 FLAGS') == [b'OK', b'OK']
assert verdicts(b'FETCH 1 FLAGS', b'FETCH 1 FLAGS') == [b'OK', b'OK']
assert verdicts(b'NOOP', b'FETCH 1 FLAGS') == [b'OK', b'BAD']
"#;
    run(&server, program).await;
}

#[tokio::test]
async fn servers_that_are_none() {
    let server = Server::start(Mailstore::empty(), Persona::nonsense()).await.unwrap();
    run_unsigned(&server, "s = socket.create_connection(('127.0.0.1', port)); assert b'ESMTP' in s.recv(99)").await;
    server.set_persona(Persona::silent());
    let program = r#"
s = socket.create_connection(('127.0.0.1', port))
s.settimeout(0.3)
try:
    assert s.recv(1) and False
except TimeoutError:
    pass
"#;
    run_unsigned(&server, program).await;
}
