//! The steps of a connection one by one, for `mailhaul check`.

use std::time::Duration;

use super::Dial;
use crate::error::Error;

/// One step of a connection and how it went.
#[derive(Debug)]
pub struct ProbeStep {
    /// `DNS`, `TCP`, `TLS`.
    pub name: &'static str,
    /// How long it took.
    pub took: Duration,
    /// What was found, line by line, or why it failed.
    pub result: Result<Vec<String>, Error>,
}

/// Walks the steps of [`super::dial`] and tells each; stops at the first that fails.
pub async fn probe(dial: &Dial) -> Vec<ProbeStep> {
    let _ = dial;
    unimplemented!("under construction")
}
