//! What is known of a server after signing in.

use std::collections::BTreeSet;

use super::Namespace;

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
    /// COMPRESS=DEFLATE is active (RFC 4978).
    pub compressed: bool,
    capabilities: BTreeSet<String>,
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

    /// A field of its ID.
    pub fn id(&self, name: &str) -> Option<&str> {
        self.id.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Takes over a capability list as told; it replaces the one before.
    pub(super) fn learn(&mut self, capabilities: &[String]) {
        self.capabilities = capabilities.iter().map(|c| c.to_ascii_uppercase()).collect();
    }
}
