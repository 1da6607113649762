//! Microsoft's own library against the stand-in.

use std::process::{Command, Stdio};

use mailhaul::lab::entra::{App, Service, Settings};
use serde_json::{Value, json};

use super::stage::{ANNA, APP, KeyPair, PUBLIC, SECRET, Stage, TENANT};
use crate::support::place;

/// Runs `with_msal.py` and gives what it got.
async fn run(stage: &Stage, pair: &KeyPair) -> Value {
    let asked = json!({
        "authority": stage.entra.authority(TENANT), "ca": stage.ca(), "app": APP, "public": PUBLIC, "secret": SECRET, "user": ANNA,
        "key": pair.text("key.pem"), "certificate": pair.text("certificate.pem"),
    });
    let mut python = Command::new(place::supply("msal").join("bin/python"));
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/oauth/with_msal.py");
    // requests would rather believe these than what it is told.
    for variable in ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"] {
        python.env_remove(variable);
    }
    python.args([program, &asked.to_string()]).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || python.output()).await.unwrap().expect("python runs");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}\n{:#?}", stage.entra.requests());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {words}"))
}

#[tokio::test]
async fn msal_completes_every_flow() {
    let (stage, pair) = (Stage::new(Settings { interval: 1, ..Settings::default() }).await, KeyPair::new());
    stage.entra.register(App::new(APP).secret(SECRET).certificate(&pair.der()));
    let got = run(&stage, &pair).await;
    let opens = |flow: &str, service| {
        let token = got[flow].as_str().unwrap_or_else(|| panic!("{flow}: {got}"));
        stage.entra.desk().opens(token, service, ANNA).is_some()
    };
    for flow in ["secret", "certificate_sha256", "certificate_sha1", "device", "refresh", "browser"] {
        assert!(opens(flow, Service::Imap), "{flow}");
        assert!(!opens(flow, Service::Graph), "{flow}");
    }
    assert!(opens("graph", Service::Graph) && !opens("graph", Service::Imap));
    assert_ne!(got["device"], got["refresh"]);
    let ok = |grant: &str| {
        stage.entra.requests().iter().filter(|(kind, told)| kind.ends_with(grant) && told == "ok").count()
    };
    assert_eq!(
        (ok("client_credentials"), ok("device_code"), ok("refresh_token"), ok("authorization_code")),
        (4, 1, 1, 1)
    );
    // What the library understood of the refusals.
    assert_eq!(got["wrong_secret"], json!(["invalid_client", [7_000_215]]), "{got}");
    assert_eq!(got["wrong_scope"], json!(["invalid_scope", [1_002_012]]), "{got}");
}
