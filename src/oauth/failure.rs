//! A request for a token that failed, and how long it answers for others.

use std::{sync::Arc, time::Duration};

use crate::{
    clock::{self, Instant},
    error::{Disposition, Error},
    limits,
};

/// A failure that answers until it is tried again.
pub(super) struct Failure {
    error: Arc<Error>,
    /// When it is tried again.
    pub(super) until: Instant,
}

impl Failure {
    /// `left` is the life of the token that is still there: while it is long, there is no hurry.
    pub(super) fn new(error: Arc<Error>, left: Option<Duration>) -> Self {
        let own = match error.disposition() {
            Disposition::RetryAfter(stated) => stated.unwrap_or(limits::TOKEN_RETRY.0),
            _ => limits::TOKEN_REFUSAL_KEPT,
        };
        let unhurried = left.map_or(Duration::ZERO, |left| (left / 4).min(limits::TOKEN_RETRY.1));
        let wait = own.max(unhurried).min(limits::TOKEN_WAIT_MOST);
        Failure { error, until: clock::instant() + wait }
    }

    /// The error, for a caller who comes before that.
    pub(super) fn told(&self) -> Error {
        let left = self.until.saturating_duration_since(clock::instant());
        match self.error.disposition() {
            Disposition::RetryAfter(_) => retold(&self.error).disposed(Disposition::RetryAfter(Some(left))),
            _ => retold(&self.error),
        }
    }
}

/// The same error for one more caller.
pub(super) fn retold(error: &Arc<Error>) -> Error {
    let told = Error::new(error.code(), error.side(), error.scope(), error.disposition(), error.subject());
    let told = match error.reply() {
        Some(reply) => told.with_reply(reply),
        None => told,
    };
    told.with_source(error.clone())
}
