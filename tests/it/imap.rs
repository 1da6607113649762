//! The IMAP client against a real Dovecot: signing in by every way, pipelining, literals, compression, changes since.

use crate::support::courier::Courier;
use crate::support::cyrus::Cyrus;
use crate::support::dovecot::{Dovecot, Options, PASSWORD};
use mailhaul::{
    body::{Body, BodyStore},
    error::{Code, Result, Side},
    imap::{
        AdminForm, Attributes, Command, Connection, Event, Literal, Login, ResponseCode, Resync, SignIn, Verdict, list,
        uidset, utf7,
    },
    limits,
    model::{Flags, FolderName, ReceivedAt, Role},
    net::{Dial, Encryption},
    pace::Rates,
    secret::Secret,
};
use std::path::PathBuf;
use std::time::Duration;

fn sign_in(port: u16, user: &str) -> SignIn {
    SignIn {
        dial: Dial {
            host: "127.0.0.1".into(),
            port,
            encryption: Encryption::None,
            ca: Vec::new(),
            insecure: false,
            proxy: None,
            connect_deadline: limits::CONNECT_DEADLINE,
            side: Side::Source,
        },
        login: Login::Password { user: user.into(), password: Secret::new(PASSWORD.into()) },
        rates: Rates::default(),
        deadline: Duration::from_secs(30),
        compress: false,
        resync: true,
        utf8: false,
    }
}

async fn open(how: &SignIn) -> Result<Connection> {
    Connection::open(how, BodyStore::with(8 << 20, std::env::temp_dir())).await
}

async fn run(connection: &mut Connection, command: Command) -> Vec<Event> {
    connection.run(command).await.unwrap().ok().unwrap().untagged
}

fn message(n: usize) -> Vec<u8> {
    format!("Subject: message {n}\r\n\r\n{}", "line of text\r\n".repeat(n * 37 % 4000)).into_bytes()
}

fn append(folder: &FolderName, messages: impl IntoIterator<Item = Vec<u8>>) -> Command {
    let flags = Flags::from_names(["\\Seen", "$Work"]);
    let at = ReceivedAt { unix: 1_540_249_109, offset: -10_800 };
    messages.into_iter().fold(Command::new("APPEND").folder(folder), |command, message| {
        command.flags(&flags).date(at).body(Body::from_bytes(message))
    })
}

fn uids(code: &ResponseCode) -> Vec<u32> {
    match code {
        ResponseCode::AppendUid(_, ranges) => uidset::expand(ranges, 1000),
        other => panic!("{other:?}"),
    }
}

fn bytes(told: &Attributes) -> Vec<u8> {
    let Some(Literal::Body(body)) = &told.body else { panic!("{told:?}") };
    let mut all = Vec::new();
    body.for_each_chunk(|chunk| all.extend_from_slice(chunk)).unwrap();
    all
}

/// Appends by MULTIAPPEND and singly, all in flight at once, and reads everything back.
async fn there_and_back(how: &SignIn) {
    let folder = FolderName(utf7::encode("Prüfung \"1\""));
    let mut connection = open(how).await.unwrap();
    assert_eq!(connection.server().compressed, how.compress);
    run(&mut connection, Command::new("CREATE").folder(&folder)).await;
    connection.select(&folder, false, None).await.unwrap();
    let large = vec![b'x'; 3 << 20];
    connection.queue(append(&folder, (0..64).map(message)));
    connection.queue(append(&folder, [large.clone()]));
    for n in 64..128 {
        connection.queue(append(&folder, [message(n)]));
    }
    let mut stored = Vec::new();
    while connection.in_flight() > 0 {
        if let Event::Tagged(tagged) = connection.event().await.unwrap() {
            assert_eq!(tagged.verdict, Verdict::Ok, "{tagged:?}");
            stored.extend(uids(&tagged.code));
        }
    }
    assert_eq!(stored, (1..=129).collect::<Vec<u32>>());
    for set in ["1:64", "65", "66:129"] {
        connection.queue(Command::new("UID FETCH").word(set).word("(UID FLAGS INTERNALDATE BODY.PEEK[])"));
    }
    let mut read = 0;
    while connection.in_flight() > 0 {
        let Event::Fetch(told) = connection.event().await.unwrap() else { continue };
        let n = told.uid.unwrap() as usize - 1;
        let sent = if n == 64 { large.clone() } else { message(if n < 64 { n } else { n - 1 }) };
        assert!(bytes(&told) == sent, "message {n}");
        assert_eq!(told.flags.unwrap().encode(), "\\Seen $Work");
        assert_eq!(told.received_at.unwrap().unwrap().unix, 1_540_249_109);
        read += 1;
    }
    assert_eq!(read, 129);
    connection.logout().await;
}

