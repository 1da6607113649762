//! What numbers and words of authorities stand for.
//!
//! Numbers are from Microsoft's list (entra-docs, `reference-error-codes.md`) and from microsoft365.md §2.3. Microsoft says there that they
//! may change, so one that is not known leaves the decision to the word.

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

    /// It passes by itself.
    fn passing(code: Code) -> Self {
        Reason::new(code, Scope::Endpoint, Disposition::RetryAfter(None))
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
        50_012 | 50_013 | 50_027 | 50_048 | 70_002 | 700_024 | 700_025 | 700_027 | 700_030 | 7_000_215 | 7_000_216
        | 7_000_218 => (Code::ClientSecret, Scope::Endpoint),
        7_000_222 => (Code::ClientExpired, Scope::Endpoint),
        // No such application in the tenant, or disabled there.
        70_001 | 700_011 | 700_016 | 7_000_112 => (Code::ClientUnknown, Scope::Endpoint),
        // No such tenant, of another cloud, or none named where the application needs one.
        50_059 | 50_128 | 50_194 | 90_002 | 90_019 | 90_038 | 90_130 | 900_023 | 9_001_023 => {
            (Code::Tenant, Scope::Endpoint)
        }
        50_105 | 65_001 | 90_008 | 90_094 | 90_095 | 90_099 | 650_052 | 650_056 => (Code::Consent, Scope::Endpoint),
        // No such scope or resource; a resource that the registration does not list; `/.default` left out.
        28_002 | 28_003 | 50_001 | 65_005 | 70_011 | 500_011 | 500_014 | 650_053 | 650_054 | 650_057 | 700_022
        | 700_023 | 1_002_012 => (Code::TokenScope, Scope::Endpoint),
        // Tenant restrictions.
        50_002 | 500_021 | 500_022 => (Code::AuthBlocked, Scope::Endpoint),
        50_057 => (Code::AuthBlocked, Scope::Mailbox),
        // A second factor, its registration, a device, a place, a new password: something that a person must do.
        50_005
        | 50_055
        | 50_072
        | 50_074
        | 50_076
        | 50_078
        | 50_079
        | 50_097
        | 50_125
        | 50_127
        | 50_129
        | 50_131
        | 50_135
        | 50_144
        | 50_158
        | 53_000..=53_011
        | 530_002..=530_035
        | 700_020 => (Code::AuthMfa, Scope::Mailbox),
        50_053 => (Code::Locked, Scope::Mailbox),
        50_014 | 50_020 | 50_034 | 50_056 | 50_064 | 50_126 | 51_004 => (Code::Auth, Scope::Mailbox),
        65_004 => (Code::SignInDeclined, Scope::Mailbox),
        70_018 | 70_019 => (Code::SignInExpired, Scope::Mailbox),
        // A refresh token that has expired or was revoked.
        50_085 | 50_089 | 50_132 | 50_133 | 50_173 | 70_000 | 70_043 | 700_082 | 700_084 => {
            (Code::SignInNeeded, Scope::Mailbox)
        }
        // Too many of the same requests, or too many of the tenant.
        50_196 | 90_055 => return Some(Reason::passing(Code::Throttled)),
        50_033 | 50_087 | 90_006 | 90_012 | 90_024 | 90_033 | 90_090 => return Some(Reason::passing(Code::Server)),
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
            return Reason::passing(Code::Server);
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
