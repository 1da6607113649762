//! The service, and how a request is sent: token, limits, one renewal, and what an answer that never came means.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use reqwest::{
    Response, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE},
};
use url::Url;

use super::{
    Allowance, Pace,
    allowance::{Permit, Shared},
    refusal::{Failure, Refusal, Told},
    reply,
    request::{Effect, Payload, Request},
};
use crate::{
    clock,
    error::{Code, Disposition, Error, Result, Scope, Side},
    limits,
    net::http,
    oauth::{AccessToken, SignIn},
};

/// Microsoft Graph as one application reaches it; clones are the same service.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    root: Url,
    http: reqwest::Client,
    sign_in: SignIn,
    side: Side,
    pace: Pace,
    mailboxes: Mutex<HashMap<String, Weak<Shared>>>,
}

impl Service {
    /// The service at `root` (`https://graph.microsoft.com/v1.0`) with the application's tokens; `http` is of [`http::client`].
    ///
    /// # Errors
    /// `root` is no URL, or not https to another machine.
    pub fn new(root: &str, http: reqwest::Client, sign_in: SignIn, side: Side, pace: Pace) -> Result<Self> {
        let wrong = || Error::config(format!("graph: {root:?} must be a URL that begins with https://"));
        let root = Url::parse(root).map_err(|_| wrong())?;
        let is_safe = root.scheme() == "https" || root.host_str().is_some_and(crate::net::is_loopback);
        if !is_safe || root.cannot_be_a_base() {
            return Err(wrong());
        }
        Ok(Service(Arc::new(Inner { root, http, sign_in, side, pace, mailboxes: Mutex::default() })))
    }

    /// Where its paths begin.
    pub(super) fn root(&self) -> &Url {
        &self.0.root
    }

    pub(super) fn side(&self) -> Side {
        self.0.side
    }

    /// The allowance at the mailbox of `user`: one for all who ask for it by this name while it is in use.
    pub(super) fn allowance(&self, user: &str) -> Allowance {
        let mut mailboxes = self.0.mailboxes.lock().unwrap_or_else(PoisonError::into_inner);
        mailboxes.retain(|_, shared| shared.strong_count() > 0);
        let key = user.to_lowercase();
        if let Some(shared) = mailboxes.get(&key).and_then(Weak::upgrade) {
            return Allowance(shared);
        }
        let fresh = Allowance::new(self.0.pace);
        mailboxes.insert(key, Arc::downgrade(&fresh.0));
        fresh
    }

    /// Whether `url` is of this service: where a page leads elsewhere, our token does not follow.
    pub(super) fn owns(&self, url: &Url) -> bool {
        url.origin() == self.0.root.origin()
    }

    /// Sends a request and returns its answer if that is a success; a token that is refused is renewed once.
    ///
    /// # Errors
    /// Every refusal, and every way not to get an answer; [`Disposition::InDoubt`] where the request may have taken effect once.
    pub(super) async fn send(&self, request: &Request, allowance: Option<&Allowance>) -> Result<Answer, Failure> {
        let (permit, token) = self.leave(request, allowance).await?;
        match (self.attempt(request, token.as_ref(), allowance, permit).await, token) {
            (Err(failure), Some(token)) if failure.status == Some(StatusCode::UNAUTHORIZED) => {
                self.0.sign_in.refused(&token);
                let (permit, token) = self.leave(request, allowance).await?;
                self.attempt(request, token.as_ref(), allowance, permit).await
            }
            (outcome, _) => outcome,
        }
    }

    /// What a request needs before it goes. The token comes last: it must not grow old while the limits are waited for.
    async fn leave(
        &self,
        request: &Request,
        allowance: Option<&Allowance>,
    ) -> Result<(Option<Permit>, Option<AccessToken>), Failure> {
        let permit = match allowance {
            Some(allowance) => Some(allowance.permit(request.counted, request.payload.len()).await),
            None => None,
        };
        if !request.bearer {
            return Ok((permit, None));
        }
        let token = self.0.sign_in.access_token().await.map_err(Failure::unanswered)?;
        Ok((permit, Some(token)))
    }

    async fn attempt(
        &self,
        request: &Request,
        token: Option<&AccessToken>,
        allowance: Option<&Allowance>,
        permit: Option<Permit>,
    ) -> Result<Answer, Failure> {
        let built = self.build(request, token)?;
        let deadline = limits::COMMAND_DEADLINE + Duration::from_secs(request.payload.len() / limits::SLOWEST_RATE);
        let answer = match clock::timeout(deadline, built.send()).await {
            Some(Ok(answer)) => answer,
            Some(Err(cause)) if cause.is_connect() => {
                return Err(Failure::unanswered(self.unanswered(request, &cause)));
            }
            Some(Err(cause)) => return lost(self.unanswered(request, &cause), request.effect),
            None => return lost(self.error(Code::Timeout, request), request.effect),
        };
        if answer.status().is_success() {
            let place = Place { subject: self.subject(request), side: self.0.side, effect: request.effect };
            return Ok(Answer { response: answer, place, permit });
        }
        let refusal = read_refusal(answer).await;
        drop(permit);
        let throttled = refusal.throttle().zip(allowance);
        let wait = throttled.map(|(throttle, allowance)| allowance.obey(throttle, &refusal.told.words()));
        let mut subject = self.subject(request);
        if let Some(page) = self.0.sign_in.admin_consent().filter(|_| refusal.status == StatusCode::FORBIDDEN) {
            // Entra gives tokens to an application that nobody agreed to; they open nothing.
            subject += &format!("; an administrator gives consent at {page}");
        }
        let mut failure = refusal.failure(self.0.side, request.scope, request.effect, subject);
        if wait.is_some() && failure.error.disposition() == Disposition::RetryAfter(None) {
            // Without a time, too, this is a service at work: it costs whoever tries again no attempt.
            failure.error = failure.error.disposed(Disposition::RetryAfter(wait));
        }
        Err(failure)
    }

