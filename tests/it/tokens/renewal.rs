//! Tokens that end while mail is copied: nothing lost, doubled or refused, and no sign-in with a token that has ended.

use mailhaul::lab::{
    entra::{Service, Settings},
    generate::Recipe,
    imap::{Cause, Fault, Server, Verb},
    mailstore::Mailstore,
};
use std::{collections::BTreeMap, time::Duration};

use super::site::{ANNA, Site, empty};
use crate::trials::size;

/// Messages a second that the copy is held to, so that it lasts.
const PACE: usize = 12;
const LIFE: u64 = 5;

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_outlives_its_tokens_many_times() {
    let seconds = size(30, 150);
    let mut site = Site::new(Settings { lifetime: Duration::from_secs(LIFE), ..Settings::default() }).await;
    let (from, to) = (Recipe::new(31, PACE * seconds).build(), empty());
    let source = site.host(from.clone(), Service::Imap).await;
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
    for (server, least) in [(&source, generations / 4), (&target, generations)] {
        let replies = sign_ins(server);
        assert!(replies.len() >= least && replies.iter().all(|reply| reply.starts_with("OK")), "{replies:#?}");
    }
    // The source may end a session that waits for the slow target and has answered everything: nobody notices.
    assert_eq!(target.journal().closed_for(Cause::TokenExpired), 0, "{:#?}", target.journal().closed_by_server());
    assert!(!ended.stderr.contains("was lost") && !ended.stderr.contains("AUTH"), "{}", ended.stderr);
}

/// Revoked behind everybody's back: the next sign-in is refused once and comes back with a new token.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_replaced_once() {
    let mut site = Site::new(Settings::default()).await;
    let source = site.host(Recipe::new(32, 20).build(), Service::Imap).await;
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

/// A server whose clock is ahead ends the session early: its words are believed, and the next session has another token.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_for_its_token_goes_on_with_another() {
    let mut site = Site::new(Settings::default()).await;
    let (from, to) = (Recipe::new(36, 40).build(), empty());
    let source = site.host(from.clone(), Service::Imap).await;
    let target = site.exchange(to.clone()).await;
    target.faults().at(Verb::Append, 9, Fault::Bye("Session invalidated - AccessTokenExpired".to_owned()));
    let tokens = "auth = \"oauth2\"\noauth-client = \"app\"\nmax-connections-per-mailbox = 1";
    site.endpoint("old", "imap", source.port(), tokens);
    site.endpoint("new", "microsoft365", target.port(), tokens);
    site.write(&format!("{ANNA},{ANNA},\n"));
    let running = site.start(&["run"]);
    let ended = tokio::task::spawn_blocking(move || running.wait()).await.unwrap();
    assert_eq!((ended.code, &ended.document["outcome"]), (Some(0), &"verified".into()), "{ended:#?}");
    assert_eq!(bodies(&to), bodies(&from), "lost, doubled or changed");
    assert_eq!(site.asked("client_credentials"), 2, "{:?}", site.entra.requests());
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
