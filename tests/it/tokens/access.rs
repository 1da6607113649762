//! Whose leave opens a mailbox: an application that was let in, one that was not, and Google's service account for a whole domain.

use mailhaul::lab::{
    entra::{App, Service, ServiceAccount, Settings, User},
    generate::Recipe,
    imap::Access,
};
use serde_json::json;

use super::login::with_code;
use super::site::{ANNA, APP, BEN, SECRET, Site, empty};
use crate::oauth::stage::KeyPair;
use crate::support::haul::Ended;

const TOKENS: &str = "auth = \"oauth2\"\noauth-client = \"app\"";

async fn run(site: &Site, arguments: &[&str]) -> Ended {
    let running = site.start(arguments);
    tokio::task::spawn_blocking(move || running.wait()).await.unwrap()
}

fn step<'a>(ended: &'a Ended, name: &str) -> &'a serde_json::Value {
    ended.document["steps"].as_array().unwrap().iter().find(|step| step["step"] == name).unwrap()
}

/// An application that was given no access: told as that, with what to check.
#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_without_full_access_is_explained() {
    let mut site = Site::new(Settings::default()).await;
    site.entra.register(App::new(APP).secret(SECRET).only_mailboxes(&[BEN]));
    let (source, target) = (site.host(empty(), Service::Imap).await, site.host(empty(), Service::Imap).await);
    site.endpoint("old", "imap", source.port(), TOKENS);
    site.endpoint("new", "microsoft365", target.port(), TOKENS);
    site.write(&format!("{ANNA},{BEN},\n"));
    let ended = run(&site, &["check"]).await;
    assert_eq!(ended.code, Some(10), "{ended:#?}");
    let error = &step(&ended, "source login")["error"];
    assert_eq!(error["code"], "SRC-AUTH-TOKEN", "{error:#}");
    assert!(error["next_step"].as_str().unwrap().contains("enterprise application"), "{error:#}");
    assert_eq!(step(&ended, "target login")["ok"], true);
    assert_eq!(site.asked("client_credentials"), 2, "one renewal for the refused one");
}

/// Exchange says OK to the sign-in and BAD to what follows (quirk 13).
#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_is_not_connected_is_explained() {
    let mut site = Site::new(Settings::default()).await;
    let source = site.host(empty(), Service::Imap).await;
    let target = site.exchange(empty()).await;
    target.accounts().set_access(ANNA, Access::NotConnected);
    site.endpoint("old", "imap", source.port(), TOKENS);
    site.endpoint("new", "microsoft365", target.port(), TOKENS);
    site.write(&format!("{ANNA},{ANNA},\n"));
    let ended = run(&site, &["check"]).await;
    assert_eq!(ended.code, Some(11), "{ended:#?}");
    let error = &step(&ended, "target login")["error"];
    assert_eq!(error["code"], "TGT-AUTH-ACCESS", "{error:#}");
    assert!(error["reply"].as_str().unwrap().contains("authenticated but not connected"), "{error:#}");
    for part in ["IMAP is enabled", "FullAccess", "enterprise application", "connections"] {
        assert!(error["next_step"].as_str().unwrap().contains(part), "{part}: {error:#}");
    }
    assert_eq!(step(&ended, "target token")["ok"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_account_opens_the_mailboxes_of_its_domain() {
    const ROBOT: &str = "robot@project.iam.example";
    let (mut site, pair) = (Site::new(Settings::default()).await, KeyPair::new());
    site.entra.change_directory(|directory| directory.service_account(ServiceAccount::new(ROBOT, &pair.der())));
    let key = json!({ "type": "service_account", "client_email": ROBOT, "private_key": pair.text("key.pem") });
    std::fs::write(site.path().join("robot.json"), key.to_string()).unwrap();
    let google = format!("provider = \"google\"\nauthority = \"{}\"\n", site.entra.google());
    site.client("robot", &format!("{google}service-account-file = \"robot.json\""));
    let gmail = site.host(Recipe::new(34, 30).build(), Service::Gmail).await;
    let target = site.exchange(empty()).await;
    site.endpoint("old", "gmail", gmail.port(), "auth = \"oauth2\"\noauth-client = \"robot\"");
    site.endpoint("new", "microsoft365", target.port(), TOKENS);
    site.write(&format!("{ANNA},{ANNA},\n"));
    let ended = run(&site, &["run"]).await;
    assert_eq!((ended.code, &ended.document["outcome"]), (Some(0), &"verified".into()), "{ended:#?}");
    assert_eq!((ended.count("copied"), site.asked("jwt-bearer")), (30, 1));
}

/// `copy` names the client; everything else is in the URL.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_needs_a_client_and_no_project() {
    let mut site = Site::new(Settings::default()).await;
    let source = site.host(Recipe::new(35, 10).build(), Service::Imap).await;
    let target = site.exchange(empty()).await;
    site.endpoint("old", "imap", 9, TOKENS);
    site.endpoint("new", "microsoft365", 10, TOKENS);
    site.write("");
    let local = "encryption=none&ca=ca.pem";
    let from = format!("imap://anna%40contoso.example@127.0.0.1:{}?{local}", source.port());
    let to = format!("microsoft365://anna@contoso.example:{}?imap-host=127.0.0.1&{local}", target.port());
    let copy = ["copy", "--from", &from, "--from-oauth", "app", "--to", &to];
    let ended = run(&site, &copy).await;
    assert!(ended.code == Some(2) && ended.stderr.contains("--to-oauth"), "{ended:#?}");
    let ended = run(&site, &[&copy[..], &["--to-oauth", "app"]].concat()).await;
    assert_eq!((ended.code, &ended.document["outcome"]), (Some(0), &"verified".into()), "{ended:#?}");
    assert_eq!((ended.count("copied"), site.asked("client_credentials")), (10, 1), "one cache for both sides");
}

/// One person with full access to somebody else's mailbox signs in for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_shared_mailbox_is_opened_with_its_keepers_sign_in() {
    let mut site = Site::new(Settings { interval: 1, ..Settings::default() }).await;
    site.entra.change_directory(|directory| directory.user(User::new(ANNA).full_access(BEN)));
    let source = site.host(Recipe::new(37, 10).build(), Service::Imap).await;
    let target = site.host(empty(), Service::Imap).await;
    let keeper = format!("auth = \"oauth2\"\noauth-client = \"people\"\noauth-user = \"{ANNA}\"");
    site.endpoint("old", "imap", source.port(), &keeper);
    site.endpoint("new", "imap", target.port(), &keeper);
    site.write(&format!("{ANNA},{BEN},\n"));
    assert_eq!(with_code(&site).await.code, Some(0));
    let ended = run(&site, &["run"]).await;
    assert_eq!((ended.code, &ended.document["outcome"]), (Some(0), &"verified".into()), "{ended:#?}");
    assert_eq!((ended.count("copied"), site.asked("refresh_token")), (10, 1));
}
