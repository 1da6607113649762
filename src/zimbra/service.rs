//! A server, and how one request is sent to it.
//!
//! Cookie and SOAP header both hold the token: a proxy finds the mailbox's server by the cookie, the server reads the header (zimbra.md
//! §1.5). What is throttled was not carried out, so it is sent again once the wait is over; nothing else is repeated here.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use reqwest::{
    Client, RequestBuilder, Response, StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_TYPE, COOKIE, HeaderValue},
};
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use url::Url;

use super::{
    allowance::Allowance,
    refusal::{self, Failure},
    soap::{self, Reply, Request},
    token::Token,
};
use crate::{
    clock,
    error::{Code, Disposition, Error, Result, Scope, Side},
    limits,
    net::{http, is_loopback},
};

/// A Zimbra or Carbonio server; clones are the same.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    users: Url,
    admins: Url,
    http: Client,
    side: Side,
    /// Of sign-ins and of the directory.
    desk: Allowance,
    /// Sign-ins refused one after the other.
    refused: AtomicU32,
}

/// Which of the server's two doors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    Users,
    Admins,
}

impl Door {
    fn path(self) -> &'static str {
        match self {
            Door::Users => "service/soap",
            Door::Admins => "service/admin/soap",
        }
    }

    fn cookie(self) -> &'static str {
        match self {
            Door::Users => "ZM_AUTH_TOKEN",
            Door::Admins => "ZM_ADMIN_AUTH_TOKEN",
        }
    }
}

impl Service {
    /// The server whose users sign in at `users` (`https://mail.example.org/`) and whose administrators at `admins` (port 7071); `http` is of
    /// [`http::client`].
    ///
    /// # Errors
    /// One of them is no URL, or not https to another machine.
    pub fn new(users: &str, admins: &str, http: Client, side: Side) -> Result<Self> {
        let root = |text: &str| {
            let wrong = || Error::config(format!("zimbra: {text:?} must be a URL that begins with https://"));
            let url = Url::parse(text).map_err(|_| wrong())?;
            let safe = url.scheme() == "https" || url.host_str().is_some_and(is_loopback);
            if safe && !url.cannot_be_a_base() { Ok(url) } else { Err(wrong()) }
        };
        let (users, admins) = (root(users)?, root(admins)?);
        let refused = AtomicU32::new(0);
        Ok(Service(Arc::new(Inner { users, admins, http, side, desk: Allowance::new(), refused })))
    }

    pub(super) fn side(&self) -> Side {
        self.0.side
    }

    /// What sign-ins and the directory share.
    pub(super) fn desk(&self) -> &Allowance {
        &self.0.desk
    }

    fn root(&self, door: Door) -> &Url {
        match door {
            Door::Users => &self.0.users,
            Door::Admins => &self.0.admins,
        }
    }

    /// Sends a SOAP request and returns its response.
    pub(super) async fn call(
        &self,
        door: Door,
        request: &Request,
        token: Option<&Token>,
        allowance: &Allowance,
    ) -> Result<Value, Failure> {
        let mut url = self.root(door).clone();
        url.set_path(door.path());
        let subject = format!("{}: {}", http::server(&url), request.name);
        let envelope = Bytes::from(request.envelope(token));
        let built = || {
            let post = self.0.http.post(url.clone()).header(CONTENT_TYPE, "application/json");
            Ok(with_cookie(post, door, token)?.body(envelope.clone()))
        };
        let mut answer = self.obeying(allowance, &subject, built).await?;
        let status = answer.response.status();
        let reply = soap::read(&answer.whole().await?);
        match reply {
            Some(Reply::Response(response)) => Ok(response),
            Some(Reply::Fault(fault)) => Err(Failure::of_fault(fault, status, self.0.side, subject)),
            None if status.is_success() => Err(Failure::unanswered(answer.senseless("the answer is no SOAP"))),
            // A server that has the interface answers a fault even to nonsense; a proxy that keeps it from us answers itself.
            None if matches!(status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN) => {
                Err(Failure::kept_out(status, self.0.side, &subject))
            }
            None => Err(Failure::of_status(status, self.0.side, subject)),
        }
    }

    /// Asks for something of a mailbox by its REST interface; `what` names it for people.
    pub(super) async fn get(
        &self,
        query: &str,
        what: &str,
        token: &Token,
        allowance: &Allowance,
    ) -> Result<Answer, Failure> {
        let mut url = self.root(Door::Users).clone();
        // Where `/home/` refuses, `/service/home/` was seen to answer (§1.1).
        url.set_path("service/home/~/");
        url.set_query(Some(query));
        let subject = format!("{}: {what}", http::server(&url));
        // An archive that the server packs must not be packed once more on the wire.
        let built =
            || with_cookie(self.0.http.get(url.clone()).header(ACCEPT_ENCODING, "identity"), Door::Users, Some(token));
        let answer = self.obeying(allowance, &subject, built).await?;
        match answer.response.status() {
            status if status.is_success() => Ok(answer),
            status => Err(Failure::of_status(status, self.0.side, subject)),
        }
    }

