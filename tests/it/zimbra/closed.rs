//! Zimbra whose own interface is closed: read by IMAP, and by nothing else from then on.

use std::time::{Duration, Instant};

use mailhaul::{
    error::Side,
    lab::{
        imap::{Accounts, Persona, Server, Verb},
        mailstore::{Mailstore, NewMessage},
        zimbra::{Item, Settings},
    },
    model::ReceivedAt,
    net::http::{self, Way},
    zimbra::{Login, Mailbox, Service},
};

use super::{
    site::{MESSAGES, Site},
    stage::{ADMIN, ADMIN_PASSWORD, ANN, PASSWORD, Stage, flags, mail, secret},
};
use crate::support::haul::Ended;

/// A server's IMAP side: the mailbox of the same person, as far as IMAP shows it.
struct Beside {
    store: Mailstore,
    server: Server,
}

impl Beside {
    async fn of(site: &Site) -> Beside {
        // The stand-in knows its administrators by this name alone.
        site.stage.zimbra.change_person(ADMIN, |admin| admin.aliases = vec![Accounts::ADMIN.to_owned()]);
        let store = Mailstore::empty();
        site.stage.kept(ANN, |kept| {
            kept.items().for_each(|item| append(&store, &kept.path(item.folder), item));
        });
        let accounts = Accounts::default().with(ANN, PASSWORD, store.clone());
        let accounts = accounts.with(Accounts::ADMIN, ADMIN_PASSWORD, Mailstore::empty());
        let server = Server::start(accounts, Persona::generic()).await.unwrap();
        Beside { store, server }
    }

    fn lines(&self, site: &Site) -> String {
        let port = self.server.port();
        format!("{}\nimap-host = \"127.0.0.1\"\nimap-port = {port}", site.as_admin_named(Accounts::ADMIN))
    }

    fn is_asked(&self) -> bool {
        self.server.journal().count(Verb::Authenticate) + self.server.journal().count(Verb::Login) > 0
    }
}

fn append(store: &Mailstore, path: &str, item: &Item) {
    let received = ReceivedAt { unix: item.received, offset: 0 };
    let names = flags(item);
    let message = NewMessage::new(item.content.clone(), received).flagged(names.iter().map(String::as_str));
    store.write(|mailbox| {
        if mailbox.folder(path.as_bytes()).is_none() {
            mailbox.create(path.as_bytes()).unwrap();
        }
        mailbox.folder_mut(path.as_bytes()).unwrap().append(message, None);
    });
}