#[tokio::test]
async fn many_messages_there_and_back() {
    let server = Dovecot::start();
    there_and_back(&sign_in(server.address().port(), "ann")).await;
}

#[tokio::test]
async fn the_same_compressed() {
    let extra = "protocol imap {\n  mail_plugins = $mail_plugins imap_zlib\n}\n".to_owned();
    let server = Dovecot::with(&Options { extra, ..Options::default() });
    there_and_back(&SignIn { compress: true, ..sign_in(server.address().port(), "bob") }).await;
}

#[tokio::test]
async fn literals_that_wait_for_the_server() {
    let server = Dovecot::with(&Options { without: vec!["LITERAL+", "MULTIAPPEND"], ..Options::default() });
    let mut connection = open(&sign_in(server.address().port(), "cat")).await.unwrap();
    let inbox = FolderName::inbox();
    connection.queue(append(&FolderName(b"none".to_vec()), [message(300)]));
    for n in 0..20 {
        connection.queue(append(&inbox, [message(n)]));
    }
    let mut verdicts = Vec::new();
    while connection.in_flight() > 0 {
        if let Event::Tagged(tagged) = connection.event().await.unwrap() {
            verdicts.push(tagged.verdict);
        }
    }
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::No).count(), 1);
    assert_eq!(connection.select(&inbox, true, None).await.unwrap().exists, 20);
}

#[tokio::test]
async fn courier_and_cyrus_speak_it_too() {
    let (courier, cyrus) = (Courier::start(), Cyrus::start(&["gus"]));
    for (port, delimiter) in [(courier.address().port(), '.'), (cyrus.address().port(), '/')] {
        let mut connection = open(&sign_in(port, "gus")).await.unwrap();
        let namespace = connection.server().namespace.clone().unwrap();
        let (prefix, _) = &namespace.personal[0];
        let folder = FolderName([prefix.as_slice(), &utf7::encode("Übersicht & mehr")].concat());
        run(&mut connection, Command::new("CREATE").folder(&folder)).await;
        for n in 0..10 {
            connection.queue(append(&folder, [message(n)]));
        }
        while connection.in_flight() > 0 {
            let Event::Tagged(tagged) = connection.event().await.unwrap() else { continue };
            assert!(matches!(tagged.code, ResponseCode::AppendUid(..)), "{tagged:?}");
        }
        assert_eq!(connection.select(&folder, true, None).await.unwrap().exists, 10);
        let told =
            run(&mut connection, Command::new("UID FETCH").word("1:* (UID FLAGS INTERNALDATE BODY.PEEK[])")).await;
        let messages = told.iter().filter_map(|event| match event {
            Event::Fetch(told) if told.body.is_some() => Some((told.uid.unwrap() as usize, bytes(told))),
            _ => None,
        });
        assert_eq!(messages.filter(|(uid, body)| *body == message(uid - 1)).count(), 10);
        let folders = list::folders(&mut connection).await.unwrap();
        let told = folders.iter().find(|told| told.name == folder).unwrap();
        assert_eq!((told.path.to_string().as_str(), told.delimiter), ("Übersicht & mehr", Some(delimiter)));
    }
}

#[tokio::test]
async fn tls_from_the_start_and_later() {
    let home = tempfile::tempdir().unwrap();
    let (certificate, key) = certificate(home.path());
    let server = Dovecot::with(&Options { tls: Some((certificate.clone(), key)), ..Options::default() });
    for (port, encryption) in
        [(server.tls_address().port(), Encryption::Tls), (server.address().port(), Encryption::StartTls)]
    {
        let mut how = sign_in(port, "dan");
        how.dial.encryption = encryption;
        assert_eq!(open(&how).await.unwrap_err().code(), Code::TlsCert);
        how.dial.ca = vec![certificate.clone()];
        how.dial.host = "localhost".into();
        let mut connection = open(&how).await.unwrap();
        assert!(connection.server().has("UIDPLUS") && connection.server().qresync);
        run(&mut connection, Command::new("NOOP")).await;
    }
    let plain = Dovecot::start();
    let mut how = sign_in(plain.address().port(), "dan");
    how.dial.encryption = Encryption::StartTls;
    assert_eq!(open(&how).await.unwrap_err().code(), Code::TlsProto);
}

