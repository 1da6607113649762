//! The token end point.

use std::{collections::HashMap, time::Duration};

use axum::{
    Form as Body, Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::{
    App,
    grants::{Granted, JWT_BEARER, Request},
    problem::Problem,
    realm::Realm,
    server::{Desk, Inside},
};
use crate::{clock, limits};

/// A form's fields.
pub(super) type Form = HashMap<String, String>;

pub(super) async fn of_tenant(
    State(desk): State<Desk>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Body(form): Body<Form>,
) -> Response {
    answer(&desk, &Realm::Tenant(tenant), &headers, &form)
}

pub(super) async fn of_google(State(desk): State<Desk>, headers: HeaderMap, Body(form): Body<Form>) -> Response {
    answer(&desk, &Realm::Google, &headers, &form)
}

fn answer(desk: &Desk, realm: &Realm, headers: &HeaderMap, form: &Form) -> Response {
    let mut inside = desk.lock();
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    let audience = format!("https://{host}{}", realm.token_path());
    let outcome = Request::new(&mut inside, realm, &audience, form).granted();
    let told = match &outcome {
        Ok(_) => "ok",
        Err(problem) => problem.word(),
    };
    let kind = form.get("grant_type").cloned().unwrap_or_default();
    if inside.book.requests.len() < limits::LAB_TOKENS {
        inside.book.requests.push((kind, told.to_owned()));
    }
    match outcome {
        Ok(granted) => (StatusCode::OK, Json(reply(&mut inside, realm, form, granted))).into_response(),
        Err(problem) => problem.response(realm),
    }
}

fn reply(
    inside: &mut Inside,
    realm: &Realm,
    form: &Form,
    Granted { leave, offline, nonce }: Granted,
) -> serde_json::Value {
    let life: Duration = inside.settings.lifetime;
    if inside.book.access.len() >= limits::LAB_TOKENS {
        let now = clock::instant();
        inside.book.access.retain(|_, issued| issued.expires > now);
    }
    let token = inside.book.issue(leave.clone(), life);
    let mut reply = json!({ "token_type": "Bearer", "expires_in": life.as_secs(), "access_token": token });
    if *realm != Realm::Google {
        reply["ext_expires_in"] = life.as_secs().into();
    }
    let Some(user) = leave.user.clone() else { return reply };
    reply["scope"] = leave.scopes.join(" ").into();
    if form.get("grant_type").is_some_and(|kind| kind == JWT_BEARER) {
        return reply;
    }
    reply["id_token"] = id_token(realm, &leave.client, &user, nonce).into();
    if form.contains_key("client_info") {
        reply["client_info"] = URL_SAFE_NO_PAD.encode(json!({ "uid": user, "utid": "tenant" }).to_string()).into();
    }
    if offline {
        reply["refresh_token"] = inside.book.issue_refresh(leave).into();
    }
    reply
}

/// Unsigned: nobody who gets it from here by TLS looks at the signature.
fn id_token(realm: &Realm, client: &str, user: &str, nonce: Option<String>) -> String {
    let now = clock::unix_now();
    let name = if *realm == Realm::Google { "email" } else { "preferred_username" };
    let mut claims = json!({
        "iss": "https://login.example/v2.0", "aud": client, "sub": user, "iat": now, "nbf": now, "exp": now + 3600, name: user,
    });
    if let Some(nonce) = nonce {
        claims["nonce"] = nonce.into();
    }
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(json!({ "typ": "JWT", "alg": "RS256" })), part(claims), URL_SAFE_NO_PAD.encode("unsigned"))
}

/// The application `id`.
pub(super) fn find_app(inside: &Inside, id: &str) -> Result<App, Problem> {
    let words = || format!("Application with identifier '{id}' was not found in the directory.");
    inside.directory.find_app(id).cloned().ok_or_else(|| Problem::new(400, "unauthorized_client", 700_016, words()))
}

/// The scopes of a resource, without OpenID Connect's.
pub(super) fn own_scopes(scopes: &str) -> Vec<String> {
    const OPENID: [&str; 4] = ["offline_access", "openid", "profile", "email"];
    scopes.split(' ').filter(|scope| !scope.is_empty() && !OPENID.contains(scope)).map(str::to_owned).collect()
}
