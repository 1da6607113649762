//! Whose sign-in a request is for.

use super::{directory::Directory, problem::Problem};

/// A tenant of Microsoft's, or Google.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Realm {
    Tenant(String),
    Google,
}

impl Realm {
    /// # Errors
    /// There is no such tenant.
    pub(super) fn check(&self, directory: &Directory) -> Result<(), Problem> {
        match self {
            Realm::Tenant(tenant) if !directory.has_tenant(tenant) => Err(Problem::new(
                400,
                "invalid_request",
                90_002,
                format!("Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."),
            )),
            Realm::Tenant(_) | Realm::Google => Ok(()),
        }
    }

    /// The path of its token end point, which assertions name as their audience.
    pub(super) fn token_path(&self) -> String {
        match self {
            Realm::Tenant(tenant) => format!("/{tenant}/oauth2/v2.0/token"),
            Realm::Google => "/google/token".to_owned(),
        }
    }
}
