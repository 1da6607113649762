//! Where people sign in: with a browser, and with a code that a device shows.

use std::collections::HashMap;

use axum::{
    Form as Body, Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use serde_json::json;
use url::Url;

use super::{
    Answer,
    book::{Coded, Leave, Standing, random},
    problem::Problem,
    realm::Realm,
    server::{Desk, Inside},
    token::{Form, find_app, own_scopes},
};
use crate::clock;

type Fields = HashMap<String, String>;

pub(super) async fn authorize_tenant(
    State(desk): State<Desk>,
    Path(tenant): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    authorized(&desk, &Realm::Tenant(tenant), &query)
}

pub(super) async fn authorize_google(State(desk): State<Desk>, Query(query): Query<Fields>) -> Response {
    authorized(&desk, &Realm::Google, &query)
}

fn authorized(desk: &Desk, realm: &Realm, query: &Fields) -> Response {
    let mut inside = desk.lock();
    match redirected(&mut inside, realm, query) {
        Ok(Some(url)) => (StatusCode::FOUND, [(LOCATION, url.to_string())]).into_response(),
        Ok(None) => "Sign in, please.".into_response(),
        Err(problem) => problem.response(realm),
    }
}

/// Where the browser goes next. What is wrong with the redirect address or the application is told to the person, never redirected.
fn redirected(inside: &mut Inside, realm: &Realm, query: &Fields) -> Result<Option<Url>, Problem> {
    let field = |name: &str| query.get(name).filter(|value| !value.is_empty()).ok_or_else(|| Problem::missing(name));
    realm.check(&inside.directory)?;
    let client = field("client_id")?;
    find_app(inside, client)?;
    let redirect = field("redirect_uri")?;
    let mut url = loopback(redirect)?;
    let (state, challenge) = (field("state")?.clone(), field("code_challenge")?.clone());
    let is_code = field("response_type")? == "code" && field("code_challenge_method")? == "S256";
    let answer = inside.settings.answer;
    let parameters = match answer {
        _ if !is_code => {
            [("error", "unsupported_response_type".to_owned()), ("error_description", "Code and S256 only.".to_owned())]
        }
        Answer::Ignore => return Ok(None),
        Answer::Decline => [
            ("error", "access_denied".to_owned()),
            ("error_description", "AADSTS65004: User declined to consent.".to_owned()),
        ],
        Answer::Accept => {
            let scope = field("scope")?;
            let offline = match realm {
                Realm::Google => query.get("access_type").is_some_and(|kind| kind == "offline"),
                Realm::Tenant(_) => scope.split(' ').any(|scope| scope == "offline_access"),
            };
            let leave = leave(inside, client, query.get("login_hint"), scope)?;
            let expires = clock::instant() + inside.settings.code_lifetime;
            let code = random("0.A", 600);
            let coded = Coded {
                leave,
                expires,
                offline,
                nonce: query.get("nonce").cloned(),
                redirect: Some((redirect.clone(), challenge)),
            };
            inside.book.codes.insert(code.clone(), coded);
            [("code", code), ("session_state", random("", 32))]
        }
    };
    url.query_pairs_mut().extend_pairs(parameters).append_pair("state", &state);
    Ok(Some(url))
}

/// A native client's redirect address: `http://localhost` with any port (microsoft365.md §2.5).
fn loopback(redirect: &str) -> Result<Url, Problem> {
    let wrong =
        || Problem::new(400, "invalid_request", 50_011, "The redirect URI specified in the request does not match.");
    let url = Url::parse(redirect).map_err(|_| wrong())?;
    let is_loopback = url.scheme() == "http" && matches!(url.host_str(), Some("localhost" | "127.0.0.1"));
    if is_loopback { Ok(url) } else { Err(wrong()) }
}

/// What a person leaves to an application.
fn leave(inside: &Inside, client: &str, hint: Option<&String>, scope: &str) -> Result<Leave, Problem> {
    let user = hint.map(String::as_str).or(inside.directory.first_user()).unwrap_or_default();
    if inside.directory.find_user(user).is_none() {
        return Err(Problem::new(400, "invalid_grant", 50_034, "The user account does not exist in the directory."));
    }
    Leave { client: client.to_owned(), user: Some(user.to_owned()), scopes: own_scopes(scope) }.known()
}

pub(super) async fn device_code(
    State(desk): State<Desk>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Body(form): Body<Form>,
) -> Response {
    let realm = Realm::Tenant(tenant);
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    let mut inside = desk.lock();
    match coded(&mut inside, &realm, host, &form) {
        Ok(reply) => Json(reply).into_response(),
        Err(problem) => problem.response(&realm),
    }
}

fn coded(inside: &mut Inside, realm: &Realm, host: &str, form: &Form) -> Result<serde_json::Value, Problem> {
    let field = |name: &str| form.get(name).filter(|value| !value.is_empty()).ok_or_else(|| Problem::missing(name));
    realm.check(&inside.directory)?;
    let (client, scope) = (field("client_id")?, field("scope")?);
    find_app(inside, client)?;
    let leave = leave(inside, client, None, scope)?;
    let (device, user) = (random("DAQ", 300), random("", 9).to_uppercase());
    let life = inside.settings.code_lifetime;
    let offline = scope.split(' ').any(|scope| scope == "offline_access");
    let coded = Coded { leave, expires: clock::instant() + life, offline, nonce: None, redirect: None };
    inside.book.devices.insert(device.clone(), (user.clone(), coded, Standing::Pending));
    let uri = format!("https://{host}/device");
    Ok(json!({
        "device_code": device, "user_code": user, "verification_uri": uri, "expires_in": life.as_secs(),
        "interval": inside.settings.interval,
        "message": format!("To sign in, use a web browser to open the page {uri} and enter the code {user} to authenticate."),
    }))
}

/// A person enters the code `user_code`, as `user` if that is given, and answers as the settings say.
pub(super) async fn device_page(State(desk): State<Desk>, Query(query): Query<Fields>) -> Response {
    let mut inside = desk.lock();
    let entered = query.get("user_code").map_or("", String::as_str);
    let standing = match inside.settings.answer {
        Answer::Accept => Standing::Accepted,
        Answer::Decline => Standing::Declined,
        Answer::Ignore => Standing::Pending,
    };
    let found = inside.book.devices.values_mut().find(|(code, ..)| code == entered);
    let Some((_, coded, held)) = found else {
        return (StatusCode::NOT_FOUND, "That code didn't work.").into_response();
    };
    if let Some(user) = query.get("user") {
        coded.leave.user = Some(user.clone());
    }
    *held = standing;
    "You may close this page.".into_response()
}
