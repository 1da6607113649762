//! The steps of a connection one by one, for `mailhaul check`.

use std::time::Duration;

use super::{Dial, Encryption, Stream, dial, route::Route};
use crate::{
    clock::{self, Instant},
    error::{Code, Error, Result},
};

/// One step of a connection and how it went.
#[derive(Debug)]
pub struct ProbeStep {
    /// `DNS`, `TCP`, `PROXY` or `TLS`.
    pub name: &'static str,
    /// How long it took.
    pub took: Duration,
    /// What was found, line by line; also where the step failed, as far as it got (a chain that is not trusted).
    pub found: Vec<String>,
    /// Why it failed, if it did; then it is the last step.
    pub error: Option<Error>,
}

/// Walks the steps of [`super::dial`] and tells each; stops at the first that fails.
///
/// With [`Encryption::StartTls`] it ends at TCP, as the rest is the protocol's; see [`Stream::tls_facts`].
pub async fn probe(dial: &Dial) -> Vec<ProbeStep> {
    let mut steps = Steps(Vec::new());
    walk(dial, &mut steps).await;
    steps.0
}

/// `None` where a step failed; it has been recorded then.
async fn walk(dial: &Dial, steps: &mut Steps) -> Option<()> {
    let begun = clock::instant();
    let (route, addresses) = steps.record("DNS", begun, resolve(dial).await, |(_, addresses)| {
        addresses.iter().map(|address| address.ip().to_string()).collect()
    })?;

    let begun = clock::instant();
    let stream = route.connect(&addresses).await;
    let mut stream = steps.record("TCP", begun, stream, |stream| vec![format!("connected to {}", stream.peer())])?;

    if let Some(proxy) = &dial.proxy {
        let begun = clock::instant();
        let through = route.tunnel(stream).await;
        stream = steps.record("PROXY", begun, through, |_| vec![format!("through {proxy:?}")])?;
    }
    if dial.encryption == Encryption::Tls {
        let begun = clock::instant();
        let secured = route.secure(stream).await;
        if steps.record("TLS", begun, secured, Stream::tls_facts).is_none() {
            steps.tell_chain(dial).await;
        }
    }
    Some(())
}

async fn resolve(dial: &Dial) -> Result<(Route<'_>, Vec<std::net::SocketAddr>)> {
    let route = Route::new(dial)?;
    let addresses = route.lookup().await?;
    Ok((route, addresses))
}

struct Steps(Vec<ProbeStep>);

impl Steps {
    fn record<T>(
        &mut self,
        name: &'static str,
        begun: Instant,
        result: Result<T>,
        found: impl FnOnce(&T) -> Vec<String>,
    ) -> Option<T> {
        let took = begun.elapsed();
        let (found, error, value) = match result {
            Ok(value) => (found(&value), None, Some(value)),
            Err(error) => (Vec::new(), Some(error), None),
        };
        self.0.push(ProbeStep { name, took, found, error });
        value
    }

    /// After a certificate was refused: which one it was. A second handshake without trust shows it; nothing is sent on it.
    async fn tell_chain(&mut self, refused: &Dial) {
        let Some(step) = self.0.last_mut() else { return };
        if step.error.as_ref().is_some_and(|error| error.code() == Code::TlsCert) {
            let look = Dial { insecure: true, ..refused.clone() };
            step.found = dial(&look).await.map(|stream| stream.tls_facts()).unwrap_or_default();
        }
    }
}