fn says_imap(ended: &Ended) -> bool {
    let mailbox = &ended.document["mailboxes"][0];
    mailbox["attention"].to_string().contains("is read by IMAP")
        && mailbox["not_carried"].to_string().contains("no digest")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_zimbra_is_read_by_imap_and_stays_with_it() {
    let site = Site::new().await;
    let beside = Beside::of(&site).await;
    site.project(&beside.lines(&site));
    site.stage.zimbra.change_settings(|settings| settings.closed = true);

    let check = site.run(&["check"]).await;
    assert_eq!(check.code, Some(0), "{check:#?}");
    assert!(check.document.to_string().contains("is read by IMAP"), "{check:#?}");

    let mut slow = Persona::generic();
    slow.latency.append = Duration::from_millis(8)..Duration::from_millis(9);
    site.target.set_persona(slow);
    let cut_off = site.start(&["run"]);
    let begun = Instant::now();
    while site.arrived() < 20 {
        assert!(begun.elapsed() < Duration::from_secs(60), "no mail arrives");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(cut_off.kill(), "it was over too soon");
    site.target.set_persona(Persona::generic());
    let ended = site.run(&["run"]).await;
    assert_eq!((ended.code, ended.count("in_scope")), (Some(0), MESSAGES), "{ended:#?}");
    assert!(says_imap(&ended), "{ended:#?}");
    assert_eq!(site.arrived(), MESSAGES);

    // It is open again: nothing comes twice, and what is new comes the same way.
    site.stage.zimbra.change_settings(|settings| settings.closed = false);
    let id = site.stage.add(ANN, 2, "late");
    site.stage.kept(ANN, |kept| append(&beside.store, "Inbox", kept.item(id).unwrap()));
    let delta = site.run(&["run"]).await;
    assert_eq!((delta.code, delta.count("copied_this_pass")), (Some(0), 1), "{delta:#?}");
    assert!(says_imap(&delta), "{delta:#?}");
    assert_eq!(site.arrived(), MESSAGES + 1);

    // Forgotten, it is read by its own interface, and what is there is recognised.
    assert_eq!(site.run(&["reset", ANN, "--yes"]).await.code, Some(0));
    let anew = site.run(&["run"]).await;
    assert_eq!((anew.code, anew.count("already_present")), (Some(0), MESSAGES + 1), "{anew:#?}");
    assert!(!says_imap(&anew), "{anew:#?}");
    assert_eq!(site.arrived(), MESSAGES + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_began_by_its_own_interface_waits_for_it() {
    let site = Site::new().await;
    let beside = Beside::of(&site).await;
    site.project(&beside.lines(&site));
    assert_eq!(site.run(&["run"]).await.code, Some(0));
    site.stage.zimbra.change_settings(|settings| settings.closed = true);
    let [check, refused] = [site.run(&["check"]).await, site.run(&["run"]).await];
    assert!(check.code != Some(0) && refused.code != Some(0), "{check:#?}");
    for ended in [check, refused] {
        assert!(ended.document.to_string().contains("its own interface is closed"), "{ended:#?}");
    }
    assert!(!beside.is_asked());
    site.stage.zimbra.change_settings(|settings| settings.closed = false);
    let again = site.run(&["run"]).await;
    assert_eq!((again.code, again.count("copied_this_pass"), site.arrived()), (Some(0), 0, MESSAGES), "{again:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_door_that_refuses_is_not_closed() {
    let site = Site::new().await;
    let beside = Beside::of(&site).await;
    site.project(&beside.lines(&site));
    site.stage.zimbra.change_person(ADMIN, |admin| admin.password = "another".to_owned());
    let refused = site.run(&["run"]).await;
    assert_eq!(refused.code, Some(10), "{refused:#?}");
    assert!(!beside.is_asked(), "IMAP would only hide it");
    assert_eq!(site.stage.zimbra.counts()[3], 1, "one refusal for one attempt");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_both_are_closed_both_are_named() {
    let site = Site::new().await;
    let beside = Beside::of(&site).await;
    site.project(&beside.lines(&site));
    site.stage.zimbra.change_settings(|settings| settings.closed = true);
    drop(beside);
    let refused = site.run(&["run"]).await;
    assert_ne!(refused.code, Some(0));
    let words = refused.document.to_string();
    assert!(
        words.contains("its own interface is closed") && words.contains("by IMAP, which opens no account"),
        "{words}"
    );
}

/// Neither is open when the pass begins, and IMAP a moment later: what was pinned meanwhile is not read by another way.
#[tokio::test(flavor = "multi_thread")]
async fn imap_that_opens_in_the_middle_of_a_pass_waits_for_the_next_one() {
    let site = Site::new().await;
    let beside = Beside::of(&site).await;
    site.project(&beside.lines(&site));
    site.stage.zimbra.change_settings(|settings| settings.closed = true);
    let (port, accounts) = (beside.server.port(), beside.server.accounts().clone());
    drop(beside.server);
    let running = site.start(&["run", "-v"]);
    let begun = Instant::now();
    while !running.log().contains("by IMAP, which opens no account") {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", running.log());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let server = Server::bind(port, accounts, Persona::generic(), None).await.unwrap();
    let ended = tokio::task::spawn_blocking(move || running.wait()).await.unwrap();
    assert_ne!(ended.code, Some(0), "{ended:#?}");
    assert_eq!((site.arrived(), server.journal().count(Verb::Authenticate)), (0, 0));

    // The next pass begins anew, by what is open then.
    let next = site.run(&["run"]).await;
    assert!(next.code == Some(0) && says_imap(&next), "{next:#?}");
    site.stage.zimbra.change_settings(|settings| settings.closed = false);
    let last = site.run(&["run"]).await;
    assert_eq!((last.count("copied_this_pass"), site.arrived()), (0, MESSAGES), "{last:#?}");
}

#[tokio::test]
async fn only_a_door_where_nothing_answers_is_closed() {
    let stage = Stage::new(Settings::default()).await;
    let knock = async |users: String, password: &str| {
        let http = http::client(&Way::default()).await.unwrap();
        let service = Service::new(&users, &users, http, Side::Source).unwrap();
        let mailbox = Mailbox::new(service, ANN, Login::Password(secret(password)));
        mailbox.knock().await.map_err(|unopened| (unopened.closed, unopened.error))
    };
    let closed = async |users: String, password: &str| knock(users, password).await.unwrap_err().0;
    stage.kept(ANN, |kept| kept.add(2, mail("one")));
    let users = stage.zimbra.users();
    assert!(knock(users.clone(), PASSWORD).await.is_ok());
    assert!(!closed(users.clone(), "wrong").await);
    assert!(!closed(users.replace("http:", "https:"), PASSWORD).await, "no TLS");
    assert!(!closed("https://zimbra.invalid/".to_owned(), PASSWORD).await, "no such name");
    let nobody = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    assert!(closed(format!("http://{nobody}/"), PASSWORD).await, "nothing listens there");
    stage.zimbra.change_settings(|settings| settings.closed = true);
    assert!(closed(users, PASSWORD).await, "a proxy that knows no such path");
}