fn certificate(home: &std::path::Path) -> (PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (home.join("cert.pem"), home.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate, key)
}

#[tokio::test]
async fn passwords_and_administrators() {
    let extra = "auth_master_user_separator = *\npassdb {\n  driver = static\n  master = yes\n  args = password=of\"all\"keys\n}\n".to_owned();
    let server = Dovecot::with(&Options { extra, ..Options::default() });
    let port = server.address().port();
    let wrong = Login::Password { user: "eve".into(), password: Secret::new("guess".into()) };
    let error = open(&SignIn { login: wrong, ..sign_in(port, "eve") }).await.unwrap_err();
    assert_eq!((error.code(), error.side()), (Code::Auth, Side::Source));
    assert!(error.reply().unwrap().contains("Authentication failed"), "{error}");
    for form in [AdminForm::SaslPlain, AdminForm::Template("{user}*{admin}".into())] {
        let login = Login::Admin {
            user: "eve".into(),
            admin: "root".into(),
            password: Secret::new("of\"all\"keys".into()),
            form: form.clone(),
        };
        let mut connection = open(&SignIn { login, ..sign_in(port, "eve") }).await.unwrap();
        let folder = FolderName(format!("by {form:?}").replace(['{', '}', '*', '"', '(', ')'], "").into_bytes());
        run(&mut connection, Command::new("CREATE").folder(&folder)).await;
    }
    let mut own = open(&sign_in(port, "eve")).await.unwrap();
    assert_eq!(list::folders(&mut own).await.unwrap().iter().filter(|f| f.path.leaf().starts_with("by")).count(), 2);
}

#[tokio::test]
async fn folders_and_what_changed_since() {
    let server = Dovecot::start();
    let mut connection = open(&sign_in(server.address().port(), "fay")).await.unwrap();
    let folder = FolderName(utf7::encode("日本語"));
    run(&mut connection, Command::new("CREATE").folder(&folder)).await;
    run(&mut connection, Command::new("CREATE").string(b"Sent")).await;
    run(&mut connection, Command::new("SUBSCRIBE").folder(&folder)).await;
    run(&mut connection, append(&folder, (0..10).map(message))).await;
    let folders = list::folders(&mut connection).await.unwrap();
    let told = folders.iter().find(|told| told.name == folder).unwrap();
    assert_eq!((told.path.to_string().as_str(), told.subscribed, told.selectable), ("日本語", true, true));
    assert_eq!(told.status.as_ref().unwrap().messages, Some(10));
    let sent = folders.iter().find(|told| told.role == Some(Role::Sent)).unwrap();
    assert_eq!(sent.path.leaf(), "Sent");

    let before = connection.select(&folder, false, None).await.unwrap();
    assert_eq!((before.exists, before.next), (10, Some(11)));
    run(&mut connection, Command::new("UID STORE").word("3 +FLAGS.SILENT (\\Flagged)")).await;
    run(&mut connection, Command::new("UID STORE").word("4:5,9 +FLAGS.SILENT (\\Deleted)")).await;
    run(&mut connection, Command::new("UID EXPUNGE").word("4:5,9")).await;
    let mut later = open(&sign_in(server.address().port(), "fay")).await.unwrap();
    let resync = Resync { validity: before.validity, modseq: before.modseq.unwrap() };
    let now = later.select(&folder, true, Some(resync)).await.unwrap();
    assert_eq!(uidset::expand(&now.vanished, 10), [4, 5, 9]);
    assert_eq!(now.changed.iter().map(|told| told.uid.unwrap()).collect::<Vec<_>>(), [3]);
    let since = format!("1:* (FLAGS) (CHANGEDSINCE {} VANISHED)", resync.modseq);
    let told = run(&mut later, Command::new("UID FETCH").word(&since)).await;
    assert!(told.iter().any(|event| matches!(event, Event::Vanished { earlier: true, .. })), "{told:?}");
    let error = later.select(&FolderName(b"nowhere".to_vec()), true, None).await.unwrap_err();
    assert_eq!((error.code(), error.subject()), (Code::FolderSelect, "nowhere"));
}
