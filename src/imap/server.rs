//! What is known of a server after signing in.

use std::{collections::BTreeSet, time::Duration};

use super::{Event, Namespace, ResponseCode, Tagged};

/// What is known of a server after signing in.
#[derive(Clone, Debug, Default)]
pub struct Server {
    /// The greeting's text.
    pub greeting: String,
    /// Its ID (RFC 2971): names in lower case, and values.
    pub id: Vec<(String, String)>,
    /// Its namespaces, where it tells (RFC 2342).
    pub namespace: Option<Namespace>,
    /// UTF8=ACCEPT is enabled (RFC 6855): folder names are UTF-8, not modified UTF-7.
    pub utf8: bool,
    /// QRESYNC is enabled (RFC 7162).
    pub qresync: bool,
    /// How long it took to answer the commands of the set-up, sent in one piece.
    pub round_trip: Duration,
    /// COMPRESS=DEFLATE is active (RFC 4978).
    pub compressed: bool,
    pub(super) capabilities: BTreeSet<String>,
}

impl Server {
    /// Whether it announces this capability, compared without case: `UIDPLUS`, `AUTH=PLAIN`, `LITERAL+`.
    pub fn has(&self, capability: &str) -> bool {
        self.capabilities.contains(&capability.to_ascii_uppercase())
    }

    /// The value of a capability of the form `NAME=value`, such as APPENDLIMIT (RFC 7889).
    pub fn value(&self, name: &str) -> Option<&str> {
        self.capabilities.iter().find_map(|c| c.strip_prefix(name)?.strip_prefix('='))
    }

    /// A field of its ID, by its name in lower case.
    pub fn id(&self, name: &str) -> Option<&str> {
        self.id.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The largest literal that may be sent without waiting for `+` (bytes; RFC 7888).
    pub(super) fn literals_at_once(&self) -> u64 {
        if self.has("LITERAL+") {
            u64::MAX
        } else if self.has("LITERAL-") {
            4096
        } else {
            0
        }
    }

    /// Whether it told any capabilities.
    pub(super) fn is_known(&self) -> bool {
        !self.capabilities.is_empty()
    }

    /// The ways to sign in that it announces, for people.
    pub(super) fn mechanisms(&self) -> String {
        let sign_in = |c: &&String| c.starts_with("AUTH=") || *c == "LOGINDISABLED";
        self.capabilities.iter().filter(sign_in).map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Takes over a capability list as told; it replaces the one before.
    pub(super) fn learn(&mut self, capabilities: &[String]) {
        self.capabilities = capabilities.iter().map(|c| c.to_ascii_uppercase()).collect();
    }

    pub(super) fn learn_code(&mut self, code: &ResponseCode) {
        if let ResponseCode::Capability(capabilities) = code {
            self.learn(capabilities);
        }
    }

    pub(super) fn learn_events(&mut self, events: &[Event]) {
        for event in events {
            match event {
                Event::Capability(capabilities) => self.learn(capabilities),
                Event::Condition(_, code, _) | Event::Tagged(Tagged { code, .. }) => self.learn_code(code),
                Event::Id(id) => self.id = id.clone(),
                Event::Namespace(namespace) => self.namespace = Some(namespace.clone()),
                Event::Enabled(extensions) => {
                    let has = |name: &str| extensions.iter().any(|e| e.eq_ignore_ascii_case(name));
                    self.utf8 |= has("UTF8=ACCEPT");
                    self.qresync |= has("QRESYNC");
                }
                _ => {}
            }
        }
    }
}
