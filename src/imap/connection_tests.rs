use super::*;
use crate::{
    body::Body,
    imap::{
        Completed, Literal, Resync, Verdict,
        transcript::{play, sign_in, signed_in},
    },
    model::FolderName,
};

fn append(body: &str) -> Command {
    Command::new("APPEND").string(b"a").body(Body::from_bytes(body.as_bytes().to_vec()))
}

async fn tagged(connection: &mut Connection) -> (Tag, Verdict) {
    loop {
        if let Event::Tagged(tagged) = connection.event().await.unwrap() {
            return (tagged.tag, tagged.verdict);
        }
    }
}

#[tokio::test]
async fn commands_are_pipelined_and_bodies_come_as_they_arrive() {
    let transcript = r#"
        C: A1 NOOP
        C: A2 UID FETCH 1:2 (UID BODY.PEEK[])
        C: A3 NOOP
        S: A1 OK done
        S: * 1 FETCH (UID 1 BODY[] {5}\r\nab\r\nc)
        S: * 2 FETCH (UID 2 BODY[] NIL)
        S: A2 OK done
        S: A3 OK done
    "#;
    for buffer in [1 << 16, 1, 9] {
        play(transcript, buffer, async |stream| {
            let mut connection = signed_in(stream, "IMAP4rev1");
            connection.queue(Command::new("NOOP"));
            connection.queue(Command::new("UID FETCH").word("1:2 (UID BODY.PEEK[])").expecting(10));
            connection.queue(Command::new("NOOP"));
            assert_eq!(connection.in_flight(), 3);
            assert_eq!(tagged(&mut connection).await, (Tag(1), Verdict::Ok));
            let Event::Fetch(first) = connection.event().await.unwrap() else { panic!("FETCH") };
            let Some(Literal::Body(body)) = first.body else { panic!("a body") };
            assert_eq!(body.as_memory().unwrap(), &b"ab\r\nc"[..]);
            assert_eq!(tagged(&mut connection).await.0, Tag(2));
            assert_eq!(tagged(&mut connection).await.0, Tag(3));
            assert_eq!((connection.in_flight(), connection.unsent()), (0, 0));
        })
        .await;
    }
}

#[tokio::test]
async fn a_refused_literal_costs_no_upload_and_the_next_command_follows() {
    let transcript = r#"
        C: A1 APPEND "a" {5}
        S: A1 NO [TRYCREATE] no such folder
        C: A2 APPEND "a" {4}
        S: + go
        C: body
        S: A2 OK done
    "#;
    for buffer in [1 << 16, 1] {
        play(transcript, buffer, async |stream| {
            let mut connection = signed_in(stream, "IMAP4rev1");
            connection.queue(append("hello"));
            connection.queue(append("body"));
            assert_eq!(tagged(&mut connection).await, (Tag(1), Verdict::No));
            assert_eq!(tagged(&mut connection).await, (Tag(2), Verdict::Ok));
        })
        .await;
    }
}

#[tokio::test]
async fn literals_go_at_once_as_far_as_offered_and_wanted() {
    let small = r#"
        C: A1 APPEND "a" {5+}\r\nhello
        S: A1 OK done
    "#;
    let waiting = r#"
        C: A1 APPEND "a" {5}
        S: + go
        C: hello
        S: A1 OK done
    "#;
    for (transcript, capabilities, above) in [
        (small, "LITERAL+", None),
        (small, "LITERAL-", Some(u64::MAX)),
        (waiting, "LITERAL+", Some(4)),
        (waiting, "X", Some(9)),
    ] {
        play(transcript, 1 << 16, async |stream| {
            let mut connection = signed_in(stream, capabilities);
            if let Some(above) = above {
                connection.synchronise_above(above);
            }
            connection.queue(append("hello"));
            assert_eq!(tagged(&mut connection).await, (Tag(1), Verdict::Ok));
        })
        .await;
    }
}

#[tokio::test]
async fn full_buffers_on_both_sides_stop_nothing() {
    // The server answers as it reads and never takes more than its line holds: who only writes, or only reads, hangs.
    let (here, there) = tokio::io::duplex(512);
    let server = async move {
        let (read, mut write) = tokio::io::split(there);
        let mut lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(read));
        while let Some(line) = lines.next_line().await.unwrap() {
            let tag = line.split(' ').next().unwrap();
            let reply = format!("* 1 FETCH (UID 1 BODY[] {{300}}\r\n{})\r\n{tag} OK done\r\n", "x".repeat(300));
            tokio::io::AsyncWriteExt::write_all(&mut write, reply.as_bytes()).await.unwrap();
        }
    };
    let client = async move {
        let mut connection = signed_in(here, "LITERAL+");
        for _ in 0..500 {
            connection.queue(Command::new("NOOP").word(&"x".repeat(400)));
        }
        for number in 1..=500 {
            assert_eq!(tagged(&mut connection).await.0, Tag(number));
        }
    };
    clock::timeout(Duration::from_secs(20), async { tokio::join!(server, client) }).await.expect("no dead lock");
}

