//! The lab's Office 365: one mailbox that Graph shows, and the sign-in whose tokens open it and its place at the target.

use std::{io, path::Path};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    certificate::Certificate,
    entra::{self, App, Directory, Entra, Service},
    graph::{Graph, NewItem, Person, Settings, Status, fill},
    imap::Server,
    mailstore::Content,
};

const TENANT: &str = "contoso.example";
const APP: &str = "11111111-2222-3333-4444-555555555555";
/// Of the lab alone.
const SECRET: &str = "the-labs-secret";
/// New messages of a day.
const DAILY: usize = 12;

/// A running Office 365; dropping it stops it.
#[derive(Debug)]
pub(super) struct Office {
    entra: Entra,
    graph: Graph,
}

impl Office {
    /// The user at the source.
    pub const SOURCE_USER: &str = "paula@fabrikam.example";
    /// The user at the target.
    pub const TARGET_USER: &str = "paula@contoso.example";

    /// Starts it with `items` of every class in the mailbox; `target` takes its tokens from then on.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(items: usize, seed: u64, certificate: &Certificate, target: &Server) -> io::Result<Office> {
        let mut apps = Directory::new(TENANT);
        apps.app(App::new(APP).secret(SECRET));
        let entra = Entra::start(apps, entra::Settings::default(), certificate.acceptor()).await?;
        let people = vec![Person::new(Self::SOURCE_USER, Status::Member)];
        let graph = Graph::start(people, Settings::default(), entra.desk(), certificate.acceptor()).await?;
        graph.mailbox(Self::SOURCE_USER, |mailbox| fill(mailbox, items, seed));
        target.accounts().take_tokens_of(entra.desk(), Service::Imap);
        Ok(Office { entra, graph })
    }

    /// Its tables of `mailhaul.toml`; they name `office.csv`. The target is the same server, opened with a token.
    pub fn configuration(&self, ca: &Path, target_port: u16) -> String {
        let (authority, graph, ca) = (self.entra.authority(TENANT), self.graph.root(), ca.display().to_string());
        let tokens = format!("ca = {ca:?}\nauth = \"oauth2\"\noauth-client = \"lab\"\n");
        format!(
            "\n[oauth-client.lab]\nauthority = \"{authority}\"\nclient-id = \"{APP}\"\nclient-secret = \"{SECRET}\"\n\n\
             [endpoint.office]\nkind = \"office365\"\ndescription = \"the lab's Office 365\"\n{tokens}graph-url = \"{graph}\"\n\n\
             [endpoint.m365-tokens]\nkind = \"microsoft365\"\ndescription = \"the lab's Microsoft 365, with tokens\"\n{tokens}\
             imap-host = \"127.0.0.1\"\nport = {target_port}\n\n\
             [batch.office]\nsource = \"office\"\ntarget = \"m365-tokens\"\nusers = \"office.csv\"\n"
        )
    }

    /// The `office.csv` that goes with it.
    pub fn users() -> String {
        format!("source,target\n{},{}\n", Self::SOURCE_USER, Self::TARGET_USER)
    }

    /// The mailbox receives mail, some is read, some filed. Returns how many messages are new.
    pub fn go_on(&self) -> usize {
        self.graph.mailbox(Self::SOURCE_USER, |mailbox| {
            let inbox = mailbox.ids_in("Inbox");
            for id in inbox.iter().take(5) {
                mailbox.update(id, |item| item.read = !item.read);
            }
            for id in inbox.iter().skip(5).take(5) {
                mailbox.move_to(id, "Archive");
            }
            for number in 0..DAILY {
                mailbox.add("Inbox", letter(number));
            }
        });
        DAILY
    }
}

fn letter(number: usize) -> NewItem {
    let received = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(1_750_000_000 + 60 * number as i64);
    let (subject, date) = (format!("News of today, {number}"), received.to_rfc2822());
    let text = format!(
        "From: Emil <emil@old.example>\r\nTo: Paula <{}>\r\nSubject: {subject}\r\nDate: {date}\r\nMessage-ID: <today-{number}@old.example>\r\n\r\n\
         This is what happened today.\r\n",
        Office::SOURCE_USER
    );
    NewItem::new("IPM.Note", &subject, Content::Stored(text.into()), received)
}
