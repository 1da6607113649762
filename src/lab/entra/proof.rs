//! How an application proves that it is the one it says (microsoft365.md §2.3).

use super::{assertion::Shown, directory::App, problem::Problem, token::Form};

/// Assertions of applications live ten minutes at most; Microsoft's own library makes them so long.
const ASSERTION_MOST: f64 = 600.0;
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Checks the secret or assertion in `form` against `app`; `audience` is the address of the token end point.
///
/// # Errors
/// It proves nothing.
pub(super) fn of_app(app: &App, client: &str, form: &Form, audience: &str) -> Result<(), Problem> {
    let refused = |number, words: &str| Err(Problem::new(401, "invalid_client", number, words));
    match (form.get("client_secret"), form.get("client_assertion")) {
        (Some(secret), None) => match () {
            () if app.secrets.contains(secret) => Ok(()),
            () if app.expired_secrets.contains(secret) => {
                refused(7_000_222, &format!("The provided client secret keys for app '{client}' are expired."))
            }
            () => refused(
                7_000_215,
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value.",
            ),
        },
        (None, Some(assertion)) => {
            if form.get("client_assertion_type").map(String::as_str) != Some(JWT_BEARER) {
                return Err(Problem::missing("client_assertion_type"));
            }
            let Some(shown) = Shown::parse(assertion) else {
                return refused(50_027, "JWT token is invalid or malformed.");
            };
            let is_by_app = app.certificates.iter().any(|certificate| shown.is_by(certificate));
            let is_named = shown.claims.iss == client && shown.claims.sub == client && shown.claims.jti.is_some();
            match () {
                () if !is_by_app => refused(
                    700_027,
                    "The certificate with identifier used to sign the client assertion is not registered on application.",
                ),
                () if !is_named => {
                    refused(700_021, "Client assertion application identifier doesn't match 'client_id' parameter.")
                }
                () if !shown.is_for(audience, ASSERTION_MOST) => {
                    refused(700_024, "Client assertion is not within its valid time range, or its audience is another.")
                }
                () => Ok(()),
            }
        }
        _ if app.is_public() => Ok(()),
        _ => refused(
            7_000_218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        ),
    }
}
