//! What is said to sign in: USER and PASS, APOP (RFC 1939 §7), AUTH (RFC 5034).
//!
//! AUTH begins without the client's message: Exchange wants two lines (microsoft365.md §1.10), and a token is longer than a line may be. No
//! second way is tried after a refusal, for each one counts towards a lockout; but APOP, which many announce for nobody.

use super::{
    Connection, Event, Reply,
    apop::{self, time_stamp},
    command::Spoken,
    connection::Io,
};
use crate::{
    error::{Code, Disposition, Error, Result, Scope},
    oauth::AccessToken,
    sasl::{self, Bearer, Credentials},
    secret::Secret,
};

/// The way to sign in.
pub(super) enum Method {
    /// The password is not sent.
    Apop(String),
    /// `AUTH PLAIN`.
    Plain,
    /// `AUTH LOGIN`.
    Login,
    /// `USER` and `PASS`.
    User,
}

impl Method {
    /// The best one for a password by what the server says of itself; `secure`: nobody listens.
    pub(super) fn choose<S: Io>(
        connection: &Connection<S>,
        credentials: &Credentials<'_>,
        secure: bool,
    ) -> Option<Method> {
        let server = connection.capabilities();
        if credentials.authorization.is_some() {
            return Some(Method::Plain);
        }
        if let Some(stamp) = time_stamp(connection.greeting()).filter(|_| !secure) {
            return Some(Method::Apop(stamp.to_owned()));
        }
        Self::choose_plain(server.offers("PLAIN"), server.offers("LOGIN"), server.has("USER") || !server.is_known())
    }

    fn choose_plain(plain: bool, login: bool, user: bool) -> Option<Method> {
        let by = |offered: bool, method| offered.then_some(method);
        by(plain, Method::Plain).or(by(user, Method::User)).or(by(login, Method::Login))
    }
}

impl<S: Io> Connection<S> {
    /// Signs in with a password.
    pub(super) async fn sign_in(&mut self, method: Method, credentials: &Credentials<'_>) -> Result<()> {
        let password = credentials.password;
        let (plain, encoded) = (sasl::encoded(&credentials.plain()), sasl::encoded(password.expose().as_bytes()));
        let secrets = [password.expose(), plain.expose(), encoded.expose()];
        let reply = match method {
            Method::Apop(stamp) => {
                let digest = apop::digest(&stamp, password);
                let reply = self.say(Spoken::of(&["APOP ", &credentials.user, " ", &digest])).await?;
                match reply.ok || reply.code.is_some() {
                    true => reply,
                    false => self.user(credentials).await?,
                }
            }
            Method::User => self.user(credentials).await?,
            Method::Plain => self.auth("PLAIN", &[&plain]).await?,
            Method::Login => self.auth("LOGIN", &[&sasl::encoded(credentials.user.as_bytes()), &encoded]).await?,
        };
        match reply.ok {
            true => Ok(()),
            false => Err(self.place.sign_in_refusal(&reply, Code::Auth, &secrets)),
        }
    }

    /// Signs in with a token; a server that refuses it may say why in a challenge.
    pub(super) async fn sign_in_bearer(&mut self, bearer: Bearer, message: &[u8], token: &AccessToken) -> Result<()> {
        let encoded = sasl::encoded(message);
        let mut reply = self.open_auth(bearer.word()).await?;
        let mut reason = None;
        if let Said::Challenge(_) = reply {
            reply = self.answer(&encoded).await?;
        }
        if let Said::Challenge(challenge) = reply {
            reason = sasl::reason(&challenge);
            reply = self.answer(&sasl::encoded(bearer.resignation())).await?;
        }
        let reply = reply.status(self)?;
        if reply.ok {
            return Ok(());
        }
        let secrets = [token.secret.expose(), encoded.expose()];
        let refusal = self.place.sign_in_refusal(&reply, Code::AuthToken, &secrets);
        Err(match reason {
            Some(reason) => {
                let words = format!("{}; {reason}", refusal.reply().unwrap_or_default());
                refusal.with_reply(words)
            }
            None => refusal,
        })
    }

    /// A way to sign in that the server offers is missing.
    pub(super) fn no_method(&self) -> Error {
        let blocked = self.place.error(Code::AuthBlocked, Scope::Endpoint, Disposition::NeedsPerson);
        blocked.with_reply(format!("it offers: {}", self.capabilities().mechanisms()))
    }

    async fn user(&mut self, credentials: &Credentials<'_>) -> Result<Reply> {
        let known = self.say(Spoken::of(&["USER ", &credentials.user])).await?;
        if !known.ok {
            return Ok(known);
        }
        self.say(Spoken::of(&["PASS ", credentials.password.expose()])).await
    }

    /// AUTH with a message for each challenge.
    async fn auth(&mut self, mechanism: &str, answers: &[&Secret]) -> Result<Reply> {
        let mut said = self.open_auth(mechanism).await?;
        for answer in answers {
            if let Said::Status(_) = said {
                break;
            }
            said = self.answer(answer).await?;
        }
        said.status(self)
    }

    async fn open_auth(&mut self, mechanism: &str) -> Result<Said> {
        self.speak(Spoken::of(&["AUTH ", mechanism])).await
    }

    async fn answer(&mut self, message: &Secret) -> Result<Said> {
        self.speak(Spoken::secret(message)).await
    }

    /// A line to which no challenge may be the answer.
    async fn say(&mut self, line: Spoken) -> Result<Reply> {
        self.speak(line).await?.status(self)
    }

    async fn speak(&mut self, line: Spoken) -> Result<Said> {
        if line.is_broken() {
            return Err(self.no_method().about("a user name or password with a line end in it"));
        }
        self.session.say(&line);
        self.queued();
        match self.event().await? {
            Event::Status(reply) => Ok(Said::Status(reply)),
            Event::Challenge(text) => Ok(Said::Challenge(text)),
            _ => Err(self.place.protocol("a listing where a line was due")),
        }
    }
}

/// What a server says in a sign-in.
enum Said {
    Status(Reply),
    Challenge(String),
}

impl Said {
    fn status<S: Io>(self, connection: &Connection<S>) -> Result<Reply> {
        match self {
            Said::Status(reply) => Ok(reply),
            Said::Challenge(_) => Err(connection.place.protocol("a challenge where a verdict was due")),
        }
    }
}
