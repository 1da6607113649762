//! The Exchange Online persona under `imaplib`: microsoft365.md §7.1, point by point.

use std::time::Duration;

use mailhaul::{
    clock,
    lab::{
        generate::{Language, add_control_name, exchange_target},
        imap::{Access, Accounts, Cause, Closed, Persona, Profile, Server, Throttle, ThrottleWords, Verb},
        mailstore::Mailstore,
    },
};

use super::python::{run, run_unsigned};

async fn exchange(store: &Mailstore, turn: impl FnOnce(&mut Persona)) -> Server {
    Server::start(store.clone(), Persona::exchange(Profile::Move).with(turn)).await.unwrap()
}

#[tokio::test]
async fn points_1_and_2_capabilities_come_when_asked_and_differ_after_log_in() {
    for profile in [Profile::Classic, Profile::Move, Profile::Rev2] {
        let server = Server::start(Mailstore::empty(), Persona::exchange(profile)).await.unwrap();
        let program = r#"
assert re.search(rb'Microsoft Exchange.*IMAP4 service.*ready', c.welcome), c.welcome
assert b'CAPABILITY' not in c.welcome
assert 'CLIENTACCESSRULES' not in c.capabilities
after = ok(c.capability())[0].split()
assert b'CLIENTACCESSRULES' in after and b'LITERAL+' in after and b'CONDSTORE' not in after
"#;
        run(&server, program).await;
    }
}

#[tokio::test]
async fn point_1_enabling_rev2_breaks_the_listing() {
    let server = Server::start(Mailstore::empty(), Persona::exchange(Profile::Rev2)).await.unwrap();
    let program = r#"
ok(c.lsub())
ok(c._simple_command('ENABLE', 'IMAP4rev2'))
try:
    c.lsub()
    assert False
except imaplib.IMAP4.error as error:
    assert 'BAD' in str(error), error
ok(c.list())
assert c.list()[0] == 'NO'
"#;
    run(&server, program).await;
}

#[tokio::test]
async fn point_3_tokens_and_the_sign_in_that_is_not_one() {
    let accounts = Accounts::from(Mailstore::empty());
    accounts.issue_token("good", Accounts::USER, clock::instant() + Duration::from_secs(600));
    accounts.issue_token("old", Accounts::USER, clock::instant());
    let server = Server::start(accounts.clone(), Persona::exchange(Profile::Move)).await.unwrap();
    let program = r#"
def oauth(token):
    c = imaplib.IMAP4('127.0.0.1', port)
    answer = c.authenticate('XOAUTH2', lambda _: f'user={user}\x01auth=Bearer {token}\x01\x01'.encode())
    return c
ok(oauth('good').list())
for token in ['old', 'unknown']:
    try:
        oauth(token)
        assert False
    except imaplib.IMAP4.error as error:
        assert 'AUTHENTICATE failed.' in str(error), error
"#;
    run(&server, program).await;
    accounts.set_access(Accounts::USER, Access::NotConnected);
    let program = r#"
try:
    c.list()
    assert False
except imaplib.IMAP4.error as error:
    assert 'User is authenticated but not connected.' in str(error), error
try:
    c.noop()
    assert False
except imaplib.IMAP4.abort:
    pass
"#;
    run(&server, program).await;
    assert_eq!(server.journal().closed_by_server()[0].words, "Connection closed. 14");
    assert_eq!(server.journal().closed_for(Cause::NotConnected), 1);
}

