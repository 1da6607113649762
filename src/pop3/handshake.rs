//! From a stream that is connected to one that is signed in: greeting, STLS, CAPA, the sign-in; and the probe of what is announced.

use super::{Capabilities, Command, Connection, Event, SignIn, connection::Io, exchange::Method};
use crate::{
    body::BodyStore,
    clock,
    error::{Code, Disposition, Result, Scope},
    limits,
    net::{self, Encryption},
    oauth::AccessToken,
    sasl::{Bearer, Login},
};

/// Connects and signs in. A token that is refused is replaced once: it may have been revoked, or have ended on the way.
pub(super) async fn open(how: &SignIn, bodies: BodyStore) -> Result<Connection> {
    let Login::Token { tokens, .. } = &how.login else { return attempt(how, None, bodies).await };
    let token = tokens.access_token().await?;
    match attempt(how, Some(token.clone()), bodies.clone()).await {
        Err(error) if error.code() == Code::AuthToken => {
            tokens.refused(&token);
            let token = tokens.access_token().await?;
            attempt(how, Some(token), bodies).await
        }
        answer => answer,
    }
}

async fn attempt(how: &SignIn, token: Option<AccessToken>, bodies: BodyStore) -> Result<Connection> {
    let mut connection = Connection::over(net::dial(&how.dial).await?, bodies.clone(), how);
    connection.greet().await?;
    if how.dial.encryption == Encryption::StartTls {
        connection.agree_on_tls().await?;
        // It came in the clear: good enough to know the kind of server by, and no time stamp for APOP is taken from it.
        let greeting = std::mem::take(&mut connection.greeting);
        let secure = connection.into_stream().start_tls(&how.dial).await?;
        connection = Connection::over(secure, bodies, how);
        connection.session.skip_greeting();
        connection.greeting = greeting;
    }
    sign_in(connection, how, token).await
}

/// Signs in on a connection that was greeted.
pub(super) async fn sign_in<S: Io>(
    mut connection: Connection<S>,
    how: &SignIn,
    token: Option<AccessToken>,
) -> Result<Connection<S>> {
    connection.learn().await?;
    // A server may look for its maildrop, lock it and count it before it answers (quirk 113).
    let patience = connection.bear(limits::POP3_SIGN_IN.max(how.deadline));
    match (&how.login, token) {
        (Login::Token { user, .. }, Some(token)) => {
            let server = connection.capabilities();
            let chosen = Bearer::choose(|word| server.offers(word));
            let bearer = chosen.or_else(|| (!server.is_known()).then_some(Bearer::XOauth2));
            let bearer = bearer.ok_or_else(|| connection.no_method())?;
            let message = bearer.message(user, &token.secret, (&how.dial.host, how.dial.port));
            connection.sign_in_bearer(bearer, &message, &token).await?;
            connection.token = Some(token);
        }
        (login, _) => {
            let credentials = login.credentials().ok_or_else(|| connection.no_method())?;
            let secure = how.dial.encryption != Encryption::None;
            let method = Method::choose(&connection, &credentials, secure).ok_or_else(|| connection.no_method())?;
            connection.sign_in(method, &credentials).await?;
        }
    }
    connection.bear(patience);
    Ok(connection)
}

impl<S: Io> Connection<S> {
    /// Reads the greeting.
    async fn greet(&mut self) -> Result<()> {
        let reply = self.status().await.map_err(|error| match error.code() {
            // Before anything was agreed on it is the wrong kind of server.
            Code::Protocol => self.place.protocol("no greeting of a POP3 server"),
            _ => error,
        })?;
        match reply.ok {
            true => self.greeting = reply.text,
            false => return Err(self.place.refusal(&reply)),
        }
        Ok(())
    }

    /// Asks for TLS. What came behind the agreement came in the clear, and whoever sent it was not the server (RFC 2595 §4).
    async fn agree_on_tls(&mut self) -> Result<()> {
        let reply = self.ask(&Command::Stls).await?;
        let no_tls = || self.place.error(Code::TlsProto, Scope::Endpoint, Disposition::NeedsPerson);
        if !reply.ok {
            return Err(no_tls().with_reply(reply.in_full()));
        }
        let injected = self.session.take_rest();
        if injected { Err(no_tls().with_reply("data in the clear after STLS")) } else { Ok(()) }
    }

    /// Asks what the server is able to do; one that does not know CAPA tells nothing.
    pub(super) async fn learn(&mut self) -> Result<()> {
        let begun = clock::instant();
        self.queue(&Command::Capa);
        self.capabilities = self.capabilities_told().await?.unwrap_or_default();
        self.round_trip = begun.elapsed();
        Ok(())
    }

    /// The reply to CAPA; `None` where it is refused.
    async fn capabilities_told(&mut self) -> Result<Option<Capabilities>> {
        let mut lines = Vec::new();
        loop {
            match self.event().await? {
                Event::Line(line) if lines.len() < limits::POP3_CAPABILITIES => lines.push(line),
                Event::Line(_) => {}
                Event::ListingEnd => return Ok(Some(Capabilities::read(lines))),
                _ => return Ok(None),
            }
        }
    }

    /// Whether pipelining may be used: it is announced, and commands sent in one piece are each answered. After `false` from a server that
    /// announces it the session is of no use any more, for a reply may be missing.
    ///
    /// The commands ask for replies that cannot be taken for each other: a listing, a line, two numbers.
    ///
    /// # Errors
    /// The spool's disk.
    pub async fn proves_pipelining(&mut self) -> Result<bool> {
        if !self.capabilities.has("PIPELINING") {
            return Ok(false);
        }
        for command in [Command::Capa, Command::Noop, Command::Stat] {
            self.queue(&command);
        }
        let patience = self.bear(limits::POP3_PROBE.max(self.round_trip * 4));
        let proved = self.probed().await;
        self.bear(patience);
        match proved {
            // Silent, confused, or gone: it does not bear several commands at once.
            Err(error) if matches!(error.code(), Code::Timeout | Code::Protocol | Code::Lost) => Ok(false),
            proved => proved,
        }
    }

    async fn probed(&mut self) -> Result<bool> {
        let Some(told) = self.capabilities_told().await? else { return Ok(false) };
        let (nothing, counted) = (self.status().await?, self.status().await?);
        let is_count =
            |text: &str| text.split_ascii_whitespace().take(2).filter(|n| n.parse::<u64>().is_ok()).count() == 2;
        // Some tell more to those who have signed in (RFC 2449 §5).
        self.capabilities = told;
        Ok(nothing.ok && !is_count(&nothing.text) && counted.ok && is_count(&counted.text))
    }
}

#[cfg(test)]
#[path = "handshake_tests.rs"]
mod tests;
