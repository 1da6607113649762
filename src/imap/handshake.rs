//! From a stream that is connected to one that is signed in: greeting, STARTTLS, capabilities, AUTHENTICATE.
//!
//! async-imap leads this dialogue, through [`Filter`]. LOGIN does not go through it: it quotes user and password, which
//! some servers misread (quirk 79), and its trace log holds the line; ours sends literals. What the server said is taken from the filter, never
//! from async-imap's errors: they quote whatever stood on the line.

use async_imap::Client;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    Command, Connection, Event, Server, SignIn, Tagged, Verdict, exchange::Exchange, filter::Filter, intake::Intake,
    refusal::Place,
};
use crate::{
    body::BodyStore,
    clock,
    error::{Code, Disposition, Error, Result, Scope},
    net::{self, Encryption},
    oauth::AccessToken,
    sasl::{self, Bearer, Credentials, Login},
};

/// What a connection runs over.
pub(super) trait Io: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug> Io for S {}

/// Connects and signs in. A token that is refused is replaced once: it may have been revoked, or have ended on the way.
pub(super) async fn open(how: &SignIn, bodies: BodyStore) -> Result<Connection> {
    let Login::Token { tokens, .. } = &how.login else { return attempt(how, None, bodies).await };
    let token = tokens.access_token().await?;
    match attempt(how, Some(&token), bodies.clone()).await {
        Err(error) if error.code() == Code::AuthToken => {
            tokens.refused(&token);
            // One that is refused as well is not to blame, and serves the mailboxes that do open.
            attempt(how, Some(&tokens.access_token().await?), bodies).await
        }
        answer => answer,
    }
}

/// One connection, and one sign-in on it.
async fn attempt(how: &SignIn, token: Option<&AccessToken>, bodies: BodyStore) -> Result<Connection> {
    let place = Place::new(how.dial.side, &format!("{}:{}", how.dial.host, how.dial.port));
    let stream = net::dial(&how.dial).await?;
    let late = || place.error(Code::Timeout, Scope::Mailbox, Disposition::RetryAfter(None));
    let work = async {
        let mut filter = Filter::new(stream, Intake::new(bodies.clone()), false);
        let mut server = greet(&mut filter, &place).await?;
        if how.dial.encryption == Encryption::StartTls {
            let stream = start_tls(filter, &mut server, &place).await?.start_tls(&how.dial).await?;
            filter = Filter::new(stream, Intake::new(bodies), true);
        }
        sign_in(filter, server, how, token, place.clone()).await
    };
    clock::timeout(how.deadline, work).await.unwrap_or_else(|| Err(late()))
}

/// Reads the greeting, in any of its forms (microsoft365.md §1.2).
pub(super) async fn greet<S: Io>(filter: &mut Filter<S>, place: &Place) -> Result<Server> {
    let answer = Client::new(&mut *filter).read_response().await;
    let mut server = Server::default();
    match filter.take_told().pop() {
        Some(Event::Condition(Verdict::Ok, code, text)) => {
            server.greeting = text;
            server.learn_code(&code);
            Ok(server)
        }
        Some(Event::Bye(words)) => Err(place.lost(Some(&words))),
        Some(Event::Condition(_, _, words) | Event::Other(words)) => Err(place.protocol(words)),
        Some(_) => Err(place.protocol("no greeting")),
        None => Err(failed(answer.err(), place)),
    }
}

/// Asks for TLS and returns the stream it begins on.
async fn start_tls<S: Io>(mut filter: Filter<S>, server: &mut Server, place: &Place) -> Result<S> {
    let no_tls = || place.error(Code::TlsProto, Scope::Endpoint, Disposition::NeedsPerson);
    if filter.preauth() {
        // There is nothing to protect any more, or somebody wants us to think so (RFC 9051 §11.1).
        return Err(no_tls().with_reply("PREAUTH before STARTTLS"));
    }
    let answer = Client::new(&mut filter).run_command_and_check_ok("STARTTLS", None).await;
    if let Err(error) = answer {
        return Err(match refused(&filter.take_told()) {
            Some(tagged) => no_tls().with_reply(&tagged.text),
            None => failed(Some(error), place),
        });
    }
    let (stream, mut intake) = filter.into_inner();
    if !intake.take_rest().is_empty() {
        return Err(no_tls().with_reply("data in the clear after STARTTLS"));
    }
    server.learn(&[]);
    Ok(stream)
}

