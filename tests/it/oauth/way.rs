//! How requests go: certificates, proxies, introspection by others.

use std::{net::SocketAddr, sync::atomic::Ordering};

use mailhaul::{
    error::{Code, Disposition},
    lab::entra::Settings,
    net::http::{self, Way},
    oauth::{Client, Tokens},
};
use serde_json::Value;
use url::Url;

use crate::net::servers;

use super::stage::{APP, SECRET, Stage, exchange, refusal, secret};

async fn client(stage: &Stage, way: Way) -> Client {
    let http = http::client(&way).await.unwrap();
    Client::new(stage.app().authority().clone(), APP, secret(SECRET), http)
}

#[tokio::test]
async fn a_secret_goes_to_nobody_whose_certificate_is_not_believed() {
    let stage = Stage::new(Settings::default()).await;
    let error = refusal(exchange(client(&stage, Way::default()).await)).await;
    assert_eq!((error.code(), error.disposition()), (Code::TlsCert, Disposition::NeedsPerson), "{error}");
    assert!(error.subject().starts_with("localhost:") && error.subject().contains("give its authority"), "{error}");
    assert!(stage.entra.requests().is_empty());
    let insecure = Way { insecure: true, ..Way::default() };
    assert!(Tokens::new(None).token(&exchange(client(&stage, insecure).await)).await.is_ok());
}

#[tokio::test]
async fn a_secret_takes_the_way_through_a_proxy() {
    let stage = Stage::new(Settings::default()).await;
    let address = SocketAddr::from(([127, 0, 0, 1], Url::parse(&stage.entra.url()).unwrap().port().unwrap()));
    let (socks, uses) = servers::socks5(Some(("u", "p%41 w")), address).await;
    let wanted: &[&str] = &["Basic dTpwJTQxIHc=\r\n"];
    let connect = servers::http_proxy("HTTP/1.1 200 Connection established\r\n\r\n", wanted, address).await;
    for proxy in [format!("socks5://u:p%2541%20w@{socks}"), format!("http://u:p%2541%20w@{connect}")] {
        let way = Way { ca: vec![stage.ca()], proxy: Some(proxy.parse().unwrap()), ..Way::default() };
        let token = Tokens::new(None).token(&exchange(client(&stage, way).await)).await;
        assert!(token.is_ok(), "{proxy}: {token:?}");
    }
    assert_eq!(uses.load(Ordering::SeqCst), 1);
    for proxy in [format!("socks5://u:hunter2@{socks}"), format!("http://u:hunter2@{connect}")] {
        let way = Way { ca: vec![stage.ca()], proxy: Some(proxy.parse().unwrap()), ..Way::default() };
        let error = refusal(exchange(client(&stage, way).await)).await;
        assert_eq!((error.code(), error.disposition()), (Code::Connect, Disposition::NeedsPerson), "{error}");
        assert!(
            error.subject().contains("the proxy did not connect") && !error.subject().contains("hunter2"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_told() {
    let stage = Stage::new(Settings::default()).await;
    for proxy in ["socks5://u:hunter2@127.0.0.1:1", "http://u:hunter2@127.0.0.1:1"] {
        let way = Way { ca: vec![stage.ca()], proxy: Some(proxy.parse().unwrap()), ..Way::default() };
        let error = refusal(exchange(client(&stage, way).await)).await;
        assert_eq!(error.code(), Code::Connect, "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    assert!(stage.entra.requests().is_empty());
}

#[tokio::test]
async fn a_server_may_ask_whether_a_token_is_good() {
    let stage = Stage::new(Settings::default()).await;
    let token = Tokens::new(None).token(&exchange(stage.app())).await.unwrap();
    let url = stage.entra.introspection_url();
    let token = token.secret.expose();
    let requests = [
        stage.http.get(&url).bearer_auth(token),
        stage.http.get(format!("{url}?token={token}")),
        stage
            .http
            .post(&url)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(format!("token={token}")),
    ];
    for request in requests {
        let told: Value = serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap();
        assert_eq!((&told["active"], &told["client_id"]), (&Value::Bool(true), &Value::from(APP)), "{told}");
        assert_eq!(told["aud"], "https://outlook.office365.com");
    }
    stage.entra.revoke_all();
    let told = stage.http.get(&url).bearer_auth(token).send().await.unwrap().text().await.unwrap();
    assert_eq!(told, r#"{"active":false}"#);
}
