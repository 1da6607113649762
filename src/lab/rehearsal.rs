//! The lab as a whole: an IMAP host with generated mailboxes, an Office 365 and a POP3 host with one each, and a Microsoft 365 target that
//! throttles mildly.
//!
//! `mailhaul demo` and `mailhaul lab` start it; the sizes are such that the demo ends well within a minute.

use std::{
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    certificate::Certificate,
    generate::{Language, Recipe, exchange_target},
    imap::{Accounts, Latency, Persona, Profile, Server, Throttle},
    mailstore::Mailstore,
    office::Office,
    pop_host::PopHost,
    zimbra_host::ZimbraHost,
};

/// What the lab shall be like.
#[derive(Clone, Debug, PartialEq)]
pub struct LabOptions {
    /// Everything generated follows from it.
    pub seed: u64,
    /// Mailboxes on either side.
    pub mailboxes: usize,
    /// Messages of each mailbox.
    pub messages: usize,
    /// Items of the mailbox in Office 365; 0: there is no Office 365.
    pub office: usize,
    /// Messages of the maildrop on the POP3 host; 0: there is none.
    pub pop3: usize,
    /// Messages of the mailbox at Zimbra; 0: there is no Zimbra.
    pub zimbra: usize,
    /// The throttle of each target mailbox.
    pub throttle: Option<Throttle>,
    /// The time of a sign-in at the target.
    pub login: Range<Duration>,
    /// Some messages need a repair before Exchange takes them: NUL octets, over-long lines.
    pub oddities: bool,
    /// Ports of source and target; 0: free ones.
    pub ports: (u16, u16),
}

impl Default for LabOptions {
    fn default() -> Self {
        LabOptions {
            seed: 365,
            mailboxes: 4,
            messages: 300,
            office: 200,
            pop3: 150,
            zimbra: 150,
            throttle: Some(Throttle::mild()),
            login: Duration::from_millis(150)..Duration::from_millis(400),
            oddities: false,
            ports: (0, 0),
        }
    }
}

/// One mailbox on both sides.
#[derive(Clone, Debug)]
pub struct LabMailbox {
    /// Its user at the source.
    pub source_user: String,
    /// The password there.
    pub source_password: String,
    /// Its user at the target.
    pub target_user: String,
    /// The password there.
    pub target_password: String,
    /// What the source holds.
    pub source: Mailstore,
    /// What the target holds.
    pub target: Mailstore,
}

/// A running lab; dropping it stops everything.
#[derive(Debug)]
pub struct Lab {
    source: Server,
    target: Server,
    office: Option<Office>,
    pop3: Option<PopHost>,
    zimbra: Option<ZimbraHost>,
    authority: PathBuf,
    mailboxes: Vec<LabMailbox>,
}

impl Lab {
    /// Starts both servers with TLS; the authority's certificate goes to `directory`.
    ///
    /// # Errors
    /// A port is taken, or the directory cannot be written.
    pub async fn start(options: &LabOptions, directory: &Path) -> io::Result<Lab> {
        let certificate = Certificate::new()?;
        let authority = directory.join("lab-ca.pem");
        fs::write(&authority, certificate.authority_pem())?;
        let mailboxes: Vec<LabMailbox> = (1..=options.mailboxes).map(|number| mailbox(options, number)).collect();
        let sources = mailboxes.iter().fold(Accounts::default(), |accounts, one| {
            accounts.with(&one.source_user, &one.source_password, one.source.clone())
        });
        let paula = Accounts::default().with(Office::TARGET_USER, "no-password", exchange_target(Language::English));
        let olga = paula.with(PopHost::TARGET_USER, PopHost::TARGET_PASSWORD, exchange_target(Language::English));
        let vera = olga.with(ZimbraHost::TARGET_USER, ZimbraHost::TARGET_PASSWORD, exchange_target(Language::English));
        let targets = mailboxes
            .iter()
            .fold(vera, |accounts, one| accounts.with(&one.target_user, &one.target_password, one.target.clone()));
        let millis = Duration::from_millis;
        let target = Persona::exchange(Profile::Move).with(|persona| {
            persona.throttle = options.throttle.clone();
            persona.latency =
                Latency { login: options.login.clone(), append: millis(1)..millis(3), ..Latency::default() };
        });
        let (source_port, target_port) = options.ports;
        let tls = || Some(certificate.acceptor());
        let target = Server::bind(target_port, targets, target, tls()).await?;
        let office = match options.office {
            0 => None,
            items => Some(Office::start(items, options.seed, &certificate, &target).await?),
        };
        let pop3 = match options.pop3 {
            0 => None,
            messages => Some(PopHost::start(messages, options.seed, &certificate).await?),
        };
        let zimbra = match options.zimbra {
            0 => None,
            messages => Some(ZimbraHost::start(messages, options.seed, &certificate).await?),
        };
        let source = Server::bind(source_port, sources, Persona::generic(), tls()).await?;
        Ok(Lab { source, target, office, pop3, zimbra, authority, mailboxes })
    }

    /// The IMAP host.
    pub fn source(&self) -> &Server {
        &self.source
    }
    /// The Microsoft 365 stand-in.
    pub fn target(&self) -> &Server {
        &self.target
    }
    /// The certificate to believe.
    pub fn authority(&self) -> &Path {
        &self.authority
    }
    /// The mailboxes.
    pub fn mailboxes(&self) -> &[LabMailbox] {
        &self.mailboxes
    }

