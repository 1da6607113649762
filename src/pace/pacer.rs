//! One mailbox's pace on one side: holds, the learned rate, the window.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use super::{Throttle, ThrottleKind, tempo::Tempo};
use crate::{
    clock::{self, Backoff, Instant},
    limits,
};

/// The pace of one mailbox on one side, shared by all its connections. Clones are the same pacer.
///
/// A stated back-off stops all of them: whoever reads such a reply calls [`Pacer::obey`], and no command starts before the
/// stated time has passed, however long it is. Before a message a connection waits for [`Pacer::permit`], before another
/// command for [`Pacer::unheld`], and right before it writes it asks [`Pacer::is_held`] once more, since another connection
/// may have read a refusal meanwhile. All waits may be dropped.
#[derive(Clone, Debug)]
pub struct Pacer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Those who wait for the rate go in the order they came; only the first sleeps for it.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    tempo: Tempo,
    hold: Option<Hold>,
    window: usize,
    most_window: usize,
    /// A permit was given since the last refusal. Refusals of messages that were in flight already are the same refusal.
    asked: bool,
    /// Refusals in a row with nothing accepted between them.
    strikes: u32,
    /// The waits for what states none.
    backoff: Option<(ThrottleKind, Backoff)>,
}

#[derive(Debug)]
struct Hold {
    until: Instant,
    reply: String,
}

impl Pacer {
    /// A pacer that lets `window` messages be in flight per connection while nothing is wrong.
    pub fn new(window: usize) -> Self {
        let window = window.max(1);
        let state = State {
            tempo: Tempo::default(),
            hold: None,
            window,
            most_window: window,
            asked: true,
            strikes: 0,
            backoff: None,
        };
        Pacer(Arc::new(Shared { state: Mutex::new(state), turn: tokio::sync::Mutex::default() }))
    }

    /// Waits until one message may be sent: no hold is in force, and the learned rate allows it.
    pub async fn permit(&self) {
        self.permit_for(1).await;
    }

    /// Waits until `messages` may be sent in one command (MULTIAPPEND).
    pub async fn permit_for(&self, messages: u32) {
        let _turn = self.0.turn.lock().await;
        let mut waited = false;
        loop {
            self.unheld().await;
            let taken = self.state().take(messages, waited);
            match taken {
                Ok(()) => return,
                Err(again) => clock::sleep_until(again).await,
            }
            waited = true;
        }
    }

    /// Waits while a hold is in force: for commands that carry no message.
    pub async fn unheld(&self) {
        loop {
            let until = self.state().held_until();
            match until {
                Some(until) => clock::sleep_until(until).await,
                None => return,
            }
        }
    }

    /// Whether a hold is in force now: asked once more right before bytes are written.
    pub fn is_held(&self) -> bool {
        self.state().held_until().is_some()
    }

    /// Until when a hold is in force, and the server's words that asked for it.
    pub fn held(&self) -> Option<(SystemTime, String)> {
        let state = self.state();
        let hold = state.hold.as_ref().filter(|hold| hold.until > clock::instant())?;
        Some((clock::wall(hold.until), hold.reply.clone()))
    }

    /// Does all that a throttle reply asks for, and returns when sending may go on.
    ///
    /// The stated time is obeyed to the millisecond, plus 2 % (10 ms to 1 s) for clocks that differ; while the server
    /// refuses again right after the time it stated, that much more is added each time, doubling from a quarter of it (at least 100 ms). DavMail's
    /// fixed ten seconds on top (quirk 4) were weighed: on a stated time of one second they would cost nine tenths of the
    /// rate, and where they are needed the doubling gets there within a few refusals. Without a stated time
    /// the wait doubles from refusal to refusal ([`ThrottleKind::waits`]).
    ///
    /// Too many connections ([`ThrottleKind::Connections`]) hold nobody: only the connection that was refused waits.
    pub fn obey(&self, throttle: Throttle, reply: &str) -> Instant {
        if throttle.kind == ThrottleKind::Rate {
            self.throttled();
        }
        let until = self.state().until(throttle);
        if throttle.kind != ThrottleKind::Connections {
            self.hold(until, reply);
        }
        until
    }

    /// Stops all connections of the mailbox until `until`; of several holds the longest wins. `reply` are the server's words.
    pub fn hold(&self, until: Instant, reply: &str) {
        let mut state = self.state();
        state.window = 1;
        if state.hold.as_ref().is_none_or(|hold| hold.until < until) {
            let end = reply.floor_char_boundary(limits::REPLY_KEPT);
            state.hold = Some(Hold { until, reply: reply.get(..end).unwrap_or_default().to_owned() });
        }
    }

    /// The server refused to go on at this rate. Refusals of what was in flight together count as one.
    pub fn throttled(&self) {
        self.state().throttled(clock::instant());
    }

    /// `n` messages were accepted.
    pub fn succeeded(&self, n: u32) {
        let mut state = self.state();
        state.tempo.succeeded(n);
        state.window = state.window.saturating_add(n as usize).min(state.most_window);
        (state.strikes, state.backoff) = (0, None);
    }

    /// How many messages may be in flight on one connection now: one after a throttle, and one more for each that is accepted.
    pub fn window(&self) -> usize {
        self.state().window
    }

    /// The learned rate (messages a second), once two throttles taught one.
    pub fn rate(&self) -> Option<f64> {
        self.state().tempo.rate()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn held_until(&self) -> Option<Instant> {
        self.hold.as_ref().map(|hold| hold.until).filter(|until| *until > clock::instant())
    }

    fn take(&mut self, messages: u32, waited: bool) -> Result<(), Instant> {
        if let Some(until) = self.held_until() {
            return Err(until);
        }
        self.tempo.take(messages, clock::instant(), waited)?;
        self.asked = true;
        Ok(())
    }

    fn throttled(&mut self, now: Instant) {
        self.window = 1;
        if std::mem::take(&mut self.asked) {
            self.strikes = if self.tempo.progressed() { 0 } else { self.strikes.saturating_add(1) };
            self.tempo.refused(now);
        }
    }

    /// When `throttle` lets go.
    fn until(&mut self, throttle: Throttle) -> Instant {
        let now = clock::instant();
        let wait = match throttle.wait {
            Some(stated) => stated.saturating_add(self.margin(stated)),
            None => self.unstated(throttle.kind),
        };
        now.checked_add(wait).unwrap_or(now + limits::HOLD_FOREVER)
    }

    fn margin(&self, stated: Duration) -> Duration {
        let small = (stated / 50).clamp(Duration::from_millis(10), Duration::from_secs(1));
        let Some(doublings) = self.strikes.checked_sub(1) else { return small };
        let more = (stated / 4).max(Duration::from_millis(100)).saturating_mul(1 << doublings.min(16));
        more.min(limits::HOLD_MARGIN)
    }

    fn unstated(&mut self, kind: ThrottleKind) -> Duration {
        let fresh = || {
            let (first, most) = kind.waits();
            (kind, Backoff::new(first, most))
        };
        let (_, backoff) = match &mut self.backoff {
            Some(same) if same.0 == kind => same,
            other => other.insert(fresh()),
        };
        backoff.next_wait()
    }
}

#[cfg(test)]
#[path = "pacer_tests.rs"]
mod tests;
