//! The generic persona under `imaplib`.

use std::time::Duration;

use mailhaul::lab::{
    Lab, LabOptions,
    imap::{Persona, Server, Verb},
    mailstore::Mailstore,
};

use super::python::{run, run_unsigned};

#[tokio::test]
async fn appends_and_reads_back() {
    let store = Mailstore::empty();
    let server = Server::start(store.clone(), Persona::generic()).await.unwrap();
    let program = r#"
mail = b'Subject: one\r\nFrom: a@b\r\n\r\nbody\r\n'
ok(c.create('"A folder"'))
answer = ok(c.append('"A folder"', '(\\Seen blue)', '" 1-Feb-2020 03:04:05 +0200"', mail))
assert b'APPENDUID' in answer[0], answer
assert ok(c.status('"A folder"', '(MESSAGES UIDNEXT)'))[0] == b'"A folder" (MESSAGES 1 UIDNEXT 2)'
assert ok(c.select('"A folder"', readonly=True)) == [b'1']
data = ok(c.uid('FETCH', '1:*', '(FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])'))
assert data[0][1] == mail, data
assert imaplib.ParseFlags(data[0][0]) == (b'\\Seen', b'blue'), data
assert b'INTERNALDATE " 1-Feb-2020 03:04:05 +0200"' in data[0][0], data
assert b'RFC822.SIZE %d' % len(mail) in data[0][0], data
assert c.append('nowhere', None, None, mail) == ('NO', [b"[TRYCREATE] Mailbox doesn't exist."])
ok(c.select('"A folder"'))
assert ok(c.uid('SEARCH', None, 'SUBJECT', 'ONE', 'KEYWORD', 'blue')) == [b'1']
ok(c.uid('STORE', '1', '+FLAGS', '(\\Deleted)'))
assert ok(c.expunge()) == [b'1']
names = ok(c.list())
assert names == [b'(\\HasNoChildren) "/" "A folder"', b'(\\HasNoChildren) "/" "INBOX"'], names
ok(c.rename('"A folder"', 'b'))
ok(c.subscribe('b'))
assert ok(c.lsub()) == [b'() "/" "INBOX"', b'() "/" "b"']
ok(c.delete('b'))
c.logout()
"#;
    run(&server, program).await;
    assert_eq!(server.journal().count(Verb::Append), 2);
    assert_eq!(store.snapshot().messages(), 0);
    assert!(server.journal().closed_by_server().is_empty());
}

#[tokio::test]
async fn the_lab_speaks_tls_under_its_own_authority() {
    let directory = tempfile::tempdir().unwrap();
    let options =
        LabOptions { mailboxes: 1, messages: 10, login: Duration::ZERO..Duration::ZERO, ..LabOptions::default() };
    let lab = Lab::start(&options, directory.path()).await.unwrap();
    let program = r#"
import ssl
def lab(context):
    return imaplib.IMAP4_SSL('127.0.0.1', port, ssl_context=context)
c = lab(ssl.create_default_context(cafile=CA))
ok(c.login('user1@old.example.org', 'old-1'))
assert len(ok(c.list())) > 10
try:
    lab(ssl.create_default_context())
    assert False, 'a stranger believed it'
except ssl.SSLCertVerificationError:
    pass
"#;
    run_unsigned(lab.source(), &format!("CA = {:?}\n{program}", lab.authority())).await;
}
