//! Signing in with a code on another device.

use std::time::{Duration, Instant};

use mailhaul::{
    error::{Code, Error},
    lab::entra::{Answer, App, Fault, Service, Settings},
    oauth::{Audience, DeviceSignIn, SignedIn},
};

use super::stage::{ANNA, BEN, PUBLIC, SHARED, Stage};

fn quick() -> Settings {
    Settings { interval: 1, ..Settings::default() }
}

async fn begin(stage: &Stage) -> DeviceSignIn {
    DeviceSignIn::begin(stage.public(), &Audience::imap("outlook.office.com")).await.unwrap()
}

/// The page where `user` enters the code.
fn page(sign_in: &DeviceSignIn, user: &str) -> String {
    format!("{}?user_code={}&user={user}", sign_in.uri(), sign_in.user_code())
}

async fn open(stage: &Stage, page: &str) {
    assert!(stage.http.get(page).send().await.unwrap().status().is_success());
}

/// A sign-in whose code is entered at once.
async fn entered(stage: &Stage) -> Result<SignedIn, Error> {
    let sign_in = begin(stage).await;
    open(stage, &page(&sign_in, ANNA)).await;
    sign_in.finish().await
}

#[tokio::test]
async fn a_person_enters_the_code_while_we_ask() {
    let stage = Stage::new(quick()).await;
    let sign_in = begin(&stage).await;
    assert_eq!(sign_in.user_code().len(), 9);
    let page = page(&sign_in, BEN);
    // The end point fails once, which ends nothing.
    stage.entra.inject(Fault::Unavailable, 1);
    let person = async {
        while stage.asked("device_code") < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        open(&stage, &page).await;
    };
    let (signed_in, ()) = tokio::join!(sign_in.finish(), person);
    let signed_in = signed_in.unwrap();
    assert_eq!(signed_in.user.as_deref(), Some(BEN));
    let opens = |mailbox| stage.entra.desk().opens(signed_in.access.secret.expose(), Service::Imap, mailbox).is_some();
    assert!(opens(BEN) && !opens(ANNA) && !opens(SHARED));
}

#[tokio::test]
async fn who_asks_too_often_asks_five_seconds_slower() {
    let stage = Stage::new(quick()).await;
    stage.entra.inject(Fault::SlowDown, 1);
    let begun = Instant::now();
    let signed_in = entered(&stage).await.unwrap();
    assert_eq!(signed_in.user.as_deref(), Some(ANNA));
    assert!(begun.elapsed() >= Duration::from_secs(6), "{:?}", begun.elapsed());
    assert_eq!(stage.asked("device_code"), 2);
}

#[tokio::test]
async fn a_person_who_declines_ends_it() {
    let stage = Stage::new(Settings { answer: Answer::Decline, ..quick() }).await;
    let error = entered(&stage).await.unwrap_err();
    assert_eq!(error.code(), Code::SignInDeclined);
    assert_eq!(stage.asked("device_code"), 1);
}

#[tokio::test]
async fn a_code_that_nobody_enters_expires() {
    let settings = Settings { answer: Answer::Ignore, code_lifetime: Duration::from_secs(2), ..quick() };
    let stage = Stage::new(settings).await;
    let error = entered(&stage).await.unwrap_err();
    assert_eq!(error.code(), Code::SignInExpired, "{error}");
    assert!(stage.asked("device_code") >= 2);
}

#[tokio::test]
async fn an_application_without_consent_is_refused_in_the_end() {
    let stage = Stage::new(quick()).await;
    stage.entra.register(App::new(PUBLIC).without_consent());
    let error = entered(&stage).await.unwrap_err();
    assert_eq!(error.code(), Code::Consent, "{error}");
    assert!(error.reply().unwrap().contains("AADSTS65001"));
}

#[tokio::test]
async fn an_unknown_application_gets_no_code() {
    let stage = Stage::new(quick()).await;
    let client = std::sync::Arc::new(stage.client("no-such-app", mailhaul::oauth::Credential::None));
    let error = DeviceSignIn::begin(client, &Audience::imap("outlook.office.com")).await.unwrap_err();
    assert_eq!(error.code(), Code::ClientUnknown, "{error}");
}
