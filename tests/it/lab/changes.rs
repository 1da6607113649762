//! CONDSTORE, QRESYNC, ESEARCH, LIST-STATUS, MULTIAPPEND, COMPRESS and IDLE of the generic persona, line by line.

use mailhaul::lab::{
    generate::Recipe,
    imap::{Persona, Server},
    mailstore::Mailstore,
};

use super::python::run;

/// Two connections, `c` and `d`, and a way to send a line and read all that is answered.
const TWO: &str = r#"
d = connect()
def say(connection, line, end=b'x '):
    connection.send(b'x ' + line + b'\r\n')
    lines = []
    while not lines or not lines[-1].startswith(end):
        lines.append(connection.readline().rstrip(b'\r\n'))
        assert lines[-1] or len(lines) < 2 or lines[-2], lines
    assert lines[-1].startswith(b'x OK') or end != b'x ', lines
    return lines[:-1]
def modseq(line):
    return int(re.search(rb'(?:HIGHESTMODSEQ|MODSEQ)[ (]+(\d+)', line)[1])
for n in range(5):
    ok(c.append('INBOX', None, None, b'Subject: %d\r\n\r\nbody %d\r\n' % (n, n)))
"#;

async fn trial(program: &str) {
    let server = Server::start(Mailstore::empty(), Persona::generic()).await.unwrap();
    run(&server, &format!("{TWO}{program}")).await;
    assert!(server.journal().closed_by_server().is_empty());
}

#[tokio::test]
async fn qresync_tells_what_changed_meanwhile() {
    trial(
        r#"
assert say(c, b'ENABLE QRESYNC') == [b'* ENABLED QRESYNC']
opened = say(c, b'SELECT INBOX')
known = next(modseq(l) for l in opened if b'HIGHESTMODSEQ' in l)
validity = next(int(re.search(rb'\d+', l)[0]) for l in opened if b'UIDVALIDITY' in l)
say(c, b'UNSELECT')
say(d, b'SELECT INBOX')
say(d, b'UID STORE 2 +FLAGS.SILENT (\\Seen)')
say(d, b'UID STORE 4 +FLAGS.SILENT (\\Deleted)')
assert say(d, b'EXPUNGE') == [b'* 4 EXPUNGE']
ok(d.append('INBOX', None, None, b'Subject: new\r\n\r\n'))
told = [l for l in say(c, b'SELECT INBOX (QRESYNC (%d %d))' % (validity, known)) if b'VANISHED' in l or b'FETCH' in l]
assert told[0] == b'* VANISHED (EARLIER) 4', told
assert [re.sub(rb'MODSEQ \(\d+\)', b'', l) for l in told[1:]] == [b'* 2 FETCH (UID 2 FLAGS (\\Seen) )', b'* 5 FETCH (UID 6 FLAGS () )'], told
told = say(c, b'UID FETCH 1:* (FLAGS) (CHANGEDSINCE %d VANISHED)' % known)
assert len(told) == 3 and told[0] == b'* VANISHED (EARLIER) 4', told
"#,
    )
    .await;
}

#[tokio::test]
async fn condstore_guards_changes() {
    trial(
        r#"
opened = say(c, b'SELECT INBOX (CONDSTORE)')
known = next(modseq(l) for l in opened if b'HIGHESTMODSEQ' in l)
say(d, b'SELECT INBOX')
say(d, b'UID STORE 3 +FLAGS (\\Flagged)')
lines = say(c, b'UID STORE 1:3 (UNCHANGEDSINCE %d) +FLAGS.SILENT (\\Seen)' % known, b'x OK [MODIFIED 3]')
assert all(b'MODSEQ' in line for line in lines), lines
assert any(line.startswith(b'* 3 FETCH (UID 3 FLAGS (\\Flagged)') for line in lines), lines
found = say(c, b'UID SEARCH MODSEQ %d' % (known + 1))
assert re.match(rb'\* SEARCH 1 2 3 \(MODSEQ \d+\)', found[0]), found
status = say(c, b'STATUS INBOX (HIGHESTMODSEQ UIDNEXT MESSAGES)')[0]
assert b'UIDNEXT 6' in status and modseq(status) > known, status
"#,
    )
    .await;
}

#[tokio::test]
async fn one_round_trip_lists_and_finds() {
    trial(
        r#"
listed = say(c, b'LIST (SUBSCRIBED) "" * RETURN (STATUS (MESSAGES UIDNEXT))')
assert listed == [b'* LIST (\\HasNoChildren \\Subscribed) "/" "INBOX"', b'* STATUS "INBOX" (MESSAGES 5 UIDNEXT 6)'], listed
say(c, b'SELECT INBOX')
assert say(c, b'UID SEARCH RETURN (MIN MAX COUNT ALL) NOT SUBJECT 2') == [b'* ESEARCH (TAG "x") UID MIN 1 MAX 5 ALL 1:2,4:5 COUNT 4']
assert say(c, b'UID SEARCH OR UID 1 HEADER Subject 4 UNSEEN') == [b'* SEARCH 1 5']
"#,
    )
    .await;
}

#[tokio::test]
async fn multiappend_stores_all_or_nothing() {
    trial(
        r#"
mail = b'Subject: m\r\n\r\n'
many = b''.join(b' (\\Seen) {%d+}\r\n%s' % (len(mail), mail) for n in range(3))
c.send(b'x APPEND INBOX' + many + b'\r\n')
assert re.match(rb'x OK \[APPENDUID \d+ 6:8\]', c.readline())
c.send(b'x APPEND INBOX' + many + b' {3+}\r\na\0b\r\n')
assert c.readline().startswith(b'x BAD')
assert b'MESSAGES 8' in say(c, b'STATUS INBOX (MESSAGES)')[0]
"#,
    )
    .await;
}

#[tokio::test]
async fn others_are_heard_while_idle() {
    trial(
        r#"
say(c, b'SELECT INBOX')
c.send(b'x IDLE\r\n')
assert c.readline().startswith(b'+ ')
ok(d.append('INBOX', None, None, b'Subject: new\r\n\r\n'))
assert c.readline() == b'* 6 EXISTS\r\n'
c.send(b'DONE\r\n')
assert c.readline().startswith(b'x OK')
"#,
    )
    .await;
}

#[tokio::test]
async fn compression_hides_nothing() {
    let store = Recipe::new(3, 60).build();
    let server = Server::start(store, Persona::generic()).await.unwrap();
    let program = r#"
import zlib
def everything(send, read):
    send(b'x EXAMINE INBOX\r\n')
    send(b'y UID FETCH 1:* (FLAGS BODY.PEEK[])\r\n')
    seen = b''
    while b'\r\ny OK' not in seen:
        seen += read()
    return seen
plain = everything(c.send, lambda: c.sock.recv(65536))
d = connect()
d.send(b'x COMPRESS DEFLATE\r\n')
assert d.readline().startswith(b'x OK')
out, back = zlib.compressobj(wbits=-15), zlib.decompressobj(wbits=-15)
packed = everything(lambda data: d.send(out.compress(data) + out.flush(zlib.Z_SYNC_FLUSH)), lambda: back.decompress(d.sock.recv(65536)))
assert packed == plain and len(plain) > 50000, (len(packed), len(plain))
"#;
    run(&server, program).await;
}