#[tokio::test]
async fn points_4_and_5_what_an_append_may_hold() {
    let store = Mailstore::empty();
    let server = exchange(&store, |persona| persona.append.max_size = 50_000).await;
    let program = r#"
mail = b'Subject: x\r\n\r\n' + b'a' * 10239 + b'\r\n'
answer = ok(c.append('INBOX', '(\\Seen $MDNSent)', '"22-Oct-2018 19:58:29 -0300"', mail))
assert re.match(rb'\[APPENDUID \d{1,3} 1\] APPEND completed\.', answer[0]), answer
def refused(words, flags, mail):
    try:
        answer = c.append('INBOX', flags, None, mail)
        assert answer[0] == 'NO' and words in answer[1][0].decode(), answer
    except imaplib.IMAP4.error as error:
        assert 'BAD' in str(error) and words in str(error), error
refused('Command Error. 10', None, mail.replace(b'aa', b'aaa', 1))
refused('Command Argument Error. 11', None, b'Subject: x\r\n\r\na\0b\r\n')
refused('Command Argument Error. 11', '(blue)', b'Subject: x\r\n\r\n')
refused('Maximum size of appendable message has been exceeded', None, b'a\r\n' * 20000)
"#;
    run(&server, program).await;
    assert_eq!(store.snapshot().messages(), 1);
}

#[tokio::test]
async fn point_5_ten_errors_end_the_session() {
    let server = exchange(&Mailstore::empty(), |_| ()).await;
    let program = r#"
for n in range(9):
    assert c.select('nowhere')[0] == 'NO'
assert c.noop()[0] == 'OK'
try:
    c.select('nowhere')
    c.noop()
    assert False
except imaplib.IMAP4.abort:
    pass
"#;
    run(&server, program).await;
    let words = "Connection closed. 14".to_owned();
    assert_eq!(server.journal().closed_by_server(), [Closed { connection: 1, cause: Cause::Errors, words }]);
}

#[tokio::test]
async fn point_6_the_throttle_tells_true_times() {
    let store = Mailstore::empty();
    let throttle = Throttle { recovery: 0.5, ..Throttle::new(5.0, 4.0) };
    let server = exchange(&store, |persona| persona.throttle = Some(throttle)).await;
    let program = r#"
import time
sent, hints, verdicts = 0, [], []
while sent < 12:
    try:
        verdict, answer = c.append('INBOX', None, None, b'Subject: %d\r\n\r\n' % sent)
        text = answer[0].decode()
    except imaplib.IMAP4.error as error:
        verdict, text = 'BAD', str(error)
    if verdict == 'OK':
        sent += 1
        continue
    hint = int(re.search(r'Request is throttled. Suggested Backoff Time: (\d+) milliseconds', text)[1])
    hints.append(hint)
    verdicts.append(verdict)
    time.sleep(hint / 1000)
    if verdict == 'BAD':
        c = connect()
assert verdicts[:2] == ['NO', 'BAD'] and len(verdicts) >= 2, verdicts
assert all(hint <= 410 for hint in hints), hints
"#;
    run(&server, program).await;
    assert_eq!(store.snapshot().messages(), 12);
    assert!(server.journal().back_offs() >= 2);
    assert!(server.journal().commands_during_back_off(Duration::ZERO).is_empty());
}

#[tokio::test]
async fn point_6_who_does_not_wait_is_found() {
    let throttle = Throttle { words: vec![ThrottleWords::Unavailable], ..Throttle::new(0.1, 1.0) };
    let server = exchange(&Mailstore::empty(), |persona| persona.throttle = Some(throttle)).await;
    let program = r#"
ok(c.append('INBOX', None, None, b'Subject: 1\r\n\r\n'))
for n in range(2):
    assert c.append('INBOX', None, None, b'Subject: 2\r\n\r\n') == ('NO', [b'Server Unavailable. 15'])
"#;
    run(&server, program).await;
    assert_eq!(server.journal().commands_during_back_off(Duration::ZERO).len(), 1);
}

