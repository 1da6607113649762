use proptest::prelude::*;
use tokio::io::AsyncWriteExt;

use super::*;
use crate::imap::{
    AdminForm,
    transcript::{admin, bearer, connect, play, sign_in},
};

/// The transcript as a whole, byte by byte, and with a line that holds a few bytes.
async fn every_way(transcript: &str, how: SignIn, check: impl Fn(Result<Connection>)) {
    for buffer in [64 << 10, 1, 7, 61] {
        check(play(transcript, buffer, async |stream| connect(stream, &how).await).await);
    }
}

fn code(result: Result<Connection>) -> (Code, String) {
    let error = result.expect_err("refused");
    assert!(!format!("{error} {error:?}").contains("p w"), "a password shows");
    (error.code(), error.reply().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn exchange_online_with_sasl_ir() {
    // microsoft365.md §1.2–1.5: no capabilities in the greeting or in the OK, so both are asked for.
    let transcript = r#"
        S: * OK The Microsoft Exchange IMAP4 service is ready. [TQBXAEgA]
        C: A0001 CAPABILITY
        S: * CAPABILITY IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+
        S: A0001 OK CAPABILITY completed.
        C: A0001 AUTHENTICATE PLAIN AHUAcA==
        S: A0001 OK AUTHENTICATE completed.
        C: A1 CAPABILITY
        C: A2 ID ("name" "mailhaul" "version" "0.1.0")
        C: A3 NAMESPACE
        S: * CAPABILITY IMAP4 IMAP4rev1 UIDPLUS MOVE ID NAMESPACE LITERAL+ ENABLE IMAP4rev2
        S: A1 OK CAPABILITY completed.
        S: * ID ("name" "Microsoft.Exchange.Imap4.Imap4Server" "version" "15.20")
        S: A2 OK ID completed
        S: * NAMESPACE (("" "/")) NIL NIL
        S: A3 OK NAMESPACE completed.
    "#;
    every_way(transcript, SignIn { resync: true, utf8: true, ..sign_in() }, |connection| {
        let connection = connection.unwrap();
        let server = connection.server();
        assert!(server.greeting.starts_with("The Microsoft Exchange IMAP4 service is ready."));
        assert!(server.has("move") && server.has("LITERAL+") && !server.has("AUTH=PLAIN"));
        assert_eq!(server.id("version"), Some("15.20"));
        assert_eq!(server.namespace.as_ref().unwrap().personal, [(Vec::new(), Some('/'))]);
        assert!(!server.utf8 && !server.qresync);
    })
    .await;
}

#[tokio::test]
async fn authenticate_with_a_challenge_and_noise_around_it() {
    // Dovecot tells its capabilities with the OK: one round trip of set-up, no more.
    let transcript = r#"
        S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN ID] Dovecot ready.
        C: A0001 AUTHENTICATE PLAIN
        S: * OK Still here
        S: Server Unavailable. 15
        S: + this is no base64
        C: dQBhAHAgdw==
        S: * CAPABILITY IMAP4rev1 ID ENABLE QRESYNC CONDSTORE NAMESPACE UTF8=ACCEPT
        S: A0001 OK Logged in
        C: A1 CAPABILITY
        C: A2 ID ("name" "mailhaul" "version" "0.1.0")
        C: A3 NAMESPACE
        C: A4 ENABLE QRESYNC UTF8=ACCEPT
        S: * CAPABILITY IMAP4rev1 ID ENABLE QRESYNC CONDSTORE NAMESPACE UTF8=ACCEPT
        S: A1 OK done
        S: * ID NIL
        S: A2 OK done
        S: A3 NO no namespace today
        S: * ENABLED QRESYNC UTF8=ACCEPT
        S: A4 OK done
    "#;
    let how = SignIn { resync: true, utf8: true, ..admin(AdminForm::SaslPlain) };
    every_way(transcript, how, |connection| {
        let connection = connection.unwrap();
        assert!(connection.server().utf8 && connection.server().qresync);
    })
    .await;
}

#[tokio::test]
async fn login_with_literals_and_a_template() {
    let transcript = r#"
        S: * OK [CAPABILITY IMAP4rev1] ready
        C: A1 LOGIN {3}
        S: + go ahead
        C: u*a {3}
        S: + go ahead
        C: p w
        S: A1 OK [CAPABILITY IMAP4rev1] done
        C: A2 CAPABILITY
        C: A3 LIST "" ""
        S: * CAPABILITY IMAP4rev1
        S: A2 OK done
        S: * LIST (\Noselect) "." ""
        S: A3 OK done
    "#;
    every_way(transcript, admin(AdminForm::Template("{user}*{admin}".into())), |connection| {
        connection.unwrap();
    })
    .await;
}

#[tokio::test]
async fn login_with_plain_words_and_preauth() {
    let login = r#"
        S: * OK ready
        C: A0001 CAPABILITY
        S: A0001 BAD what is that
        C: A1 LOGIN "u" "p"
        S: A1 OK done
        C: A2 CAPABILITY
        C: A3 LIST "" ""
        S: A2 BAD what is that
        S: A3 OK done
    "#;
    every_way(login, sign_in(), |connection| assert!(connection.unwrap().server().greeting == "ready")).await;
    let preauth = r#"
        S: * PREAUTH IMAP4rev1 server ready, logged in as u
        C: A1 CAPABILITY
        C: A2 LIST "" ""
        S: * CAPABILITY IMAP4rev1 UIDPLUS
        S: A1 OK done
        S: A2 OK done
    "#;
    every_way(preauth, sign_in(), |connection| assert!(connection.unwrap().server().has("UIDPLUS"))).await;
}

#[tokio::test]
async fn refusals_say_why() {
    for (reply, expected) in [
        ("NO [AUTHENTICATIONFAILED] Authentication failed.", Code::Auth),
        ("NO AUTHENTICATE failed.", Code::Auth),
        ("NO [ALERT] Application-specific password required: https://support", Code::AuthAppPassword),
        ("NO [ALERT] Please log in via your web browser", Code::AuthBlocked),
        ("NO [ALERT] LOGIN DENIED -- COUNTRY IS BLACKLISTED", Code::AuthBlocked),
        ("NO IMAP access is disabled for your domain.", Code::AuthBlocked),
        ("NO [ALERT] account undergoing maintenance; please try again later", Code::Throttled),
        ("NO [ALERT] Account is locked", Code::Locked),
        ("NO Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)", Code::Throttled),
        ("NO [UNAVAILABLE] Temporary authentication failure.", Code::Throttled),
        ("NO Internal error occurred.", Code::Server),
        ("BAD User is authenticated but not connected.", Code::AuthAccess),
    ] {
        let transcript = format!(
            "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\nC: A0001 AUTHENTICATE PLAIN AHUAcA==\nS: A0001 {reply}\n"
        );
        every_way(&transcript, sign_in(), |connection| {
            let (code, words) = code(connection);
            assert_eq!(code, expected, "{reply}");
            assert_eq!(words, reply);
        })
        .await;
    }
}

#[tokio::test]
async fn a_server_that_echoes_the_password_does_not_spread_it() {
    let transcript = r#"
        S: * OK [CAPABILITY IMAP4rev1 LITERAL+] ready
        C: A1 LOGIN {3+}\r\nu*a {3+}\r\np w
        S: A1 BAD cannot read LOGIN u*a p w
    "#;
    every_way(transcript, admin(AdminForm::Template("{user}*{admin}".into())), |connection| {
        assert_eq!(code(connection), (Code::Auth, "BAD cannot read LOGIN u*a …".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn signed_in_but_not_connected() {
    // Quirk 13: the next command is refused, and the connection closed.
    let transcript = r#"
        S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR NAMESPACE] ready
        C: A0001 AUTHENTICATE PLAIN AHUAcA==
        S: A0001 OK AUTHENTICATE completed.
        C: A1 CAPABILITY
        C: A2 NAMESPACE
        S: A1 OK CAPABILITY completed.
        S: A2 BAD User is authenticated but not connected.
        S: * BYE Connection closed. 14
    "#;
    every_way(transcript, sign_in(), |connection| {
        assert_eq!(code(connection), (Code::AuthAccess, "BAD User is authenticated but not connected.".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn servers_that_let_nobody_in() {
    for (transcript, expected, words) in [
        ("S: * BYE Too many connections", Code::Throttled, "Too many connections"),
        ("S: SSH-2.0-OpenSSH_9.2p1", Code::Protocol, "SSH-2.0-OpenSSH_9.2p1"),
        ("S: * NO not today", Code::Protocol, "not today"),
        ("", Code::Lost, ""),
        (
            "S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=XOAUTH2] ready",
            Code::AuthBlocked,
            "it offers: AUTH=XOAUTH2 LOGINDISABLED",
        ),
        ("S: * OK ready\nC: A0001 CAPABILITY\nS: * BYE going down", Code::Lost, "going down"),
        (
            "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\nC: A0001 AUTHENTICATE PLAIN AHUAcA==\nS: * BYE no more",
            Code::Lost,
            "no more",
        ),
    ] {
        every_way(transcript, sign_in(), |connection| {
            assert_eq!(code(connection), (expected, words.to_owned()), "{transcript}");
        })
        .await;
    }
}

/// `user=u ^A auth=Bearer tok ^A ^A`.
const XOAUTH2: &str = "dXNlcj11AWF1dGg9QmVhcmVyIHRvawEB";

#[tokio::test]
async fn a_token_goes_in_the_command_or_behind_it() {
    // Exchange's proxy says LOGINDISABLED, which does not concern a token (microsoft365.md §1.3).
    let at_once = format!(
        "S: * OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 AUTH=OAUTHBEARER LOGINDISABLED SASL-IR] ready
        C: A0001 AUTHENTICATE XOAUTH2 {XOAUTH2}
        S: A0001 OK AUTHENTICATE completed.
        C: A1 CAPABILITY
        C: A2 LIST \"\" \"\"
        S: A1 OK done
        S: A2 OK done"
    );
    let behind = format!(
        "S: * OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 LOGINDISABLED] ready
        C: A0001 AUTHENTICATE XOAUTH2
        S: +\x20
        C: {XOAUTH2}
        S: A0001 OK AUTHENTICATE completed.
        C: A1 CAPABILITY
        C: A2 LIST \"\" \"\"
        S: A1 OK done
        S: A2 OK done"
    );
    for transcript in [at_once, behind] {
        every_way(&transcript, bearer().await, |connection| assert!(!connection.unwrap().is_due())).await;
    }
}

#[tokio::test]
async fn the_standard_mechanism_where_there_is_no_other() {
    // n,a=u, ^A host=mail.example.org ^A port=993 ^A auth=Bearer tok ^A ^A; and ^A to the challenge (RFC 7628 §3.2.3).
    let transcript = r#"
        S: * OK [CAPABILITY IMAP4rev1 AUTH=OAUTHBEARER SASL-IR] ready
        C: A0001 AUTHENTICATE OAUTHBEARER bixhPXUsAWhvc3Q9bWFpbC5leGFtcGxlLm9yZwFwb3J0PTk5MwFhdXRoPUJlYXJlciB0b2sBAQ==
        S: + eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=
        C: AQ==
        S: A0001 NO [AUTHENTICATIONFAILED] Authentication failed.
    "#;
    every_way(transcript, bearer().await, |connection| {
        let (code, words) = code(connection);
        assert_eq!(code, Code::AuthToken);
        assert!(words.ends_with("(status invalid_token: the token is not accepted or has expired)"), "{words}");
    })
    .await;
}

#[tokio::test]
async fn a_refused_token_is_explained_and_not_spread() {
    let gmail = format!(
        "S: * OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR] ready
        C: A0001 AUTHENTICATE XOAUTH2 {XOAUTH2}
        S: + eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIG1hYyIsInNjb3BlIjoiaHR0cHM6Ly9tYWlsLmdvb2dsZS5jb20vIn0=
        C:\x20
        S: A0001 NO [AUTHENTICATIONFAILED] Invalid credentials (Failure) tok {XOAUTH2}"
    );
    every_way(&gmail, bearer().await, |connection| {
        let (code, words) = code(connection);
        assert_eq!(code, Code::AuthToken);
        assert!(words.contains("asks for the scope https://mail.google.com/"), "{words}");
        assert!(!words.contains("tok ") && !words.contains(XOAUTH2), "{words}");
    })
    .await;
    let exchange = format!(
        "S: * OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR] ready
        C: A0001 AUTHENTICATE XOAUTH2 {XOAUTH2}
        S: A0001 NO AUTHENTICATE failed."
    );
    every_way(&exchange, bearer().await, |connection| {
        assert_eq!(code(connection), (Code::AuthToken, "NO AUTHENTICATE failed.".to_owned()));
    })
    .await;
    let none = "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready";
    every_way(none, bearer().await, |connection| assert_eq!(code(connection).0, Code::AuthBlocked)).await;
}

/// Lines of a sign-in that went well, and what should not stand among them.
const LINES: [&str; 16] = [
    "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready",
    "* OK ready",
    "* PREAUTH ready",
    "* CAPABILITY IMAP4rev1 LITERAL+ NAMESPACE ID ENABLE QRESYNC COMPRESS=DEFLATE",
    "A0001 OK done",
    "A0001 NO [ALERT]\u{e9}",
    "A0002 OK done",
    "+ aGVsbG8=",
    "+ \u{e9}",
    "* 1 FETCH (INTERNALDATE NIL)",
    "* LIST () \"/\" {3}\r\na\r\nb",
    "* BYE [ALERT]\u{e9}",
    "A1 OK done",
    "A2 BAD done",
    "A3 OK done",
    "A4 OK [CAPABILITY",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_server_can_hang_or_crash_a_sign_in(lines in proptest::collection::vec(proptest::sample::select(LINES.to_vec()), 0..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let stream = lines.iter().map(|line| format!("{line}\r\n")).collect::<String>();
        let ended = runtime.block_on(async {
            let (here, mut there) = tokio::io::duplex(1 << 16);
            there.write_all(stream.as_bytes()).await.unwrap();
            there.shutdown().await.unwrap();
            let how = SignIn { compress: true, resync: true, ..sign_in() };
            clock::timeout(std::time::Duration::from_secs(5), connect(here, &how)).await
        });
        prop_assert!(ended.is_some());
    }
}
