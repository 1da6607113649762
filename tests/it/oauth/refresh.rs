//! A user's tokens from a refresh token: rotation, and what ends it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use mailhaul::{
    error::{Code, Error, Result, Scope, Side},
    lab::entra::{App, Service, Settings, User},
    oauth::{Account, Audience, DeviceSignIn, Grant, RefreshStore, RefreshToken, SignIn, Tokens, Wanted},
    secret::Secret,
};

use super::stage::{ANNA, PUBLIC, SHARED, Shelf, Stage};

fn quick() -> Settings {
    Settings { interval: 1, ..Settings::default() }
}

/// Anna's refresh token on a shelf.
async fn signed_in(stage: &Stage) -> Arc<Shelf> {
    let sign_in = DeviceSignIn::begin(stage.public(), &Audience::imap("outlook.office.com")).await.unwrap();
    let page = format!("{}?user_code={}&user={ANNA}", sign_in.uri(), sign_in.user_code());
    stage.http.get(page).send().await.unwrap();
    let signed_in = sign_in.finish().await.unwrap();
    Shelf::with(&stage.public(), ANNA, &signed_in.refresh)
}

fn imap(stage: &Stage) -> Wanted {
    let grant = Grant::Refresh { user: ANNA.to_owned() };
    Wanted { client: stage.public(), audience: Audience::imap("outlook.office.com"), grant }
}

async fn refusal(stage: &Stage, shelf: &Arc<Shelf>) -> Error {
    Tokens::new(Some(shelf.clone())).token(&imap(stage)).await.unwrap_err()
}

#[tokio::test]
async fn one_sign_in_serves_every_audience_and_each_use_renews_it() {
    let stage = Stage::new(Settings { strict_rotation: true, ..quick() }).await;
    let shelf = signed_in(&stage).await;
    let first = shelf.only();
    let tokens = Tokens::new(Some(shelf.clone()));
    let graph = Wanted { audience: Audience::graph("graph.microsoft.com"), ..imap(&stage) };
    let pop = Wanted { audience: Audience::pop("outlook.office.com"), ..imap(&stage) };
    let desk = stage.entra.desk();
    for (wanted, service, wrong) in [
        (imap(&stage), Service::Imap, Service::Pop),
        (graph, Service::Graph, Service::Imap),
        (pop, Service::Pop, Service::Graph),
    ] {
        let before = shelf.only();
        let token = tokens.token(&wanted).await.unwrap();
        assert_ne!(shelf.only(), before, "a used refresh token is put away");
        for mailbox in [ANNA, SHARED] {
            assert!(desk.opens(token.secret.expose(), service, mailbox).is_some(), "{service:?} {mailbox}");
            assert!(desk.opens(token.secret.expose(), wrong, mailbox).is_none(), "{wrong:?} {mailbox}");
        }
    }
    // Whoever kept the first one has nothing.
    let stale = Shelf::with(&stage.public(), ANNA, &RefreshToken(Secret::new(first)));
    assert_eq!(refusal(&stage, &stale).await.code(), Code::SignInNeeded);
}

/// A shelf whose token somebody else uses up right after it was read.
struct Contested {
    shelf: Arc<Shelf>,
    other: Mutex<Option<Tokens>>,
    wanted: Wanted,
}

#[async_trait]
impl RefreshStore for Contested {
    async fn load(&self, account: &Account) -> Result<Option<RefreshToken>> {
        let loaded = self.shelf.load(account).await;
        let other = self.other.lock().unwrap().take();
        if let Some(other) = other {
            other.token(&self.wanted).await?;
        }
        loaded
    }

    async fn save(&self, account: &Account, token: &RefreshToken) -> Result<()> {
        self.shelf.save(account, token).await
    }
}

#[tokio::test]
async fn a_token_that_another_used_up_meanwhile_is_read_again() {
    let stage = Stage::new(Settings { strict_rotation: true, ..quick() }).await;
    let shelf = signed_in(&stage).await;
    let other = Mutex::new(Some(Tokens::new(Some(shelf.clone()))));
    let contested = Contested { shelf, other, wanted: imap(&stage) };
    let token = Tokens::new(Some(Arc::new(contested))).token(&imap(&stage)).await.unwrap();
    assert!(stage.entra.desk().opens(token.secret.expose(), Service::Imap, ANNA).is_some());
    assert_eq!(stage.asked("refresh_token"), 3);
}

#[tokio::test]
async fn a_refused_token_is_replaced() {
    let stage = Stage::new(quick()).await;
    let sign_in = SignIn::new(Tokens::new(Some(signed_in(&stage).await)), imap(&stage), Side::Source);
    let first = sign_in.access_token().await.unwrap();
    sign_in.refused(&first);
    let second = sign_in.access_token().await.unwrap();
    assert_ne!(first.secret.expose(), second.secret.expose());
    assert_eq!(stage.asked("refresh_token"), 2);
}

#[tokio::test]
async fn who_never_signed_in_is_told_so() {
    let stage = Stage::new(quick()).await;
    let sign_in = SignIn::new(Tokens::new(Some(Arc::new(Shelf::default()))), imap(&stage), Side::Target);
    let error = sign_in.access_token().await.unwrap_err();
    assert_eq!((error.word().as_str(), error.scope()), ("TGT-SIGN-IN", Scope::Mailbox), "{error}");
    assert!(error.code().next_step().contains("mailhaul login"));
    assert_eq!(stage.asked("refresh_token"), 0);
}

#[tokio::test]
async fn what_ends_a_sign_in_has_its_code() {
    let stage = Stage::new(quick()).await;
    let shelf = signed_in(&stage).await;
    stage.entra.change_directory(|directory| directory.user(User::new(ANNA).interaction_required()));
    let error = refusal(&stage, &shelf).await;
    assert_eq!((error.code(), error.scope()), (Code::AuthMfa, Scope::Mailbox), "{error}");

    stage.entra.change_directory(|directory| directory.user(User::new(ANNA)));
    stage.entra.register(App::new(PUBLIC).without_consent());
    assert_eq!(refusal(&stage, &shelf).await.code(), Code::Consent);

    stage.entra.register(App::new(PUBLIC));
    stage.entra.change_directory(|directory| directory.remove_user(ANNA));
    assert_eq!(refusal(&stage, &shelf).await.code(), Code::Auth);

    stage.entra.change_directory(|directory| directory.user(User::new(ANNA)));
    assert!(Tokens::new(Some(shelf.clone())).token(&imap(&stage)).await.is_ok(), "nothing of this was for ever");
    let kept = shelf.only();
    stage.entra.revoke_all();
    let error = refusal(&stage, &shelf).await;
    assert_eq!(error.code(), Code::SignInNeeded);
    assert!(!format!("{error} {error:?}").contains(&kept));
}
