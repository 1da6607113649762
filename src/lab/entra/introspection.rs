//! Token introspection (RFC 7662), in each form that Dovecot's oauth2 passdb asks in.

use std::collections::HashMap;

use axum::{
    Form, Json,
    extract::{Query, State},
    http::HeaderMap,
};
use serde_json::{Value, json};

use super::server::Desk;
use crate::clock;

type Fields = HashMap<String, String>;

/// `introspection_mode` `auth` (the token is the bearer) or `get` (it is the parameter `token`).
pub(super) async fn asked(State(desk): State<Desk>, Query(query): Query<Fields>, headers: HeaderMap) -> Json<Value> {
    let bearer = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    Json(told(&desk, query.get("token").map(String::as_str).or(bearer)))
}

/// `introspection_mode` `post`.
pub(super) async fn posted(State(desk): State<Desk>, Form(form): Form<Fields>) -> Json<Value> {
    Json(told(&desk, form.get("token").map(String::as_str)))
}

fn told(desk: &Desk, token: Option<&str>) -> Value {
    let inside = desk.lock();
    let Some(issued) = token.and_then(|token| inside.book.valid(token)) else { return json!({ "active": false }) };
    let left = issued.expires.saturating_duration_since(clock::instant()).as_secs();
    json!({
        "active": true, "token_type": "Bearer", "client_id": issued.leave.client, "username": issued.leave.user,
        "scope": issued.leave.scopes.join(" "), "aud": issued.leave.audience(),
        "exp": clock::unix_now().saturating_add_unsigned(left), "expires_in": left,
    })
}
