//! One SASL exchange in AUTHENTICATE: the client's message, in the command where the server takes it there (SASL-IR, RFC 4959), else after
//! its `+`; and what the answer means.

use async_imap::{Authenticator, Client};
use secrecy::zeroize::Zeroizing;

use super::{
    Event, Server,
    filter::Filter,
    handshake::{Io, ended, refusal, refused},
    refusal::Place,
};
use crate::{
    error::{Code, Error, Result},
    net::Dial,
    sasl::{self, Bearer, Credentials},
    secret::Secret,
};

/// What is said in an exchange.
pub(super) struct Exchange<'a> {
    mechanism: &'static str,
    message: Zeroizing<Vec<u8>>,
    /// What answers a challenge behind the message.
    resignation: &'static [u8],
    /// What a refusal means that says no more.
    refused: Code,
    /// What no error may hold, besides the message itself.
    secret: &'a Secret,
}

impl<'a> Exchange<'a> {
    pub(super) fn plain(credentials: &Credentials<'a>) -> Self {
        let (message, secret) = (credentials.plain(), credentials.password);
        Exchange { mechanism: "PLAIN", message, resignation: b"", refused: Code::Auth, secret }
    }

    /// With a token for the mailbox of `user`.
    pub(super) fn bearer(bearer: Bearer, user: &str, token: &'a Secret, dial: &Dial) -> Self {
        let message = bearer.message(user, token, (&dial.host, dial.port));
        let resignation = bearer.resignation();
        Exchange { mechanism: bearer.word(), message, resignation, refused: Code::AuthToken, secret: token }
    }

    /// Says it.
    ///
    /// # Errors
    /// Refused, with the reason that the server gave in a challenge, if it did; or the connection ended.
    pub(super) async fn run<S: Io>(&self, filter: &mut Filter<S>, server: &mut Server, place: &Place) -> Result<()> {
        let encoded = sasl::encoded(&self.message);
        let (command, first) = match server.has("SASL-IR") {
            true => (format!("{} {}", self.mechanism, encoded.expose()), self.resignation.to_vec()),
            false => (self.mechanism.to_owned(), self.message.to_vec()),
        };
        let answers = Answers { first: Some(first), then: self.resignation };
        let failure = Client::new(&mut *filter).authenticate(command, answers).await.err().map(|(error, _)| error);
        let told = filter.take_told();
        server.learn_events(&told);
        match (failure, refused(&told)) {
            (None, _) => Ok(()),
            (Some(_), Some(tagged)) => {
                let refused = place.sign_in_refusal(tagged, self.refused);
                Err(refusal(explained(refused, &told), &[self.secret.expose(), encoded.expose()]))
            }
            (Some(error), None) => Err(ended(&told, Some(error), place)),
        }
    }
}

/// The refusal, with what a challenge before it said.
fn explained(refusal: Error, told: &[Event]) -> Error {
    let mut reasons = told.iter().filter_map(|event| match event {
        Event::Continue(challenge) => sasl::reason(challenge),
        _ => None,
    });
    let Some(reason) = reasons.next_back() else { return refusal };
    let words = format!("{} ({reason})", refusal.reply().unwrap_or_default());
    refusal.with_reply(words)
}

/// Answers the first challenge, then every other one alike: a server that refuses a token says why in one and waits for an answer.
struct Answers {
    first: Option<Vec<u8>>,
    then: &'static [u8],
}

impl Authenticator for Answers {
    type Response = Vec<u8>;

    fn process(&mut self, _challenge: &[u8]) -> Vec<u8> {
        self.first.take().unwrap_or_else(|| self.then.to_vec())
    }
}
