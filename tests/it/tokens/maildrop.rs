//! POP3 opened with tokens (XOAUTH2) by the product's binary; tokens that end while a maildrop is read.

use std::time::Duration;

use mailhaul::lab::{
    entra::{Service, Settings},
    imap::{Accounts, Persona},
    mailstore::Mailstore,
    pop3::{Manner, Server},
};

use super::site::{ANNA, Site};
use crate::pop3::{deliver, letter};

const MESSAGES: u32 = 70;
/// Messages a second, so that the copy outlives a token.
const PACE: u32 = 8;
const LIFE: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread")]
async fn a_maildrop_outlives_its_tokens() {
    let mut site = Site::new(Settings { lifetime: LIFE, ..Settings::default() }).await;
    let (from, to) = (Mailstore::empty(), Mailstore::empty());
    (0..MESSAGES).for_each(|n| deliver(&from, letter(n)));
    let accounts = Accounts::default().with(ANNA, "no-password", from);
    accounts.take_tokens_of(site.entra.desk(), Service::Pop);
    let manner = Manner::default().with(|manner| (manner.user, manner.sasl) = (false, vec!["XOAUTH2"]));
    let source = Server::start(accounts, manner).await.unwrap();
    let target = Accounts::default().with(ANNA, "pass", to.clone());
    let target = mailhaul::lab::imap::Server::start(target, Persona::generic()).await.unwrap();
    let pace = format!("messages-per-second = {PACE}");
    site.endpoint("old", "pop3", source.port(), &format!("auth = \"oauth2\"\noauth-client = \"app\"\n{pace}"));
    site.endpoint("new", "imap", target.port(), "");
    site.write(&format!("{ANNA},{ANNA},\n"));
    let users = format!("source,target,target_password\n{ANNA},{ANNA},pass\n");
    std::fs::write(site.path().join("users.csv"), users).unwrap();

    let running = site.start(&["run"]);
    let ended = tokio::task::spawn_blocking(move || running.wait()).await.unwrap();
    assert_eq!((ended.code, &ended.document["outcome"]), (Some(0), &"verified".into()), "{ended:#?}");
    assert_eq!((ended.count("copied"), ended.count("failed")), (u64::from(MESSAGES), 0), "{ended:#?}");
    let arrived = to.read(|mailbox| mailbox.folder(b"INBOX").unwrap().messages().len());
    assert_eq!(arrived, MESSAGES as usize);
    let (sign_ins, asked) = (source.journal().count("AUTH"), site.asked("client_credentials"));
    assert!(sign_ins >= 2 && asked >= 2, "{sign_ins} sign-ins with {asked} tokens in {MESSAGES} / {PACE} s");
    assert_eq!(source.journal().count("DELE"), 0);
}

/// A token that ends between its issue and the sign-in is refused once, and the next one opens the maildrop.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_replaced_once() {
    let mut site = Site::new(Settings::default()).await;
    let from = Mailstore::empty();
    (0..5).for_each(|n| deliver(&from, letter(n)));
    let accounts = Accounts::default().with(ANNA, "no-password", from);
    accounts.take_tokens_of(site.entra.desk(), Service::Pop);
    let manner = Manner::default().with(|manner| {
        manner.sasl = vec!["XOAUTH2"];
        manner.slow_sign_in = Duration::from_millis(300);
    });
    let source = Server::start(accounts, manner).await.unwrap();
    let target = Accounts::default().with(ANNA, "pass", Mailstore::empty());
    let target = mailhaul::lab::imap::Server::start(target, Persona::generic()).await.unwrap();
    site.endpoint("old", "pop3", source.port(), "auth = \"oauth2\"\noauth-client = \"app\"");
    site.endpoint("new", "imap", target.port(), "");
    site.write("");
    let users = format!("source,target,target_password\n{ANNA},{ANNA},pass\n");
    std::fs::write(site.path().join("users.csv"), users).unwrap();
    let revoking = async {
        while site.asked("client_credentials") == 0 {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        site.entra.revoke_all();
    };
    let running = site.start(&["run"]);
    let (ended, ()) = tokio::join!(tokio::task::spawn_blocking(move || running.wait()), revoking);
    let ended = ended.unwrap();
    assert_eq!((ended.code, &ended.document["outcome"]), (Some(0), &"verified".into()), "{ended:#?}");
    assert!(site.asked("client_credentials") <= 3, "{:?}", site.entra.requests());
}
