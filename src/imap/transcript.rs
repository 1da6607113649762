//! Conversations for tests: a server that says and expects exactly what is written.
//!
//! `S: ` lines are sent, `C: ` lines are expected; both end with CRLF. A line may go on after a literal with `\r\n` in it.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::{AdminForm, Connection, Login, SignIn, filter::Filter, handshake, intake::Intake, refusal::Place};
use crate::{
    body::BodyStore,
    error::{Result, Side},
    limits,
    net::{self, Dial, Encryption},
    oauth::{self, AccessToken, Audience, Authority, Client, Credential, Grant, Tokens, Wanted},
    pace::Rates,
    secret::Secret,
};

/// How the user `u` with the password `p` signs in.
pub(super) fn sign_in() -> SignIn {
    SignIn {
        dial: Dial {
            host: "mail.example.org".into(),
            port: 993,
            encryption: Encryption::None,
            ca: Vec::new(),
            insecure: false,
            proxy: None,
            connect_deadline: limits::CONNECT_DEADLINE,
            side: Side::Source,
        },
        login: Login::Password { user: "u".into(), password: Secret::new("p".into()) },
        rates: Rates::default(),
        deadline: limits::COMMAND_DEADLINE,
        compress: false,
        resync: false,
        utf8: false,
    }
}

/// An administrator `a` who opens the mailbox of `u`.
pub(super) fn admin(form: AdminForm) -> SignIn {
    let login = Login::Admin { user: "u".into(), admin: "a".into(), password: Secret::new("p w".into()), form };
    SignIn { login, ..sign_in() }
}

/// Plays the server's side over a line that holds `buffer` bytes each way: with one byte, every reply comes byte by
/// byte and every command is taken byte by byte. The client's side stays open until both are done.
pub(super) async fn play<T>(transcript: &str, buffer: usize, client: impl AsyncFnOnce(DuplexStream) -> T) -> T {
    let (here, mut there) = tokio::io::duplex(buffer);
    let server = async {
        for line in transcript.lines().map(str::trim_start).filter(|line| !line.is_empty()) {
            let (who, text) = line.split_at(3);
            let text = format!("{}\r\n", text.replace("\\r\\n", "\r\n"));
            match who {
                // A client that has heard enough may be gone before the last line.
                "S: " => drop(there.write_all(text.as_bytes()).await),
                "C: " => {
                    let mut said = vec![0; text.len()];
                    let read = there.read_exact(&mut said).await.err();
                    assert_eq!(String::from_utf8_lossy(&said), text, "{read:?}");
                }
                _ => panic!("neither S nor C: {line}"),
            }
        }
        drop(there);
    };
    tokio::join!(client(here), server).0
}

/// Whoever has a token, for the mailbox of `u`.
pub(super) async fn bearer() -> SignIn {
    let http = net::http::client(&net::http::Way::default()).await.unwrap();
    let wanted = Wanted {
        client: Arc::new(Client::new(Authority::google().unwrap(), "id", Credential::None, http)),
        audience: Audience::google_mail(),
        grant: Grant::ClientCredentials,
    };
    let tokens = oauth::SignIn::new(Tokens::new(None), wanted, Side::Source);
    SignIn { login: Login::Token { user: "u".into(), tokens }, ..sign_in() }
}

/// Signs in over `stream`, with the token `tok` where one is asked for.
pub(super) async fn connect(stream: DuplexStream, how: &SignIn) -> Result<Connection> {
    let token = AccessToken::new(Secret::new("tok".into()), limits::TOKEN_DEADLINE);
    let token = matches!(how.login, Login::Token { .. }).then_some(token);
    let place = Place::new(how.dial.side, "mail.example.org:993");
    let mut filter = Filter::new(stream, Intake::new(BodyStore::new()), false);
    let server = handshake::greet(&mut filter, &place).await?;
    handshake::sign_in(filter, server, how, token.as_ref(), place).await
}

/// A connection that is signed in to a server with these capabilities.
pub(super) fn signed_in(stream: DuplexStream, capabilities: &str) -> Connection {
    let how = sign_in();
    let mut server = super::Server::default();
    server.learn(&capabilities.split(' ').map(str::to_owned).collect::<Vec<_>>());
    let place = Place::new(how.dial.side, "mail.example.org:993");
    Connection::over(Box::new(stream), Intake::new(BodyStore::new()), server, &how, place)
}
