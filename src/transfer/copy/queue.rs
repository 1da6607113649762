//! What may be sent next: bodies as they come, but of items that cannot be told apart one at a time.
//!
//! An item is recognised by its evidence alone, and a copy that was edited since shares it: of two in doubt one arrival would not tell which it
//! is, and the other would be sent in its place. So of each evidence one is under way until its outcome is in the ledger; the others wait, and
//! where it is in doubt they are left listed, for the look that settles the doubt. This is the only place that sees to it: once intents are
//! durable it is too late. What can be read is told apart by its bytes and never waits.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use super::{
    flight::Turn,
    stage::{Ready, Stager},
};
use crate::{clock, error::Result, limits, source::Fetched};

/// What comes next.
pub(super) enum Next {
    /// A message that may be sent.
    Ready(Box<Ready>),
    /// Nothing for a moment.
    Lull,
    /// Nothing any more.
    Over,
}

/// Messages on their way to the groups, in the order in which they came.
pub(super) struct Queue<'a> {
    stager: &'a Stager<'a>,
    bodies: mpsc::Receiver<Fetched>,
    /// More bodies may come.
    more: bool,
    waiting: VecDeque<Ready>,
}

impl<'a> Queue<'a> {
    pub fn new(stager: &'a Stager<'a>, bodies: mpsc::Receiver<Fetched>) -> Self {
        Queue { stager, bodies, more: true, waiting: VecDeque::new() }
    }

    /// What comes next; a lull is told only to those who ask for it. Not to be dropped but for good: a body may be in its hands.
    pub async fn next(&mut self, tell_lull: bool) -> Result<Next> {
        loop {
            if let Some(ready) = self.due() {
                return Ok(Next::Ready(Box::new(ready)));
            }
            if !self.more && self.waiting.is_empty() {
                return Ok(Next::Over);
            }
            tokio::select! {
                fetched = self.bodies.recv(), if self.more && self.waiting.len() < limits::INTENT_BATCH => match fetched {
                    Some(fetched) => self.waiting.extend(self.stager.take(fetched).await?),
                    None => self.more = false,
                },
                // Ends by itself: every message that was sent is told of, or nothing is told any more.
                () = self.stager.flight.settled(), if !self.waiting.is_empty() => {}
                () = clock::sleep(limits::GROUP_LINGER), if tell_lull => return Ok(Next::Lull),
            }
        }
    }

    /// Takes out the first that may be sent. Those that must not be in this copy leave too.
    fn due(&mut self) -> Option<Ready> {
        let mut at = 0;
        while let Some(ready) = self.waiting.get(at) {
            let turn = ready.evidence.map_or(Turn::Now, |evidence| self.stager.flight.claim(evidence));
            match turn {
                Turn::Now => return self.waiting.remove(at),
                Turn::NotYet => drop(self.waiting.remove(at)),
                Turn::Later => at += 1,
            }
        }
        None
    }
}
