//! What each grant asks for and on what conditions it is given.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest;

use super::{
    assertion::Shown,
    book::{Coded, Leave, Standing},
    directory::App,
    problem::Problem,
    proof,
    realm::Realm,
    server::Inside,
    token::{Form, find_app, own_scopes},
};
use crate::clock;

/// What was granted.
pub(super) struct Granted {
    pub(super) leave: Leave,
    /// With a refresh token.
    pub(super) offline: bool,
    /// What the ID token repeats.
    pub(super) nonce: Option<String>,
}

impl Coded {
    fn granted(self) -> Granted {
        Granted { leave: self.leave, offline: self.offline, nonce: self.nonce }
    }
}

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Google's assertions live an hour at most.
const SERVICE_ACCOUNT_MOST: f64 = 3600.0;

/// A request for a token.
pub(super) struct Request<'a> {
    inside: &'a mut Inside,
    realm: &'a Realm,
    audience: &'a str,
    form: &'a Form,
}

impl<'a> Request<'a> {
    /// `audience` is the address of the token end point.
    pub(super) fn new(inside: &'a mut Inside, realm: &'a Realm, audience: &'a str, form: &'a Form) -> Self {
        Request { inside, realm, audience, form }
    }

    /// What the request is granted.
    ///
    /// # Errors
    /// Nothing.
    pub(super) fn granted(&mut self) -> Result<Granted, Problem> {
        self.inside.faults.next()?;
        self.realm.check(&self.inside.directory)?;
        match self.field("grant_type")?.as_str() {
            "client_credentials" => self.client_credentials(),
            "authorization_code" => self.authorization_code(),
            DEVICE_CODE => self.device_code(),
            "refresh_token" => self.refresh_token(),
            JWT_BEARER if *self.realm == Realm::Google => self.service_account(),
            other => Err(Problem::new(
                400,
                "unsupported_grant_type",
                70_003,
                format!("The grant type '{other}' is not supported."),
            )),
        }
    }

    fn field(&self, name: &str) -> Result<String, Problem> {
        self.form.get(name).filter(|value| !value.is_empty()).cloned().ok_or_else(|| Problem::missing(name))
    }

    /// The application, after it proved itself.
    fn app(&self) -> Result<(String, App), Problem> {
        let id = self.field("client_id")?;
        let app = find_app(self.inside, &id)?;
        proof::of_app(&app, &id, self.form, self.audience)?;
        Ok((id, app))
    }

    fn client_credentials(&mut self) -> Result<Granted, Problem> {
        let (client, app) = self.app()?;
        if app.is_public() {
            let words = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
            return Err(Problem::new(401, "invalid_client", 7_000_218, words));
        }
        let scope = self.field("scope")?;
        if !scope.ends_with("/.default") || scope.contains(' ') {
            let words = format!(
                "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed."
            );
            return Err(Problem::new(400, "invalid_scope", 1_002_012, words));
        }
        // Entra hands the token out without anybody's consent; it opens nothing then.
        Ok(Granted { leave: Leave { client, user: None, scopes: vec![scope] }.known()?, offline: false, nonce: None })
    }

    fn authorization_code(&mut self) -> Result<Granted, Problem> {
        let (client, app) = self.app()?;
        let invalid = |number, words: &str| Err(Problem::new(400, "invalid_grant", number, words));
        let Some(coded) = self.inside.book.codes.remove(&self.field("code")?) else {
            return invalid(
                54_005,
                "OAuth2 Authorization code was already redeemed, please retry with a new valid code.",
            );
        };
        let Some((redirect, challenge)) = &coded.redirect else { return invalid(70_000, "The code is none.") };
        let digest = digest::digest(&digest::SHA256, self.field("code_verifier")?.as_bytes());
        match () {
            () if coded.leave.client != client => {
                invalid(700_005, "Provided Authorization Code is intended to use against other client.")
            }
            () if coded.expires <= clock::instant() => invalid(70_008, "The provided authorization code is expired."),
            () if *redirect != self.field("redirect_uri")? => {
                invalid(50_011, "The redirect URI does not match the one of the code.")
            }
            () if *challenge != URL_SAFE_NO_PAD.encode(digest) => {
                invalid(501_481, "The Code_Verifier does not match the code_challenge.")
            }
            () if !app.consented => Err(no_consent()),
            () => Ok(coded.granted()),
        }
    }