    /// Sends a request, again after each wait that the server asks for.
    async fn obeying(
        &self,
        allowance: &Allowance,
        subject: &str,
        build: impl Fn() -> Result<RequestBuilder, Failure>,
    ) -> Result<Answer, Failure> {
        let mut refusals = 0;
        loop {
            let permit = allowance.permit().await;
            let response = match clock::timeout(limits::COMMAND_DEADLINE, build()?.send()).await {
                Some(Ok(response)) => response,
                Some(Err(cause)) => {
                    let error = self.unanswered(&cause, subject);
                    let refused = http::is_refused(&cause);
                    return Err(if refused { Failure::unheard(error) } else { Failure::unanswered(error) });
                }
                None => return Err(Failure::unanswered(self.error(Code::Timeout, subject))),
            };
            let Some(throttle) = refusal::throttle(response.status(), response.headers()) else {
                let (subject, side) = (subject.to_owned(), self.0.side);
                return Ok(Answer { response, subject, side, _permit: permit });
            };
            allowance.obey(throttle, &format!("HTTP {}", response.status().as_u16()));
            refusals += 1;
            if refusals == limits::ZIMBRA_THROTTLES {
                let mut failure = Failure::of_status(response.status(), self.0.side, subject.to_owned());
                failure.error = failure.error.disposed(Disposition::RetryAfter(throttle.wait));
                return Err(failure);
            }
        }
    }

    /// Whether anybody may sign in: more than ten refusals, and the server answers nobody at our address any more (§1.7).
    ///
    /// # Errors
    /// So many sign-ins were refused in a row that it is better to stop.
    pub(super) fn may_sign_in(&self) -> Result<()> {
        if self.0.refused.load(Ordering::Relaxed) < limits::ZIMBRA_REFUSALS {
            return Ok(());
        }
        let words =
            "five sign-ins in a row were refused; after ten the server would refuse everything from this address";
        let subject = format!("{}: {words}", http::server(&self.0.users));
        Err(Error::new(Code::Auth, self.0.side, Scope::Endpoint, Disposition::NeedsPerson, subject))
    }

    /// Takes note of how a sign-in went.
    pub(super) fn signed_in<T>(&self, outcome: &Result<T, Failure>) {
        match outcome {
            Ok(_) => self.0.refused.store(0, Ordering::Relaxed),
            Err(failure) if failure.says("account.AUTH_FAILED") => {
                self.0.refused.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => {}
        }
    }

    pub(super) fn error(&self, code: Code, subject: impl Into<String>) -> Error {
        Error::new(code, self.0.side, Scope::Mailbox, Disposition::RetryAfter(None), subject)
    }

    fn unanswered(&self, cause: &reqwest::Error, subject: &str) -> Error {
        let fault = http::fault(cause, self.0.side);
        let words = format!("{subject}: {}", fault.subject());
        fault.scoped(Scope::Mailbox).about(words)
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Zimbra at {}", http::server(&self.0.users))
    }
}

fn with_cookie(request: RequestBuilder, door: Door, token: Option<&Token>) -> Result<RequestBuilder, Failure> {
    let Some(token) = token else { return Ok(request) };
    let value = HeaderValue::from_str(&format!("{}={}", door.cookie(), token.expose()));
    let mut value = value.map_err(|_| Failure::unanswered(Error::bug("a token with control characters")))?;
    value.set_sensitive(true);
    Ok(request.header(COOKIE, value))
}

/// An answer whose body is still to be read.
pub(super) struct Answer {
    pub(super) response: Response,
    subject: String,
    side: Side,
    _permit: OwnedSemaphorePermit,
}

impl Answer {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// The connection is lost, or silent for `patience`.
    pub(super) async fn chunk(&mut self, patience: Duration) -> Result<Option<Bytes>> {
        match clock::timeout(patience, self.response.chunk()).await {
            Some(Ok(chunk)) => Ok(chunk),
            Some(Err(cause)) => {
                let fault = http::fault(&cause, self.side);
                let words = format!("{}: {}", self.subject, fault.subject());
                Err(fault.scoped(Scope::Mailbox).about(words))
            }
            None => Err(self.fault(Code::Timeout, "the answer broke off")),
        }
    }

    /// All of it.
    ///
    /// # Errors
    /// As [`Answer::chunk`], or it has no end.
    async fn whole(&mut self) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk(limits::HTTP_SILENCE).await.map_err(Failure::unanswered)? {
            if body.len() + chunk.len() > limits::ZIMBRA_REPLY {
                return Err(Failure::unanswered(self.senseless("the answer has no end")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    pub(super) fn senseless(&self, words: &str) -> Error {
        self.fault(Code::Protocol, words)
    }

    fn fault(&self, code: Code, words: &str) -> Error {
        let subject = format!("{}: {words}", self.subject);
        Error::new(code, self.side, Scope::Mailbox, Disposition::RetryAfter(None), subject)
    }
}
