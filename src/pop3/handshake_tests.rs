//! Sign-ins and probes over a line that answers from a script.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;
use crate::{
    error::{Error, Side},
    net::Dial,
    secret::Secret,
};

fn how(encryption: Encryption) -> SignIn {
    let login = Login::Password { user: "anna".to_owned(), password: Secret::new("tanstaaf".to_owned()) };
    let dial = Dial {
        host: "pop.example.org".to_owned(),
        port: 110,
        encryption,
        ca: Vec::new(),
        insecure: false,
        proxy: None,
        connect_deadline: Duration::from_secs(1),
        side: Side::Source,
    };
    SignIn { dial, login, deadline: Duration::from_secs(1) }
}

/// Plays a server: sends its greeting, then for each expected piece of the client its answer.
async fn play(mut line: DuplexStream, greeting: &str, script: &[(&str, &str)]) {
    line.write_all(greeting.as_bytes()).await.unwrap();
    for (expected, answer) in script {
        let mut said = vec![0; expected.len()];
        line.read_exact(&mut said).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&said), *expected);
        line.write_all(answer.as_bytes()).await.unwrap();
    }
    // Held open until the client is done.
    let _ = line.read(&mut [0]).await;
}

async fn signed_in(
    encryption: Encryption,
    greeting: &str,
    script: &[(&str, &str)],
) -> Result<Connection<DuplexStream>, Error> {
    let (ours, theirs) = duplex(4096);
    let how = how(encryption);
    let client = async {
        let mut connection = Connection::over(ours, BodyStore::new(), &how);
        connection.greet().await?;
        sign_in(connection, &how, None).await
    };
    tokio::select! {
        answer = client => answer,
        () = play(theirs, greeting, script) => panic!("the script is at its end"),
    }
}

#[tokio::test]
async fn the_best_way_to_sign_in_is_chosen() {
    let apop = ("CAPA\r\n", "-ERR what?\r\n");
    let digest = "APOP anna c4c9334bac560ecc979e58001b3e22fb\r\n";
    let stamped = "+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\r\n";
    signed_in(Encryption::None, stamped, &[apop, (digest, "+OK\r\n")]).await.unwrap();
    let refused = [apop, (digest, "-ERR no\r\n"), ("USER anna\r\n", "+OK\r\n"), ("PASS tanstaaf\r\n", "+OK\r\n")];
    signed_in(Encryption::None, stamped, &refused).await.unwrap();
    // Behind TLS nobody listens, and the sign-in is the server's own.
    let plain = [("CAPA\r\n", "+OK\r\nUSER\r\nSASL LOGIN PLAIN\r\n.\r\n"), ("AUTH PLAIN\r\n", "+ \r\n")];
    let message = ("AGFubmEAdGFuc3RhYWY=\r\n", "+OK\r\n");
    signed_in(Encryption::Tls, stamped, &[plain[0], plain[1], message]).await.unwrap();
    let login = [
        ("CAPA\r\n", "+OK\r\nSASL LOGIN\r\n.\r\n"),
        ("AUTH LOGIN\r\n", "+ VXNlcm5hbWU6\r\n"),
        ("YW5uYQ==\r\n", "+ UGFzc3dvcmQ6\r\n"),
        ("dGFuc3RhYWY=\r\n", "+OK\r\n"),
    ];
    signed_in(Encryption::Tls, "+OK\r\n", &login).await.unwrap();
}

#[tokio::test]
async fn a_refusal_holds_no_password() {
    let script = [
        ("CAPA\r\n", "+OK\r\nUSER\r\n.\r\n"),
        ("USER anna\r\n", "+OK\r\n"),
        ("PASS tanstaaf\r\n", "-ERR tanstaaf is wrong\r\n"),
    ];
    let error = signed_in(Encryption::Tls, "+OK\r\n", &script).await.unwrap_err();
    assert_eq!((error.code(), error.reply()), (Code::Auth, Some("-ERR … is wrong")));
    let message = "AGFubmEAdGFuc3RhYWY=";
    let script = [
        ("CAPA\r\n", "+OK\r\nSASL PLAIN\r\n.\r\n"),
        ("AUTH PLAIN\r\n", "+ \r\n"),
        ("AGFubmEAdGFuc3RhYWY=\r\n", "-ERR no: AGFubmEAdGFuc3RhYWY=\r\n"),
    ];
    let error = signed_in(Encryption::Tls, "+OK\r\n", &script).await.unwrap_err();
    assert!(!error.to_string().contains(message), "{error}");
    let error =
        signed_in(Encryption::Tls, "+OK\r\n", &[("CAPA\r\n", "+OK\r\nSASL GSSAPI\r\n.\r\n")]).await.unwrap_err();
    assert_eq!((error.code(), error.reply()), (Code::AuthBlocked, Some("it offers: GSSAPI")));
}

#[tokio::test]
async fn what_is_no_pop3_server_is_told() {
    let error = signed_in(Encryption::Tls, "* OK IMAP4rev1\r\n", &[]).await.unwrap_err();
    assert_eq!((error.code(), error.disposition()), (Code::Protocol, Disposition::GiveUp));
    let error = signed_in(Encryption::Tls, "-ERR too many connections from your IP\r\n", &[]).await.unwrap_err();
    assert_eq!(error.code(), Code::Throttled);
}

async fn proved(answer: &str) -> bool {
    let capabilities = "+OK\r\nUSER\r\nPIPELINING\r\n.\r\n";
    let (ours, theirs) = duplex(4096);
    let how = how(Encryption::Tls);
    let client = async {
        let mut connection = Connection::over(ours, BodyStore::new(), &how);
        connection.greet().await.unwrap();
        let mut connection = sign_in(connection, &how, None).await.unwrap();
        connection.proves_pipelining().await.unwrap()
    };
    let script = [
        ("CAPA\r\n", capabilities),
        ("USER anna\r\n", "+OK\r\n"),
        ("PASS tanstaaf\r\n", "+OK\r\n"),
        ("CAPA\r\nNOOP\r\nSTAT\r\n", answer),
    ];
    tokio::select! {
        answer = client => answer,
        () = play(theirs, "+OK\r\n", &script) => panic!("the script is at its end"),
    }
}

#[tokio::test(start_paused = true)]
async fn pipelining_is_proved_by_replies_that_differ() {
    assert!(proved("+OK\r\nPIPELINING\r\n.\r\n+OK\r\n+OK 3 300\r\n").await);
    assert!(!proved("+OK\r\nPIPELINING\r\n.\r\n").await, "what lay in the buffer was thrown away");
    assert!(!proved("+OK\r\nPIPELINING\r\n.\r\n+OK 3 300\r\n").await, "one was passed over");
    assert!(!proved("+OK\r\nPIPELINING\r\n.\r\n+OK\r\n-ERR unknown command\r\n").await);
}
