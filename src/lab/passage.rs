//! What a project says of one of the lab's mailboxes that lies on a host of its own and goes to the lab's Microsoft 365.

use std::path::Path;

/// A mailbox at a host that is signed in to with a password.
pub(super) struct Passage {
    /// The name of endpoint and batch.
    pub name: &'static str,
    /// The endpoint's kind, after which the file of users is called.
    pub kind: &'static str,
    /// The host in words.
    pub description: &'static str,
    /// User and password at the source.
    pub from: (&'static str, &'static str),
    /// User and password at the target.
    pub to: (&'static str, &'static str),
}

impl Passage {
    /// Its tables of `mailhaul.toml`; they name `KIND.csv`.
    pub fn configuration(&self, port: u16, ca: &Path) -> String {
        let (Passage { name, kind, description, .. }, ca) = (self, ca.display().to_string());
        format!(
            "\n[endpoint.{name}]\nkind = \"{kind}\"\ndescription = \"{description}\"\nhost = \"127.0.0.1\"\nport = {port}\n\
             encryption = \"tls\"\nca = {ca:?}\nauth = \"password\"\n\n\
             [batch.{name}]\nsource = \"{name}\"\ntarget = \"m365\"\nusers = \"{kind}.csv\"\n"
        )
    }

    /// The file of users that goes with it.
    pub fn users(&self) -> String {
        let ((source, password), (target, target_password)) = (self.from, self.to);
        format!("source,target,password,target_password\n{source},{target},{password},{target_password}\n")
    }
}