/// Signs in and sets up.
pub(super) async fn sign_in<S: Io + 'static>(
    mut filter: Filter<S>,
    mut server: Server,
    how: &SignIn,
    token: Option<&AccessToken>,
    place: Place,
) -> Result<Connection> {
    let mut login = None;
    if !filter.preauth() {
        ask_capabilities(&mut filter, &mut server, &place).await?;
        match Method::choose(&server, how, token) {
            Some(Method::Sasl(exchange)) => exchange.run(&mut filter, &mut server, &place).await?,
            Some(Method::Login(credentials)) => login = Some(credentials),
            None => {
                let blocked = place.error(Code::AuthBlocked, Scope::Endpoint, Disposition::NeedsPerson);
                return Err(blocked.with_reply(format!("it offers: {}", server.mechanisms())));
            }
        }
    }
    let (stream, intake) = filter.into_inner();
    let mut connection = Connection::over(Box::new(stream), intake, server, how, place);
    if let Some(credentials) = login {
        connection.login(&credentials).await?;
    }
    if let (Login::Token { tokens, .. }, Some(token)) = (&how.login, token) {
        connection.lasts_as(tokens.clone(), token.clone());
    }
    connection.set_up(how).await?;
    Ok(connection)
}

enum Method<'a> {
    /// AUTHENTICATE (RFC 3501 §6.2.2).
    Sasl(Exchange<'a>),
    /// LOGIN (RFC 3501 §6.2.3).
    Login(Credentials<'a>),
}

impl<'a> Method<'a> {
    /// SASL where it is offered, LOGIN where it is not switched off. With a token LOGIN does not matter: Exchange says
    /// LOGINDISABLED beside AUTH=XOAUTH2 (microsoft365.md §1.3).
    fn choose(server: &Server, how: &'a SignIn, token: Option<&'a AccessToken>) -> Option<Method<'a>> {
        if let (Login::Token { user, .. }, Some(token)) = (&how.login, token) {
            let bearer = Bearer::choose(|word| server.has(&format!("AUTH={word}")));
            // One that tells nothing of itself may still know the common one.
            let bearer = bearer.or_else(|| (!server.is_known()).then_some(Bearer::XOauth2))?;
            return Some(Method::Sasl(Exchange::bearer(bearer, user, &token.secret, &how.dial)));
        }
        let credentials = how.login.credentials()?;
        if server.has("AUTH=PLAIN") || credentials.authorization.is_some() {
            return Some(Method::Sasl(Exchange::plain(&credentials)));
        }
        (!server.has("LOGINDISABLED")).then_some(Method::Login(credentials))
    }
}

async fn ask_capabilities<S: Io>(filter: &mut Filter<S>, server: &mut Server, place: &Place) -> Result<()> {
    if server.is_known() {
        return Ok(());
    }
    let answer = Client::new(&mut *filter).run_command_and_check_ok("CAPABILITY", None).await;
    let told = filter.take_told();
    server.learn_events(&told);
    match answer {
        Err(error) if refused(&told).is_none() => Err(ended(&told, Some(error), place)),
        // A server that refuses even this may still take a LOGIN.
        _ => Ok(()),
    }
}

impl Connection {
    /// LOGIN, with user and password as literals unless they are plain letters (quirk 79).
    async fn login(&mut self, credentials: &Credentials<'_>) -> Result<()> {
        let password = credentials.password.expose();
        let command = Command::new("LOGIN").secret(credentials.user.as_bytes()).secret(password.as_bytes());
        let done = self.run(command).await?;
        self.learn(&done);
        if done.tagged.verdict == Verdict::Ok {
            return Ok(());
        }
        Err(refusal(self.place().sign_in_refusal(&done.tagged, Code::Auth), &[password]))
    }
}

/// The tagged refusal in what was told.
pub(super) fn refused(told: &[Event]) -> Option<&Tagged> {
    told.iter().find_map(|event| match event {
        Event::Tagged(tagged) if tagged.verdict != Verdict::Ok => Some(tagged),
        _ => None,
    })
}

/// The error of a dialogue that ended without a tagged reply.
pub(super) fn ended(told: &[Event], error: Option<async_imap::error::Error>, place: &Place) -> Error {
    let bye = told.iter().find_map(|event| match event {
        Event::Bye(words) => Some(words.as_str()),
        _ => None,
    });
    match bye {
        Some(words) => place.lost(Some(words)),
        None => failed(error, place),
    }
}

/// The connection broke. Of async-imap's error only an input or output error is kept; the others quote the line.
fn failed(error: Option<impl Into<async_imap::error::Error>>, place: &Place) -> Error {
    match error.map(Into::into) {
        Some(async_imap::error::Error::Io(error)) => place.lost(None).with_source(error),
        _ => place.lost(None),
    }
}

/// The refusal of a sign-in, without what the server may have echoed of the secrets.
pub(super) fn refusal(refusal: Error, secrets: &[&str]) -> Error {
    let words = sasl::without_secrets(refusal.reply().unwrap_or_default(), secrets);
    refusal.with_reply(words)
}

#[cfg(test)]
#[path = "handshake_tests.rs"]
mod tests;
