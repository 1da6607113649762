//! Labels as categories from the command line: by IMAP and by Graph, with tokens of one application.

use mailhaul::lab::{
    entra,
    graph::{Graph, Person, Settings, Status},
    imap::{Accounts, Persona, Server},
    mailstore::{Mailstore, NewMessage},
};
use mailhaul::model::ReceivedAt;

use super::site::{ANNA, Site, empty};

/// Ten messages in the inbox, four of them under a label.
fn gmail() -> Mailstore {
    let store = Mailstore::empty();
    store.write(|mailbox| {
        mailbox.create(b"Work").unwrap();
        for n in 0..10 {
            let text =
                format!("From: a@x.example\r\nMessage-ID: <{n}@x.example>\r\nSubject: number {n}\r\n\r\nbody {n}\r\n");
            let message = NewMessage::new(text, ReceivedAt { unix: 1_700_000_000 + n, offset: 0 });
            mailbox.folder_mut(b"INBOX").unwrap().append(message.clone(), None);
            if n < 4 {
                mailbox.folder_mut(b"Work").unwrap().append(message, None);
            }
        }
    });
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_become_categories() {
    let mut site = Site::new(entra::Settings::default()).await;
    let (store, people) = (empty(), vec![Person::new(ANNA, Status::Member)]);
    let graph =
        Graph::start(people, Settings::default(), site.entra.desk(), site.certificate.acceptor()).await.unwrap();
    graph.share(ANNA, &store);
    let (source, target) = (Server::start(gmail(), Persona::gmail()).await.unwrap(), site.exchange(store).await);
    // The client of the configuration is what is needed of it.
    for name in ["old", "new"] {
        site.endpoint(name, "imap", 143, "");
    }
    site.write(&format!("{ANNA},{ANNA},\n"));
    let from = format!("imap://{}:{}@127.0.0.1:{}?encryption=none", Accounts::USER, Accounts::PASSWORD, source.port());
    let (user, port, root) = (ANNA.replace('@', "%40"), target.port(), graph.root());
    let to = format!("microsoft365://{user}@127.0.0.1:{port}?encryption=none&ca=ca.pem&graph-url={root}");
    let copy = ["copy", "--from", &from, "--to", &to, "--to-oauth", "app", "--labels", "categories"];
    let running = site.start(&copy);
    let ended = tokio::task::spawn_blocking(move || running.wait()).await.unwrap();
    assert_eq!((ended.code, ended.count("copied")), (Some(0), 10), "{ended:#?}");
    assert_eq!(ended.document["mailboxes"][0]["categories"]["carried"], 4, "{ended:#?}");
    let labelled = graph.mailbox(ANNA, |mailbox| {
        let inbox = mailbox.items().filter(|(path, item)| path == "Inbox" && item.categories == ["Work"]);
        (inbox.count(), mailbox.items().count())
    });
    assert_eq!(labelled, Some((4, 10)));
}
