//! The page on this machine that a browser comes back to.
//!
//! It listens on 127.0.0.1 alone, until the first answer with the state that was sent; any other page of the browser's that calls it
//! gets a 400 and ends nothing.

use axum::{
    Router,
    extract::{Query, State},
    http::StatusCode,
    routing::get,
};
use serde::Deserialize;
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
};

use crate::{
    clock::{self, Instant},
    error::{Code, Disposition, Error, Result, Scope, Side},
    limits,
};

/// A page that waits.
pub(super) struct Loopback {
    listener: TcpListener,
    port: u16,
    state: String,
}

/// What a browser brought: a code, or why there is none.
pub(super) type Returned = Result<String, Declined>;

/// An error of the authority in a redirect (RFC 6749 §4.1.2.1).
pub(super) struct Declined {
    pub(super) error: String,
    pub(super) description: String,
}

#[derive(Deserialize)]
struct Parameters {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

impl Loopback {
    /// Listens on a free port for an answer with `state`.
    ///
    /// # Errors
    /// No port can be had.
    pub(super) async fn open(state: String) -> Result<Self> {
        let bound = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = bound.map_err(|cause| no_port(&cause))?;
        let port = listener.local_addr().map_err(|cause| no_port(&cause))?.port();
        Ok(Loopback { listener, port, state })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Waits for the browser and shows it that it may be closed.
    ///
    /// # Errors
    /// Nothing came until `until`, which is about `place`.
    pub(super) async fn wait(self, until: Instant, place: &str) -> Result<Returned> {
        let (give, mut take) = mpsc::channel(1);
        let (stop, stopped) = oneshot::channel::<()>();
        let page = Router::new().route("/", get(land)).with_state((self.state, give));
        let stopping = async move { stopped.await.unwrap_or_default() };
        let mut served = tokio::spawn(axum::serve(self.listener, page).with_graceful_shutdown(stopping).into_future());
        let _aborted = AbortOnDrop(served.abort_handle());
        let returned = clock::deadline(until, take.recv()).await;
        drop(stop);
        // The page is on its way to the browser.
        let _ = clock::timeout(limits::GOODBYE, &mut served).await;
        returned.flatten().ok_or_else(|| {
            let subject = format!("{place}: nobody finished the sign-in in the browser");
            Error::new(Code::SignInExpired, Side::System, Scope::Mailbox, Disposition::NeedsPerson, subject)
        })
    }
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn no_port(cause: &std::io::Error) -> Error {
    let subject = format!("127.0.0.1: no port for the browser's return ({cause})");
    Error::new(Code::Connect, Side::System, Scope::Run, Disposition::NeedsPerson, subject)
}

/// Answers as plain text: nothing of what came is shown as HTML.
async fn land(
    State((state, give)): State<(String, mpsc::Sender<Returned>)>,
    Query(parameters): Query<Parameters>,
) -> (StatusCode, &'static str) {
    if parameters.state != Some(state) {
        return (StatusCode::BAD_REQUEST, "This is not the sign-in that was started.");
    }
    let (returned, words) = match (parameters.code, parameters.error) {
        (Some(code), None) => (Ok(code), "You are signed in. You may close this page."),
        (_, error) => {
            let error = error.unwrap_or_else(|| "invalid_request".to_owned());
            let description = parameters.error_description.unwrap_or_default();
            (Err(Declined { error, description }), "You are not signed in; mailhaul says why. You may close this page.")
        }
    };
    // A second answer finds the place taken, and the first one counts.
    let _ = give.try_send(returned);
    (StatusCode::OK, words)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::net::http::{Way, client};

    async fn open(page: String) -> u16 {
        client(&Way::default()).await.unwrap().get(page).send().await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn the_first_answer_with_the_right_state_counts() {
        let loopback = Loopback::open("s1".to_owned()).await.unwrap();
        let base = format!("http://127.0.0.1:{}", loopback.port());
        let browser = async {
            assert_eq!(open(format!("{base}/favicon.ico")).await, 404);
            assert_eq!(open(format!("{base}/?code=forged")).await, 400);
            assert_eq!(open(format!("{base}/?code=forged&state=s2")).await, 400);
            assert_eq!(open(format!("{base}/?code=mine&state=s1&session_state=x")).await, 200);
        };
        let until = clock::instant() + Duration::from_secs(30);
        let (returned, ()) = tokio::join!(loopback.wait(until, "login.example"), browser);
        assert!(returned.unwrap().is_ok_and(|code| code == "mine"));
        assert!(tokio::net::TcpStream::connect(base.trim_start_matches("http://")).await.is_err(), "it is closed");
    }

    #[tokio::test]
    async fn a_person_who_never_comes_is_told_of() {
        let loopback = Loopback::open("s1".to_owned()).await.unwrap();
        let outcome = loopback.wait(clock::instant() + Duration::from_millis(50), "login.example").await;
        let error = outcome.map(|_| ()).unwrap_err();
        assert_eq!(error.code(), Code::SignInExpired);
        assert!(error.subject().starts_with("login.example: "), "{error}");
    }
}
