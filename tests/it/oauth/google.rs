//! Google: a service account for a whole domain, and a user who signs in.

use std::sync::Arc;

use mailhaul::{
    error::{Code, Scope},
    lab::entra::{App, Service, ServiceAccount, Settings},
    oauth::{Audience, Authority, BrowserSignIn, Client, Credential, Grant, ServiceAccountKey, Tokens, Wanted},
    secret::Secret,
};
use serde_json::json;
use url::Url;

use super::stage::{ANNA, APP, BEN, KeyPair, SECRET, Shelf, Stage, refusal, secret};

const ROBOT: &str = "robot@project.iam.example";

fn authority(stage: &Stage) -> Authority {
    Authority::google_at(&stage.entra.google()).unwrap()
}

/// The file that Google hands out for a service account.
fn key_file(pair: &KeyPair) -> Secret {
    let file = json!({
        "type": "service_account", "client_email": ROBOT, "private_key_id": "k1", "private_key": pair.text("key.pem"),
        "token_uri": "https://oauth2.googleapis.com/token",
    });
    Secret::new(file.to_string())
}

fn robot(stage: &Stage, pair: &KeyPair, user: &str) -> Wanted {
    let key = ServiceAccountKey::from_json(&key_file(pair)).unwrap();
    let id = key.email().to_owned();
    let client = Client::new(authority(stage), id, Credential::ServiceAccount(key), stage.http.clone());
    let grant = Grant::ServiceAccount { user: user.to_owned() };
    Wanted { client: Arc::new(client), audience: Audience::google_mail(), grant }
}

#[tokio::test]
async fn a_service_account_opens_each_mailbox_in_its_users_name() {
    let (stage, pair) = (Stage::new(Settings::default()).await, KeyPair::new());
    stage.entra.change_directory(|directory| directory.service_account(ServiceAccount::new(ROBOT, &pair.der())));
    let tokens = Tokens::new(None);
    for (user, other) in [(ANNA, BEN), (BEN, ANNA)] {
        let token = tokens.token(&robot(&stage, &pair, user)).await.unwrap();
        let opens = |service, mailbox| stage.entra.desk().opens(token.secret.expose(), service, mailbox).is_some();
        assert!(opens(Service::Gmail, user));
        assert!(!opens(Service::Gmail, other) && !opens(Service::Imap, user));
    }
    assert_eq!(stage.asked("jwt-bearer"), 2);
}

#[tokio::test]
async fn what_is_wrong_with_a_service_account_has_its_code() {
    let (stage, pair, other) = (Stage::new(Settings::default()).await, KeyPair::new(), KeyPair::new());
    let unknown = refusal(robot(&stage, &pair, ANNA)).await;
    assert_eq!(unknown.code(), Code::ClientSecret, "{unknown}");
    stage.entra.change_directory(|directory| directory.service_account(ServiceAccount::new(ROBOT, &pair.der())));
    let wrong = refusal(robot(&stage, &other, ANNA)).await;
    assert_eq!((wrong.code(), wrong.reply()), (Code::ClientSecret, Some("invalid_grant Invalid JWT Signature.")));
    let nobody = refusal(robot(&stage, &pair, "nobody@contoso.example")).await;
    assert_eq!((nobody.code(), nobody.scope()), (Code::NotFound, Scope::Mailbox), "{nobody}");
    stage.entra.change_directory(|directory| {
        directory.service_account(ServiceAccount::new(ROBOT, &pair.der()).without_delegation());
    });
    let leave = refusal(robot(&stage, &pair, ANNA)).await;
    assert_eq!((leave.code(), leave.scope()), (Code::Consent, Scope::Endpoint), "{leave}");
}

#[tokio::test]
async fn a_file_that_is_no_key_is_told_without_its_text() {
    for file in ["hunter2", "{\"client_email\":\"a\"}", "{\"client_email\":\"a\",\"private_key\":\"hunter2\"}"] {
        let error = ServiceAccountKey::from_json(&Secret::new(file.to_owned())).map(|_| ()).unwrap_err();
        assert_eq!(error.code(), Code::Config);
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn a_user_signs_in_and_stays_so() {
    let stage = Stage::new(Settings { strict_rotation: true, ..Settings::default() }).await;
    stage.entra.register(App::new(APP).secret(SECRET));
    let client = Arc::new(Client::new(authority(&stage), APP, secret(SECRET), stage.http.clone()));
    let sign_in = BrowserSignIn::begin(client.clone(), &Audience::google_mail(), Some(BEN)).await.unwrap();
    let page = sign_in.url().clone();
    let browser = async {
        let there = stage.http.get(page).send().await.unwrap();
        let back = Url::parse(there.headers()["location"].to_str().unwrap()).unwrap();
        stage.http.get(back).send().await.unwrap()
    };
    let (signed_in, shown) = tokio::join!(sign_in.finish(), browser);
    assert!(shown.status().is_success());
    let signed_in = signed_in.unwrap();
    assert_eq!(signed_in.user.as_deref(), Some(BEN));

    let shelf = Shelf::with(&client, BEN, &signed_in.refresh);
    let wanted = Wanted { client, audience: Audience::google_mail(), grant: Grant::Refresh { user: BEN.to_owned() } };
    let token = Tokens::new(Some(shelf)).token(&wanted).await.unwrap();
    assert!(stage.entra.desk().opens(token.secret.expose(), Service::Gmail, BEN).is_some());
}
