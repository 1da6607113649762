//! Tokens that end while mail is copied: nothing lost, doubled or refused, and no sign-in with a token that has ended.

use mailhaul::lab::{
    entra::{App, Service, Settings},
    generate::Recipe,
    imap::{Accounts, Cause, Persona, Server, Verb},
    mailstore::Mailstore,
};
use std::{collections::BTreeMap, time::Duration};

use super::site::{ANNA, APP, SECRET, Site, empty};
use crate::trials::size;

/// Messages a second that the copy is held to, so that it lasts.
const PACE: usize = 12;
const LIFE: u64 = 5;
const BEN: &str = "ben@contoso.example";

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_outlives_its_tokens_many_times() {
    let seconds = size(30, 150);
    let mut site = Site::new(Settings { lifetime: Duration::from_secs(LIFE), ..Settings::default() }).await;
    let (from, to) = (Recipe::new(31, PACE * seconds).build(), empty());
    let source = host(&site, from.clone()).await;
    let target = site.exchange(to.clone()).await;
    let tokens = "auth = \"oauth2\"\noauth-client = \"app\"\nmax-connections-per-mailbox = 1";
    site.endpoint("old", "imap", source.port(), tokens);
    site.endpoint("new", "microsoft365", target.port(), &format!("{tokens}\nmessages-per-second = {PACE}"));
    site.write(&format!("{ANNA},{ANNA},\n"));

    let running = site.start(&["run", "-v"]);
    let ended = tokio::task::spawn_blocking(move || running.wait()).await.unwrap();
    assert_eq!((ended.code, &ended.document["outcome"]), (Some(0), &"verified".into()), "{ended:#?}");
    ended.assert_adds_up();
    assert_eq!(bodies(&to), bodies(&from), "lost, doubled or changed");

    let generations = seconds / LIFE as usize - 1;
    let (asked, most) = (site.asked("client_credentials"), 2 * generations + 4);
    println!("{asked} tokens, {} and {} sign-ins", sign_ins(&source).len(), sign_ins(&target).len());
    assert!((generations..=most).contains(&asked), "{asked} tokens in {seconds} s");
    for server in [&source, &target] {
        assert!(sign_ins(server).len() >= generations, "{:#?}", sign_ins(server));
        assert!(sign_ins(server).iter().all(|reply| reply.starts_with("OK")), "{:#?}", sign_ins(server));
    }
    // The source may end a session that waits for the slow target and has answered everything: nobody notices.
    assert_eq!(target.journal().closed_for(Cause::TokenExpired), 0, "{:#?}", target.journal().closed_by_server());
    assert!(!ended.stderr.contains("was lost") && !ended.stderr.contains("AUTH"), "{}", ended.stderr);
}

/// Revoked behind everybody's back: the next sign-in is refused once and comes back with a new token.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_replaced_once() {
    let mut site = Site::new(Settings::default()).await;
    let source = host(&site, Recipe::new(32, 20).build()).await;
    let target = site.exchange(empty()).await;
    let tokens = "auth = \"oauth2\"\noauth-client = \"app\"";
    site.endpoint("old", "imap", source.port(), tokens);
    site.endpoint("new", "microsoft365", target.port(), tokens);
    site.write(&format!("{ANNA},{ANNA},\n"));
    // Whoever signs in at the source first finds that its token is worth nothing.
    let revoking = async {
        while site.asked("client_credentials") == 0 {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        site.entra.revoke_all();
    };
    let running = site.start(&["run"]);
    let waiting = tokio::task::spawn_blocking(move || running.wait());
    let (ended, ()) = tokio::join!(waiting, revoking);
    let ended = ended.unwrap();
    assert_eq!((ended.code, &ended.document["outcome"]), (Some(0), &"verified".into()), "{ended:#?}");
    assert!(site.asked("client_credentials") <= 3, "{:?}", site.entra.requests());
}

/// An application that was given no access: told as that, with what to check.
#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_without_full_access_is_explained() {
    let mut site = Site::new(Settings::default()).await;
    site.entra.register(App::new(APP).secret(SECRET).only_mailboxes(&[BEN]));
    let (source, target) = (host(&site, empty()).await, host(&site, empty()).await);
    site.endpoint("old", "imap", source.port(), "auth = \"oauth2\"\noauth-client = \"app\"");
    site.endpoint("new", "microsoft365", target.port(), "auth = \"oauth2\"\noauth-client = \"app\"");
    site.write(&format!("{ANNA},{BEN},\n"));
    let running = site.start(&["check"]);
    let ended = tokio::task::spawn_blocking(move || running.wait()).await.unwrap();
    assert_eq!(ended.code, Some(10), "{ended:#?}");
    let step = |name| ended.document["steps"].as_array().unwrap().iter().find(|step| step["step"] == name).unwrap();
    let error = &step("source login")["error"];
    assert_eq!(error["code"], "SRC-AUTH-TOKEN", "{error:#}");
    assert!(error["next_step"].as_str().unwrap().contains("enterprise application"), "{error:#}");
    assert_eq!(step("target login")["ok"], true);
    assert_eq!(site.asked("client_credentials"), 2, "one renewal for the refused one");
}

/// An IMAP host with Anna's mailbox that takes the service's tokens.
async fn host(site: &Site, store: Mailstore) -> Server {
    let persona =
        Persona::generic().without(&["AUTH=PLAIN"]).with(|persona| persona.capabilities.add(&["AUTH=XOAUTH2"]));
    let server =
        Server::start(Accounts::default().with(ANNA, "no-password", store).with(BEN, "no-password", empty()), persona)
            .await
            .unwrap();
    server.accounts().take_tokens_of(site.entra.desk(), Service::Imap);
    server
}

/// The replies to every AUTHENTICATE.
fn sign_ins(server: &Server) -> Vec<String> {
    let entries = server.journal().entries().into_iter();
    entries.filter(|entry| entry.verb == Verb::Authenticate).map(|entry| entry.reply).collect()
}

/// Every message's bytes, and how often they are there.
fn bodies(store: &Mailstore) -> BTreeMap<Vec<u8>, usize> {
    let mut counts = BTreeMap::new();
    store.read(|mailbox| {
        for message in mailbox.folders().flat_map(|(_, folder)| folder.messages()) {
            *counts.entry(message.content.bytes().to_vec()).or_default() += 1;
        }
    });
    counts
}