#[tokio::test]
async fn a_dropped_future_loses_nothing() {
    let transcript = r#"
        C: A1 NOOP
        S: * 1 FETCH (UID 1 BODY[] {26}\r\nabcdefghijklmnopqrstuvwxyz)
        S: A1 OK done
    "#;
    play(transcript, 1, async |stream| {
        let mut connection = signed_in(stream, "IMAP4rev1");
        connection.queue(Command::new("NOOP"));
        let mut events = Vec::new();
        while events.len() < 2 {
            tokio::select! {
                biased;
                event = connection.event() => events.push(event.unwrap()),
                () = tokio::task::yield_now() => {}
            }
        }
        let Event::Fetch(told) = &events[0] else { panic!("{events:?}") };
        let Some(Literal::Body(body)) = &told.body else { panic!("a body") };
        assert_eq!(body.len(), 26);
    })
    .await;
}

#[tokio::test]
async fn drive_sends_and_keeps_the_reply() {
    let transcript = "C: A1 NOOP\nS: A1 OK done\nC: A2 NOOP\nS: A2 OK done";
    play(transcript, 5, async |stream| {
        let mut connection = signed_in(stream, "IMAP4rev1");
        connection.queue(Command::new("NOOP"));
        connection.drive(0).await.unwrap();
        assert_eq!(connection.unsent(), 0);
        assert_eq!(tagged(&mut connection).await.0, Tag(1));
        connection.queue(Command::new("NOOP"));
        assert_eq!(tagged(&mut connection).await.0, Tag(2));
    })
    .await;
}

#[tokio::test]
async fn after_bye_nothing_is_waited_for() {
    let transcript = r#"
        C: A1 NOOP
        S: A1 BAD Command Argument Error. 11
        S: * BYE Connection closed. 14
    "#;
    play(transcript, 1 << 16, async |stream| {
        let mut connection = signed_in(stream, "IMAP4rev1");
        connection.queue(Command::new("NOOP"));
        connection.queue(Command::new("NOOP"));
        assert_eq!(tagged(&mut connection).await, (Tag(1), Verdict::Bad));
        assert!(matches!(connection.event().await, Ok(Event::Bye(_))));
        let error = connection.event().await.unwrap_err();
        assert_eq!((error.code(), error.reply()), (Code::Lost, Some("Connection closed. 14")));
    })
    .await;
}

#[tokio::test]
async fn what_the_server_said_is_read_though_writing_fails() {
    let (here, mut there) = tokio::io::duplex(1 << 10);
    tokio::io::AsyncWriteExt::write_all(&mut there, b"A1 NO full\r\n* BYE gone\r\n").await.unwrap();
    drop(there);
    let mut connection = signed_in(here, "LITERAL+");
    connection.queue(append(&"x".repeat(100_000)));
    assert_eq!(tagged(&mut connection).await, (Tag(1), Verdict::No));
    assert!(matches!(connection.event().await, Ok(Event::Bye(_))));
}

#[tokio::test(start_paused = true)]
async fn silence_ends_at_the_deadline_and_a_large_literal_lengthens_it() {
    for (body, seconds) in [(0_usize, 120), (limits::SLOWEST_RATE as usize * 60, 180)] {
        let (here, _there) = tokio::io::duplex(16 << 20);
        let mut connection = signed_in(here, "LITERAL+");
        connection.queue(append(&"x".repeat(body)));
        let before = clock::instant();
        assert_eq!(connection.event().await.unwrap_err().code(), Code::Timeout);
        assert_eq!((clock::instant() - before).as_secs(), seconds);
    }
}

#[tokio::test(start_paused = true)]
async fn silence_counts_only_while_somebody_listens() {
    let (here, _there) = tokio::io::duplex(1 << 10);
    let mut connection = signed_in(here, "LITERAL+");
    connection.queue(Command::new("NOOP"));
    let minute = Duration::from_secs(60);
    assert!(clock::timeout(minute, connection.event()).await.is_none());
    clock::sleep(10 * minute).await;
    assert!(clock::timeout(minute / 2, connection.event()).await.is_none());
    let before = clock::instant();
    assert_eq!(connection.event().await.unwrap_err().code(), Code::Timeout);
    assert_eq!(clock::instant() - before, minute / 2);
}