    fn build(&self, request: &Request, token: Option<&AccessToken>) -> Result<reqwest::RequestBuilder, Failure> {
        let mut built = self.0.http.request(request.method.clone(), request.url.clone());
        built = built.header(ACCEPT, "*/*").header("Prefer", prefer(request.page));
        if let Some(token) = token {
            let value = HeaderValue::from_str(&format!("Bearer {}", token.secret.expose()));
            let control = |_| Failure::unanswered(Error::bug("a token with control characters"));
            let mut value = value.map_err(control)?;
            value.set_sensitive(true);
            built = built.header(AUTHORIZATION, value);
        }
        Ok(match &request.payload {
            Payload::Nothing => built,
            Payload::Json(json) => built.header(CONTENT_TYPE, "application/json").body(json.clone()),
            Payload::Upload(upload) => built
                .header(CONTENT_TYPE, "application/json")
                .header(CONTENT_LENGTH, upload.len())
                .body(reqwest::Body::wrap_stream(upload.stream())),
        })
    }

    /// `host:port: what`, never the URL: it may hold a secret.
    fn subject(&self, request: &Request) -> String {
        format!("{}: {}", http::server(&request.url), request.what)
    }

    fn error(&self, code: Code, request: &Request) -> Error {
        Error::new(code, self.0.side, request.scope, Disposition::RetryAfter(None), self.subject(request))
    }

    fn unanswered(&self, request: &Request, cause: &reqwest::Error) -> Error {
        let fault = http::fault(cause, self.0.side);
        let subject = format!("{} ({})", fault.subject(), request.what);
        fault.scoped(request.scope.max(Scope::Mailbox)).about(subject)
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Graph at {}", http::server(&self.0.root))
    }
}

/// A success whose body is still to be read; losing it leaves what creates in doubt.
pub(super) struct Answer {
    pub(super) response: Response,
    pub(super) place: Place,
    #[expect(dead_code, reason = "held until the answer has been read")]
    permit: Option<Permit>,
}

/// Where an answer came from, for its errors.
pub(super) struct Place {
    pub(super) subject: String,
    pub(super) side: Side,
    pub(super) effect: Effect,
}

impl Place {
    /// The connection ended within the answer.
    pub(super) fn lost(&self, cause: &reqwest::Error) -> Error {
        let fault = http::fault(cause, self.side);
        let subject = format!("{}: {}", self.subject, fault.subject());
        in_doubt(fault.scoped(Scope::Mailbox).about(subject), self.effect)
    }

    /// Nothing came for too long within the answer.
    pub(super) fn silent(&self) -> Error {
        self.error(Code::Timeout, "the answer broke off")
    }

    /// The answer makes no sense.
    pub(super) fn senseless(&self, words: &str) -> Error {
        self.error(Code::Protocol, words)
    }

    fn error(&self, code: Code, words: &str) -> Error {
        let subject = format!("{}: {words}", self.subject);
        in_doubt(Error::new(code, self.side, Scope::Mailbox, Disposition::RetryAfter(None), subject), self.effect)
    }
}

fn lost<T>(error: Error, effect: Effect) -> Result<T, Failure> {
    Err(Failure::unanswered(in_doubt(error, effect)))
}

fn in_doubt(error: Error, effect: Effect) -> Error {
    match effect {
        Effect::Repeatable => error,
        Effect::Once => error.disposed(Disposition::InDoubt),
    }
}

/// Ids that survive a move within the mailbox (microsoft365.md §4.2), and the size of pages.
fn prefer(page: Option<usize>) -> String {
    match page {
        None => "IdType=\"ImmutableId\"".to_owned(),
        Some(items) => format!("IdType=\"ImmutableId\", odata.maxpagesize={items}"),
    }
}

async fn read_refusal(mut answer: Response) -> Refusal {
    let status = answer.status();
    let retry_after = http::retry_after(answer.headers());
    let id = answer.headers().get("request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let challenges = answer.headers().get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let challenged = challenges.into_iter().any(|challenge| challenge.contains("insufficient_claims"));
    let body = reply::start(&mut answer, limits::GRAPH_REFUSAL).await;
    let mut told = Told::read(&body, id.as_deref());
    told.challenged = challenged;
    Refusal { status, retry_after, told }
}