    /// A `mailhaul.toml` for this lab; it names `users.csv` beside it, and `office.csv`, `pop3.csv` and `zimbra.csv` where there are such hosts.
    pub fn configuration(&self) -> String {
        let endpoint = |name: &str, kind: &str, description: &str, server: &Server| {
            format!(
                "[endpoint.{name}]\nkind = \"{kind}\"\ndescription = \"{description}\"\nhost = \"127.0.0.1\"\nport = {}\n\
                 encryption = \"tls\"\nca = {:?}\nauth = \"password\"\n\n",
                server.port(),
                self.authority.display().to_string(),
            )
        };
        let source = endpoint("old", "imap", "the lab's IMAP host", &self.source);
        let target = endpoint("m365", "microsoft365", "the lab's Microsoft 365", &self.target);
        let office = self.office.as_ref().map(|office| office.configuration(&self.authority, self.target.port()));
        let pop3 = self.pop3.as_ref().map(|host| host.configuration(&self.authority));
        let zimbra = self.zimbra.as_ref().map(|host| host.configuration(&self.authority));
        format!(
            "[project]\nname = \"lab\"\n\n{source}{target}[batch.all]\nsource = \"old\"\ntarget = \"m365\"\nusers = \"users.csv\"\n{}{}{}",
            office.unwrap_or_default(),
            pop3.unwrap_or_default(),
            zimbra.unwrap_or_default()
        )
    }

    /// The `office.csv` that goes with it.
    pub fn office_users(&self) -> Option<String> {
        self.office.as_ref().map(|_| Office::users())
    }

    /// The `pop3.csv` that goes with it.
    pub fn pop3_users(&self) -> Option<String> {
        self.pop3.as_ref().map(|_| PopHost::users())
    }

    /// The `zimbra.csv` that goes with it.
    pub fn zimbra_users(&self) -> Option<String> {
        self.zimbra.as_ref().map(|_| ZimbraHost::users())
    }

    /// The `users.csv` that goes with [`Lab::configuration`]. The passwords are of the lab alone.
    pub fn users(&self) -> String {
        let mut lines = "source,target,username,password,target_username,target_password\n".to_owned();
        for one in &self.mailboxes {
            let LabMailbox { source_user, source_password, target_user, target_password, .. } = one;
            lines += &format!(
                "{source_user},{target_user},{source_user},{source_password},{target_user},{target_password}\n"
            );
        }
        lines
    }

    /// The people go on working at the source: each mailbox receives mail, reads some, files some. Returns how many
    /// messages are new.
    pub fn go_on(&self) -> usize {
        let at_office = self.office.as_ref().map_or(0, Office::go_on);
        let at_pop3 = self.pop3.as_ref().map_or(0, PopHost::go_on);
        let at_zimbra = self.zimbra.as_ref().map_or(0, ZimbraHost::go_on);
        at_office
            + at_pop3
            + at_zimbra
            + self.mailboxes.iter().zip(1..).map(|(one, seed)| go_on(&one.source, seed)).sum::<usize>()
    }
}

fn mailbox(options: &LabOptions, number: usize) -> LabMailbox {
    let seed = options.seed.wrapping_mul(1000).wrapping_add(number as u64);
    let recipe =
        Recipe { nul: options.oddities, overlong_lines: options.oddities, ..Recipe::new(seed, options.messages) };
    let languages = [Language::English, Language::German, Language::French];
    LabMailbox {
        source_user: format!("user{number}@old.example.org"),
        source_password: format!("old-{number}"),
        target_user: format!("user{number}@contoso.example"),
        target_password: format!("new-{number}"),
        source: recipe.build(),
        target: exchange_target(languages[number % languages.len()]),
    }
}

fn go_on(store: &Mailstore, seed: u64) -> usize {
    let fresh = Recipe { awkward_names: false, ..Recipe::new(seed, 12) }.build();
    let mail: Vec<_> = fresh.read(|mailbox| mailbox.folders().flat_map(|(_, f)| f.messages().to_vec()).collect());
    store.write(|mailbox| {
        if let Some(inbox) = mailbox.folder_mut(b"INBOX") {
            let unread: Vec<u32> = inbox.messages().iter().rev().take(10).map(|m| m.uid).collect();
            for uid in unread {
                inbox.set_flags(uid, |flags| flags.system = flags.system.union(crate::model::SystemFlags::SEEN));
            }
            for message in &mail {
                inbox.append(message.again(), None);
            }
        }
        let _ = mailbox.create(b"New project");
    });
    mail.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lab_starts_with_what_a_project_needs() {
        let directory = tempfile::tempdir().unwrap();
        let options = LabOptions { mailboxes: 2, messages: 20, ..LabOptions::default() };
        let lab = Lab::start(&options, directory.path()).await.unwrap();
        assert!(fs::read_to_string(lab.authority()).unwrap().contains("BEGIN CERTIFICATE"));
        assert!(lab.configuration().contains(&format!("port = {}", lab.target().port())));
        assert_eq!(lab.users().lines().count(), 3);
        let before = lab.mailboxes()[0].source.snapshot().messages();
        assert_eq!(before, 20);
        assert_eq!(lab.go_on(), 50);
        assert_eq!(lab.mailboxes()[0].source.snapshot().messages(), 32);
    }
}
