//! A Zimbra with some people, and the product's clients of it.

use std::time::Duration;

use mailhaul::{
    body::BodyStore,
    error::Side,
    lab::zimbra::{Item, Mailbox as Kept, NewItem, Person, Settings, Status, Zimbra},
    net::http::{self, Way},
    pace::Rates,
    secret::Secret,
    source::zimbra::{ZimbraSettings, ZimbraSource},
    zimbra::{Admin, Login, Mailbox, Service},
};

pub const ADMIN: &str = "admin@old.example";
pub const ADMIN_PASSWORD: &str = "root-hunter2";
pub const ANN: &str = "ann@old.example";
pub const PASSWORD: &str = "ann-hunter2";

pub struct Stage {
    pub zimbra: Zimbra,
    pub service: Service,
    pub admin: Admin,
    pub bodies: BodyStore,
}

pub fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

impl Stage {
    pub async fn new(settings: Settings) -> Stage {
        let mut ann = Person::new(ANN, PASSWORD);
        ann.aliases = vec!["a.nn@old.example".to_owned()];
        let people = vec![
            ann,
            Person::new("bob@old.example", PASSWORD),
            Person::new("lou@old.example", PASSWORD).with_status(Status::Locked),
            Person::new("max@old.example", PASSWORD).with_status(Status::Maintenance),
            Person::new(ADMIN, ADMIN_PASSWORD).admin(),
        ];
        let zimbra = Zimbra::start(people, settings, None).await.unwrap();
        let http = http::client(&Way::default()).await.unwrap();
        let service = Service::new(&zimbra.users(), &zimbra.admins(), http, Side::Source).unwrap();
        let admin = Admin::new(ADMIN, secret(ADMIN_PASSWORD));
        Stage { zimbra, service, admin, bodies: BodyStore::new() }
    }

    /// The mailbox of somebody, opened by its user.
    pub fn own(&self, user: &str) -> Mailbox {
        Mailbox::new(self.service.clone(), user, Login::Password(secret(PASSWORD)))
    }

    /// The same, opened by the administrator.
    pub fn delegated(&self, user: &str) -> Mailbox {
        Mailbox::new(self.service.clone(), user, Login::Admin(self.admin.clone()))
    }

    pub fn source(&self, user: &str) -> ZimbraSource {
        ZimbraSource::new(ZimbraSettings {
            mailbox: self.delegated(user),
            describe: user.to_owned(),
            bodies: self.bodies.clone(),
            rates: Rates::default(),
            patience: Duration::from_millis(700),
        })
    }

    pub fn kept<R>(&self, user: &str, look: impl FnOnce(&mut Kept) -> R) -> R {
        self.zimbra.mailbox(user, look).unwrap()
    }

    /// Adds a message and tells its id.
    pub fn add(&self, user: &str, folder: u32, subject: &str) -> u32 {
        self.kept(user, |mailbox| mailbox.add(folder, mail(subject)))
    }
}

pub fn mail(subject: &str) -> NewItem {
    let text = format!(
        "From: a@b.example\r\nSubject: {subject}\r\nMessage-ID: <{subject}@b.example>\r\n\r\nbody of {subject}\r\n"
    );
    NewItem { content: text.into(), received: 1_500_000_000, flags: "u".to_owned(), tags: Vec::new() }
}

/// The flags of a message as the target should have them.
pub fn flags(item: &Item) -> Vec<String> {
    let has = |flag: char| item.flags.contains(&flag);
    let letters = [
        (!has('u'), "\\Seen"),
        (has('r'), "\\Answered"),
        (has('f'), "\\Flagged"),
        (has('x'), "\\Deleted"),
        (has('d'), "\\Draft"),
        (has('w'), "$Forwarded"),
    ];
    let mut names: Vec<String> = letters.into_iter().filter(|(is, _)| *is).map(|(_, name)| name.to_owned()).collect();
    names.extend(item.tags.iter().map(|tag| tag.replace(' ', "_")));
    names.sort();
    names
}