    fn device_code(&mut self) -> Result<Granted, Problem> {
        let (client, app) = self.app()?;
        let told = |word, number, words: &str| Err(Problem::new(400, word, number, words));
        let code = self.field("device_code")?;
        let Some((_, coded, standing)) = self.inside.book.devices.get(&code).cloned() else {
            return told("bad_verification_code", 70_018, "The verification code is invalid.");
        };
        match standing {
            _ if coded.leave.client != client => {
                told("bad_verification_code", 70_018, "The verification code is invalid.")
            }
            _ if coded.expires <= clock::instant() => told("expired_token", 70_020, "The device code is expired."),
            Standing::Pending => told(
                "authorization_pending",
                70_016,
                "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
            ),
            Standing::Declined => told("authorization_declined", 70_017, "User declined the authorization."),
            Standing::Accepted if !app.consented => Err(no_consent()),
            Standing::Accepted => {
                self.inside.book.devices.remove(&code);
                Ok(coded.granted())
            }
        }
    }

    fn refresh_token(&mut self) -> Result<Granted, Problem> {
        let (client, app) = self.app()?;
        let invalid = |number, words: &str| Err(Problem::new(400, "invalid_grant", number, words));
        let token = self.field("refresh_token")?;
        let held = self.inside.book.refresh.get(&token).cloned();
        let Some(leave) = held.filter(|leave| leave.client == client) else {
            return invalid(700_082, "The refresh token has expired due to inactivity or was revoked.");
        };
        let user = leave.user.clone().unwrap_or_default();
        let Some(person) = self.inside.directory.find_user(&user) else {
            return invalid(50_034, "The user account does not exist in the directory.");
        };
        if person.interaction_required {
            let words = "Access has been blocked by Conditional Access policies.";
            return Err(Problem::new(400, "interaction_required", 53_003, words));
        }
        if !app.consented {
            return Err(no_consent());
        }
        if self.inside.settings.strict_rotation {
            self.inside.book.refresh.remove(&token);
        }
        // One refresh token serves every resource (§2.6).
        let scopes = self.form.get("scope").map(|scope| own_scopes(scope)).filter(|scopes| !scopes.is_empty());
        let leave = Leave { scopes: scopes.unwrap_or(leave.scopes), ..leave };
        Ok(Granted { leave: leave.known()?, offline: true, nonce: None })
    }

    fn service_account(&mut self) -> Result<Granted, Problem> {
        let invalid = |words: &str| Err(Problem::new(400, "invalid_grant", 0, words));
        let assertion = self.field("assertion")?;
        let Some(shown) = Shown::parse(&assertion) else { return invalid("Invalid JWT: it has no three parts.") };
        let Some(account) = self.inside.directory.find_service_account(&shown.claims.iss) else {
            return invalid("Invalid grant: account not found");
        };
        let is_signed = shown.algorithm() == "RS256" && shown.is_signed(&account.certificate);
        let scopes = own_scopes(shown.claims.scope.as_deref().unwrap_or_default());
        match () {
            () if !is_signed => invalid("Invalid JWT Signature."),
            () if !shown.is_for(self.audience, SERVICE_ACCOUNT_MOST) => {
                invalid("Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.")
            }
            () if self.inside.directory.find_user(&shown.claims.sub).is_none() => invalid("Invalid email or User ID"),
            () if !account.delegated => Err(Problem::new(
                401,
                "unauthorized_client",
                0,
                "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.",
            )),
            () => {
                let leave = Leave { client: shown.claims.iss.clone(), user: Some(shown.claims.sub.clone()), scopes };
                Ok(Granted { leave: leave.known()?, offline: false, nonce: None })
            }
        }
    }
}

fn no_consent() -> Problem {
    let words = "The user or administrator has not consented to use the application. Send an interactive authorization request for this user and resource.";
    Problem::new(400, "invalid_grant", 65_001, words)
}
