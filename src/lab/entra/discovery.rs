//! OpenID Connect Discovery, which `msal` reads first.

use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{realm::Realm, server::Desk};

pub(super) async fn configuration(
    State(desk): State<Desk>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
) -> Response {
    let realm = Realm::Tenant(tenant.clone());
    if let Err(problem) = realm.check(&desk.lock().directory) {
        return problem.response(&realm);
    }
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    let base = format!("https://{host}/{tenant}");
    Json(json!({
        "issuer": format!("{base}/v2.0"),
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "subject_types_supported": ["pairwise"],
    }))
    .into_response()
}
