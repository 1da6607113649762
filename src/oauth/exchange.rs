//! Requests of one grant to an authority: what the `oauth2` crate sends, sent our way.
//!
//! Every request passes here, so here the application proves itself with an assertion where it has a certificate, and here an answer that is
//! no token becomes an [`Error`]. What is worth another try is an error to the crate as well, so that it goes on asking for a device
//! code; what is not is left to it as a reply, and kept.

use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use oauth2::{AsyncHttpClient, ErrorResponse, HttpRequest, HttpResponse, RequestTokenError};
use url::{Url, form_urlencoded};

use super::{
    Client, Credential,
    assertion::{self, ASSERTION_TYPE},
    refusal::{self, Asker},
    token::Reply,
};
use crate::{
    clock,
    error::{Code, Disposition, Error, Result, Scope, Side},
    limits,
    net::http as web,
};

/// Requests of one grant.
pub(super) struct Exchange<'a> {
    client: &'a Client,
    asker: Asker,
    /// The last final answer that was no token.
    refusal: Mutex<Option<Error>>,
}

impl<'a> Exchange<'a> {
    /// Nothing is sent yet.
    pub(super) fn new(client: &'a Client, asker: Asker) -> Self {
        Exchange { client, asker, refusal: Mutex::new(None) }
    }

    /// Whom it asks.
    pub(super) fn place(&self) -> String {
        web::server(&self.client.authority.token)
    }

    /// What came of a request of the `oauth2` crate. The crate's own errors are dropped: they hold whole replies.
    pub(super) fn settle<T, E: ErrorResponse + 'static>(
        self,
        outcome: Result<T, RequestTokenError<Error, E>>,
    ) -> Result<T> {
        outcome.map_err(|error| match error {
            RequestTokenError::Request(error) => error,
            _ => self.kept_refusal().unwrap_or_else(|| self.not_a_token("the answer is no token")),
        })
    }

    /// The last final answer that was no token, if there was one.
    pub(super) fn kept_refusal(&self) -> Option<Error> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn not_a_token(&self, words: &str) -> Error {
        let subject = format!("{}: {words}", self.place());
        Error::new(Code::Protocol, Side::System, Scope::Endpoint, Disposition::NeedsPerson, subject)
    }

    /// Sends a form that the `oauth2` crate does not know.
    pub(super) async fn form(self, form: String) -> Result<Reply> {
        let request = http::Request::post(self.client.authority.token.as_str())
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Accept", "application/json")
            .body(form.into_bytes())
            .map_err(|cause| Error::bug("the request cannot be built").with_source(cause))?;
        let response = self.send(request).await?;
        if let Some(refusal) = self.kept_refusal() {
            return Err(refusal);
        }
        serde_json::from_slice(response.body()).map_err(|_| self.not_a_token("the answer is no token"))
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string()).map_err(|e| Error::bug(format!("no URL: {e}")))?;
        let body = self.proven(body)?;
        let request = self.client.http.post(url).headers(parts.headers).body(body.clone());
        let answered = clock::timeout(limits::TOKEN_DEADLINE, self.answer(request)).await;
        let response = answered.unwrap_or_else(|| {
            let words = format!("{}: no answer within {} s", self.place(), limits::TOKEN_DEADLINE.as_secs());
            let retry = Disposition::RetryAfter(None);
            Err(Error::new(Code::Timeout, Side::System, Scope::Endpoint, retry, words))
        })?;
        if response.status().is_success() {
            return Ok(response);
        }
        let refusal = refusal::of_response(&self.place(), self.asker, &response, &body);
        let refusal = refusal::with_consent(refusal, self.client);
        if matches!(refusal.disposition(), Disposition::RetryAfter(_)) {
            return Err(refusal);
        }
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
        Ok(response)
    }

    /// `form` with a fresh assertion, where the application has a certificate.
    fn proven(&self, form: Vec<u8>) -> Result<Vec<u8>> {
        let Credential::Certificate(certificate) = &self.client.credential else { return Ok(form) };
        let assertion = assertion::of_client(certificate, &self.client.id, self.client.authority.token.as_str())?;
        let proof = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_assertion_type", ASSERTION_TYPE)
            .append_pair("client_assertion", &assertion)
            .finish();
        Ok([form.as_slice(), b"&", proof.as_bytes()].concat())
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<HttpResponse> {
        let fault = |cause: reqwest::Error| web::fault(&cause, Side::System);
        let mut response = request.send().await.map_err(fault)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(fault)? {
            if body.len() + chunk.len() > limits::TOKEN_REPLY {
                return Err(self.not_a_token("the answer has no end"));
            }
            body.extend_from_slice(&chunk);
        }
        let mut whole = http::Response::new(body);
        *whole.status_mut() = response.status();
        *whole.headers_mut() = std::mem::take(response.headers_mut());
        Ok(whole)
    }
}

impl<'c> AsyncHttpClient<'c> for Exchange<'_> {
    type Error = Error;
    type Future = BoxFuture<'c, Result<HttpResponse>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
