//! What numbers and words of authorities stand for.
//!
//! Numbers are from Microsoft's list of AADSTS codes; those the reports of users gave first are marked so in microsoft365.md §2.3.

use super::refusal::Asker;
use crate::error::{Code, Disposition, Scope};

/// What kind of error it is, how far it reaches, what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    pub(super) code: Code,
    pub(super) scope: Scope,
    pub(super) disposition: Disposition,
}

impl Reason {
    pub(super) fn new(code: Code, scope: Scope, disposition: Disposition) -> Self {
        Reason { code, scope, disposition }
    }

    /// Only a person can settle it.
    pub(super) fn person(code: Code, scope: Scope) -> Self {
        Reason::new(code, scope, Disposition::NeedsPerson)
    }
}

/// The reason behind an AADSTS number that is known.
pub(super) fn of_number(number: u32) -> Option<Reason> {
    let (code, scope) = match number {
        // Secret or assertion wrong, missing, badly signed, of an unknown certificate, or not valid at this time.
        7_000_215 | 7_000_216 | 7_000_218 | 700_023 | 700_024 | 700_027 | 700_030 | 50_012 | 50_013 => {
            (Code::ClientSecret, Scope::Endpoint)
        }
        7_000_222 => (Code::ClientExpired, Scope::Endpoint),
        // No such application in the tenant; disabled there; of another tenant.
        700_016 | 7_000_112 | 700_011 | 50_194 => (Code::ClientUnknown, Scope::Endpoint),
        90_002 | 900_023 | 90_013 | 50_128 => (Code::Tenant, Scope::Endpoint),
        65_001 | 90_094 | 90_095 | 650_056 | 650_052 | 50_105 => (Code::Consent, Scope::Endpoint),
        // No such scope or resource; a resource that the registration does not list; `/.default` left out.
        70_011 | 500_011 | 500_014 | 650_053 | 650_057 | 28_002 | 28_003 | 1_002_012 => {
            (Code::TokenScope, Scope::Endpoint)
        }
        // A second factor, its registration, a device, a place, a password change: something that a person must do.
        50_055 | 50_072 | 50_074 | 50_076 | 50_079 | 50_125 | 50_158 | 50_203 | 53_000..=53_004 | 530_002..=530_035 => {
            (Code::AuthMfa, Scope::Mailbox)
        }
        50_053 => (Code::Locked, Scope::Mailbox),
        50_057 => (Code::AuthBlocked, Scope::Mailbox),
        50_034 | 50_126 => (Code::Auth, Scope::Mailbox),
        65_004 | 70_017 => (Code::SignInDeclined, Scope::Mailbox),
        70_018..=70_020 => (Code::SignInExpired, Scope::Mailbox),
        // A refresh token that has expired, was revoked, or was made for somebody else.
        50_173 | 50_078 | 70_000 | 70_008 | 70_043 | 700_003 | 700_082 | 700_084 => {
            (Code::SignInNeeded, Scope::Mailbox)
        }
        90_033 | 90_090 | 50_196 => {
            return Some(Reason::new(Code::Server, Scope::Endpoint, Disposition::RetryAfter(None)));
        }
        _ => return None,
    };
    Some(Reason::person(code, scope))
}

/// The reason in the description, where Google says `invalid_grant` to everything.
pub(super) fn of_words(description: &str) -> Option<Reason> {
    description.starts_with("Invalid email or User ID").then(|| Reason::person(Code::NotFound, Scope::Mailbox))
}

/// The reason behind a word of OAuth.
pub(super) fn of_word(word: &str, asker: Asker) -> Reason {
    let (code, scope) = match word {
        "temporarily_unavailable" | "server_error" => {
            return Reason::new(Code::Server, Scope::Endpoint, Disposition::RetryAfter(None));
        }
        "invalid_client" => (Code::ClientSecret, Scope::Endpoint),
        // Google says so where the administrator gave the service account no leave for the domain.
        "unauthorized_client" if asker == Asker::ServiceAccount => (Code::Consent, Scope::Endpoint),
        "unauthorized_client" => (Code::ClientUnknown, Scope::Endpoint),
        "invalid_scope" | "invalid_resource" | "invalid_target" => (Code::TokenScope, Scope::Endpoint),
        "consent_required" => (Code::Consent, Scope::Endpoint),
        "interaction_required" | "login_required" => (Code::AuthMfa, Scope::Mailbox),
        "admin_policy_enforced" | "org_internal" => (Code::AuthBlocked, Scope::Endpoint),
        "authorization_declined" | "access_denied" => (Code::SignInDeclined, Scope::Mailbox),
        "expired_token" | "bad_verification_code" => (Code::SignInExpired, Scope::Mailbox),
        "invalid_grant" => match asker {
            Asker::Application => (Code::ClientSecret, Scope::Endpoint),
            Asker::User => (Code::SignInNeeded, Scope::Mailbox),
            // Google's words for a wrong key, and for an account that is gone.
            Asker::ServiceAccount => (Code::ClientSecret, Scope::Endpoint),
            Asker::Person => (Code::SignInExpired, Scope::Mailbox),
        },
        _ => (Code::Protocol, Scope::Endpoint),
    };
    Reason::person(code, scope)
}
