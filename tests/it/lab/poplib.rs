//! The POP3 host under `poplib`.

use std::process::{Command, Stdio};

use mailhaul::lab::{
    imap::Accounts,
    mailstore::{Mailstore, NewMessage},
    pop3::{Manner, Server},
};
use mailhaul::model::ReceivedAt;

/// Runs `program` after `connect` is defined; fails with its words.
async fn run(server: &Server, program: &str) {
    const PRELUDE: &str = r#"
import poplib, sys
port, user, password = int(sys.argv[1]), sys.argv[2], sys.argv[3]
def connect():
    return poplib.POP3('127.0.0.1', port, timeout=20)
"#;
    let mut python = Command::new("python3");
    python.args(["-c", &format!("{PRELUDE}{program}"), &server.port().to_string()]);
    python.args([Accounts::USER, Accounts::PASSWORD]).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || python.output()).await.unwrap().expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn store() -> Mailstore {
    let store = Mailstore::empty();
    let mails = [&b"Subject: one\r\n\r\n.dot\r\n..\r\nend\r\n"[..], b"Subject: two\r\n\r\nno end"];
    store.write(|mailbox| {
        let inbox = mailbox.folder_mut(b"INBOX").unwrap();
        for mail in mails {
            inbox.append(NewMessage::new(mail, ReceivedAt { unix: 0, offset: 0 }), None);
        }
    });
    store
}

#[tokio::test]
async fn lists_and_reads() {
    let server = Server::start(store(), Manner::default()).await.unwrap();
    let program = r#"
c = connect()
assert 'PIPELINING' in c.capa() and 'PLAIN' in c.capa()['SASL']
c.user(user)
c.pass_(password)
assert c.stat()[0] == 2
assert c.list()[1] == [b'1 31', b'2 22'], c.list()
uids = [line.split()[1] for line in c.uidl()[1]]
assert len(set(uids)) == 2
assert c.retr(1)[1] == [b'Subject: one', b'', b'.dot', b'..', b'end'], c.retr(1)
assert c.retr(2)[1] == [b'Subject: two', b'', b'no end']
assert c.top(1, 0)[1] == [b'Subject: one', b'']
for refused in (lambda: c.retr(3), lambda: c.dele(1), lambda: c.list(9)):
    try:
        refused()
        assert False, 'taken'
    except poplib.error_proto as error:
        assert error.args[0].startswith(b'-ERR'), error
second = connect()
second.user(user)
try:
    second.pass_(password)
    assert False, 'two sessions at once'
except poplib.error_proto as error:
    assert b'[IN-USE]' in error.args[0]
c.quit()
third = connect()
third.user(user)
third.pass_(password)
assert [line.split()[1] for line in third.uidl()[1]] == uids
third.quit()
"#;
    run(&server, program).await;
    assert_eq!(server.journal().count("DELE"), 1, "noted, and refused");
}

#[tokio::test]
async fn takes_apop() {
    let server = Server::start(store(), Manner::default().with(|manner| manner.apop = true)).await.unwrap();
    run(&server, "c = connect()\nc.apop(user, password)\nassert c.stat()[0] == 2\nc.quit()\n").await;
}