#[tokio::test]
async fn point_7_tokens_and_patience_run_out() {
    let accounts = Accounts::from(Mailstore::empty());
    accounts.issue_token("short", Accounts::USER, clock::instant() + Duration::from_secs(2));
    let server = Server::start(accounts, Persona::exchange(Profile::Proxy)).await.unwrap();
    let program = r#"
c = imaplib.IMAP4('127.0.0.1', port)
assert 'LOGINDISABLED' in c.capabilities
c.authenticate('XOAUTH2', lambda _: f'user={user}\x01auth=Bearer short\x01\x01'.encode())
ok(c.list())
assert c.readline() == b'* BYE Session invalidated - AccessTokenExpired\r\n'
assert c.readline() == b''
"#;
    run_unsigned(&server, program).await;
    server.set_persona(Persona::exchange(Profile::Move).with(|p| p.session.idle = Some(Duration::from_millis(100))));
    run(&server, "assert c.readline() == b'* BYE Connection is closed. 13\\r\\n'").await;
}

#[tokio::test]
async fn point_8_one_connection_too_many() {
    let server = exchange(&Mailstore::empty(), |persona| persona.session.connections = Some(2)).await;
    let program = r#"
second = connect()
ok(second.list())
third = connect()
try:
    third.list()
    assert False
except imaplib.IMAP4.error as error:
    assert 'User is authenticated but not connected.' in str(error), error
ok(c.list())
"#;
    run(&server, program).await;
}

#[tokio::test]
async fn point_9_folders_of_every_kind() {
    let store = exchange_target(Language::German);
    add_control_name(&store);
    let server = exchange(&store, |_| ()).await;
    let program = r#"
names = ok(c.list())
assert b'(\\Marked \\HasNoChildren \\Sent) "/" "Gesendete Elemente"' in names, names
assert b'(\\HasNoChildren) "/" "Kalender"' in names, names
assert b'(\\HasNoChildren) "/" odd\x08name' in names, names
assert b'(\\HasNoChildren) "/" "Inbox"' in names, names
assert c.create('Files') == ('NO', [b'Folder name is reserved'])
assert c.create('kalender') == ('NO', [b'Mailbox already exists.'])
ok(c.create('" Blank "'))
assert c.select('" Blank "')[0] == 'NO'
ok(c.select('blank'))
ok(c.select('inbox'))
try:
    c._simple_command('LIST', '""', '*', 'RETURN', '(STATUS (MESSAGES))')
    assert False
except imaplib.IMAP4.error as error:
    assert 'Command Argument Error. 12' in str(error), error
"#;
    run(&server, program).await;
}

#[tokio::test]
async fn point_10_messages_are_rendered_anew() {
    let store = Mailstore::empty();
    let server = exchange(&store, |persona| {
        persona.rendering.stubs.insert(2);
        persona.rendering.left_out.insert(3);
    })
    .await;
    let program = r#"
mail = b'Subject: a rather long subject that somebody folds here\r\n and goes on\r\nMessage-ID: <1@x>\r\n' \
    b'Content-Type: multipart/mixed; boundary="here"\r\n\r\n--here\r\n\r\none\r\n--here--\r\n'
for n in range(4):
    ok(c.append('INBOX', None, None, mail))
ok(c.create('Other'))
ok(c.select('INBOX'))
def fetch(uid):
    return ok(c.uid('FETCH', str(uid), '(BODY.PEEK[])'))[0]
import email, email.policy
def fields(raw):
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    return parsed['Subject'], parsed['Message-ID'], [part.get_content() for part in parsed.iter_parts()]
one, two = fetch(1)[1], fetch(1)[1]
assert one != two and one != mail
assert fields(one) == fields(two) == fields(mail), (fields(one), fields(mail))
assert b'Retrieval using the IMAP4 protocol failed for the following message: 2' in fetch(2)[1]
assert fetch(3) == b'3 (UID 3)', fetch(3)
c.send(b'm MOVE 4 Other\r\n')
lines = [c.readline() for n in range(3)]
assert re.match(rb'\[COPYUID \d+ 4 1\]\r\n', lines[0]), lines
assert lines[1] == b'* 4 EXPUNGE\r\n' and lines[2] == b'm OK MOVE completed.\r\n', lines
"#;
    run(&server, program).await;
    assert_eq!(server.journal().count(Verb::Move), 1);
}