#[tokio::test]
async fn a_folder_is_opened_and_told() {
    let transcript = r#"
        C: A1 EXAMINE "Trash" (CONDSTORE)
        S: * 5 EXISTS
        S: * OK [CLOSED] the one before
        S: * 172 EXISTS
        S: * OK [PERMANENTFLAGS (\Seen \*)] Permanent flags
        S: * OK [UIDVALIDITY 14] UIDVALIDITY value
        S: * OK [UIDNEXT 4392] The next
        S: * OK [HIGHESTMODSEQ 77] Highest
        S: A1 OK [READ-ONLY] done
        C: A2 SELECT "Gel&APY-scht"
        S: A2 NO [NONEXISTENT] Unknown Mailbox
        C: A3 SELECT "INBOX" (QRESYNC (14 77))
        S: * 1 EXISTS
        S: * VANISHED (EARLIER) 3:4
        S: * 1 FETCH (UID 9 FLAGS (\Seen) MODSEQ (78))
        S: A3 OK [READ-WRITE] done
    "#;
    play(transcript, 1 << 16, async |stream| {
        let mut connection = signed_in(stream, "IMAP4rev1 CONDSTORE");
        let open = connection.select(&FolderName(b"Trash".to_vec()), true, None).await.unwrap();
        assert_eq!((open.validity, open.next, open.exists, open.modseq), (14, Some(4392), 172, Some(77)));
        assert_eq!(open.permanent_flags.unwrap(), ["\\Seen", "\\*"]);
        assert!(open.read_only);
        connection.server = Server::default();
        let error = connection.select(&FolderName(b"Gel&APY-scht".to_vec()), false, None).await.unwrap_err();
        assert_eq!((error.code(), error.scope(), error.subject()), (Code::FolderSelect, Scope::Folder, "Gelöscht"));
        assert_eq!(error.reply(), Some("NO [NONEXISTENT] Unknown Mailbox"));
        connection.server.qresync = true;
        let resync = Some(Resync { validity: 14, modseq: 77 });
        let open = connection.select(&FolderName::inbox(), false, resync).await.unwrap();
        assert_eq!(open.vanished, [(3, 4)]);
        assert_eq!((open.changed.len(), open.changed[0].uid, open.read_only), (1, Some(9), false));
    })
    .await;
}

#[tokio::test]
async fn completions_are_errors_by_what_they_say() {
    for (reply, expected, scope) in [
        ("NO [OVERQUOTA] Not enough disk quota", Code::Quota, Scope::Mailbox),
        ("NO Quota limit will be exceeded", Code::Quota, Scope::Mailbox),
        ("NO [NOPERM] Permission denied", Code::ReadOnly, Scope::Folder),
        ("NO [SERVERBUG] Internal error occurred.", Code::Server, Scope::Folder),
        ("BAD Command received in Invalid state.", Code::Lost, Scope::Mailbox),
        ("BAD User is authenticated but not connected.", Code::AuthAccess, Scope::Mailbox),
        ("BAD Command Argument Error. 12", Code::Protocol, Scope::Folder),
        ("NO something else", Code::Server, Scope::Folder),
    ] {
        let transcript = format!("C: A1 NOOP\nS: * 3 EXISTS\nS: A1 {reply}\n");
        let done: Completed = play(&transcript, 64, async |stream| {
            signed_in(stream, "IMAP4rev1").run(Command::new("NOOP")).await.unwrap()
        })
        .await;
        assert_eq!(done.untagged.len(), 1);
        let error = done.ok().unwrap_err();
        assert_eq!((error.code(), error.scope(), error.reply()), (expected, scope, Some(reply)));
        assert_eq!(error.subject(), "mail.example.org:993");
    }
}

#[tokio::test]
async fn goodbye_is_polite_and_short() {
    play("C: A1 LOGOUT\nS: * BYE see you\nS: A1 OK done", 64, async |stream| {
        signed_in(stream, "IMAP4rev1").logout().await;
    })
    .await;
}

#[test]
fn nothing_shows_a_password() {
    let command = Command::new("LOGIN").string(b"u").string(b"secret");
    assert_eq!(format!("{command:?} {:?}", sign_in()).find("secret"), None);
}
