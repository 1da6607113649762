//! Labels and keywords as categories: mail goes by IMAP, what IMAP cannot carry by Graph, to one mailbox that both show.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use mailhaul::{
    error::Result,
    graph::Pace,
    lab::{
        graph::{Fault, Kind, Settings},
        imap::{Persona, Profile},
        mailstore::{Mailbox, NewMessage},
    },
    ledger::Ledger,
    model::Role,
    target::{Categories, TargetConnector, TargetSession, categories::GraphCategories},
    transfer::{CategoriesReport, Keywords, Labels, MailboxReport, Options, Outcome},
};

use super::{
    letters::{letter, of_bytes},
    scenes::put,
    theatre::{Cast, EXCHANGE, GMAIL, Stage, run, store},
};
use crate::{
    graph::stage::{KIM, Stage as Tenant},
    ledger::{Death, FaultyLedger},
};

const ALL: &[u8] = b"[Gmail]/All Mail";

/// The inbox holds letters 0 to 9, two labels 5 to 14 and 8 to 11; 15 to 19 have none.
fn gmail() -> Mailbox {
    let mut mailbox = Mailbox::new('/');
    put(mailbox.folder_mut(b"INBOX").unwrap(), (0..10).map(letter));
    for (label, letters) in [(&b"Work"[..], 5..15), (b"Family", 8..12)] {
        mailbox.create(label).unwrap();
        put(mailbox.folder_mut(label).unwrap(), letters.map(letter));
    }
    mailbox.create(ALL).unwrap();
    mailbox.folder_mut(ALL).unwrap().role = Some(Role::All);
    put(mailbox.folder_mut(ALL).unwrap(), (0..20).map(letter));
    mailbox.folder_mut(b"[Gmail]").unwrap().selectable = false;
    mailbox
}

/// A target that sets categories.
struct Tagging(Arc<dyn TargetConnector>, Arc<dyn Categories>);

#[async_trait]
impl TargetConnector for Tagging {
    async fn open(&self) -> Result<Box<dyn TargetSession>> {
        self.0.open().await
    }
    fn describe(&self) -> String {
        self.0.describe()
    }
    fn categories(&self) -> Option<Arc<dyn Categories>> {
        Some(self.1.clone())
    }
}

/// A stage whose target is a mailbox of the tenant.
struct Play {
    stage: Stage,
    tenant: Tenant,
}

impl Play {
    async fn of(source: &Mailbox) -> Play {
        let target = Persona::exchange(Profile::Move);
        let cast = Cast { source: Persona::gmail(), source_profile: &GMAIL, ..Cast::careful() }.to(target, &EXCHANGE);
        let mut stage = Stage::raise(&cast, source, &Mailbox::new('/')).await;
        let tenant = Tenant::new(Settings::default()).await;
        tenant.graph.share(KIM, &store(&stage.target));
        let mailbox = tenant.service(Pace::default()).mailbox(KIM);
        let categories = Arc::new(GraphCategories::new(mailbox, tenant.bodies.clone()));
        stage.pair.target = Arc::new(Tagging(stage.pair.target.clone(), categories));
        Play { stage, tenant }
    }

    async fn pass(&self) -> MailboxReport {
        self.stage.pass(&options()).await
    }

    /// The letters of each folder with their categories.
    fn there(&self) -> BTreeMap<(String, u32), Vec<String>> {
        let number = |bytes: &[u8]| (0..100).find(|n| letter(*n).content.bytes() == bytes);
        let seen = self.tenant.graph.mailbox(KIM, |mailbox| {
            let one = |(path, item): (String, &mailhaul::lab::graph::NewItem)| {
                let mut categories = item.categories.clone();
                categories.sort();
                Some(((path, number(&item.content.bytes())?), categories))
            };
            mailbox.items().filter_map(one).collect()
        });
        seen.unwrap()
    }

    /// Changes the categories of a letter as its user does.
    fn tag(&self, folder: &str, n: u32, change: impl Fn(&mut Vec<String>)) {
        self.tenant.graph.mailbox(KIM, |mailbox| {
            for id in mailbox.ids_in(folder) {
                mailbox.update(&id, |item| {
                    if item.content.bytes() == letter(n).content.bytes() {
                        change(&mut item.categories);
                    }
                });
            }
        });
    }
}

fn options() -> Options {
    Options { labels: Labels::Categories, keywords: Keywords::Categories, ..Options::default() }
}

/// What must be there after the first pass. Every fourth letter has the keyword "work".
fn expected() -> BTreeMap<(String, u32), Vec<String>> {
    let keyword = |n: u32| if n % 4 == 2 { &["work"][..] } else { &[] };
    let one = |folder: &str, n: u32, labels: &[&str]| {
        let names = labels.iter().chain(keyword(n)).map(ToString::to_string).collect();
        ((folder.to_owned(), n), names)
    };
    let inbox = (0..10).map(|n| match n {
        5..8 => one("Inbox", n, &["Work"]),
        8.. => one("Inbox", n, &["Family", "Work"]),
        _ => one("Inbox", n, &[]),
    });
    let family = (10..12).map(|n| one("Family", n, &["Work"]));
    let rest = (12..20).map(|n| one(if n < 15 { "Work" } else { "Archive" }, n, &[]));
    inbox.chain(family).chain(rest).collect()
}

fn assert_done(report: &MailboxReport, carried: u64) {
    assert_eq!(report.state, Outcome::Verified, "{report:#?}");
    assert_eq!(report.categories, Some(CategoriesReport { carried, not_carried: 0 }), "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_copy_has_its_other_labels_as_categories() {
    let play = Play::of(&gmail()).await;
    assert_done(&play.pass().await, 14);
    assert_eq!(play.there(), expected());
    assert_eq!(play.stage.source.journal().messages_told(), 20, "each message is downloaded once");
    let asked = play.tenant.graph.count(Kind::Any);
    assert_done(&play.pass().await, 14);
    assert_eq!(play.tenant.graph.count(Kind::Any), asked, "what is done is not done again");
}

#[tokio::test(flavor = "multi_thread")]
async fn later_passes_apply_differences_and_leave_the_users_own() {
    let play = Play::of(&gmail()).await;
    assert_done(&play.pass().await, 14);
    play.tag("Inbox", 8, |categories| categories.retain(|name| name != "Work"));
    play.tag("Inbox", 9, |categories| categories.push("Red".to_owned()));
    play.tag("Archive", 15, |categories| categories.push("Red".to_owned()));
    play.stage.change_source(|mailbox| {
        // 8 and 9 lose "Family", 15 gets it: the one copy stays where it is.
        let family = mailbox.folder_mut(b"Family").unwrap();
        let lost: Vec<u32> = family.messages().iter().take(2).map(|message| message.uid).collect();
        family.expunge(|message| lost.contains(&message.uid));
        put(family, [letter(15)]);
    });
    assert_done(&play.pass().await, 13);
    let there = play.there();
    let of = |folder: &str, n: u32| there[&(folder.to_owned(), n)].join(" ");
    assert_eq!((of("Inbox", 8), of("Inbox", 9)), (String::new(), "Red Work".to_owned()));
    assert_eq!(of("Archive", 15), "Family Red");
    assert_eq!(there.len(), 20, "{there:#?}");
    assert_eq!(play.stage.source.journal().messages_told(), 20);
}

/// Its user had set one of the names before the label was carried over: it is the user's, and stays when the label goes.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_was_there_before_us_stays_when_its_label_goes() {
    let play = Play::of(&gmail()).await;
    play.tenant.graph.inject(Kind::Patch, Fault::Refuse(403, None), 14);
    play.pass().await;
    play.tag("Inbox", 8, |categories| categories.push("family".to_owned()));
    while play.pass().await.categories.is_some_and(|categories| categories.not_carried > 0) {}
    play.stage.change_source(|mailbox| {
        let family = mailbox.folder_mut(b"Family").unwrap();
        let lost: Vec<u32> = family.messages().iter().take(2).map(|message| message.uid).collect();
        family.expunge(|message| lost.contains(&message.uid));
    });
    play.pass().await;
    let there = play.there();
    let of = |n: u32| there[&("Inbox".to_owned(), n)].join(" ");
    assert_eq!((of(8), of(9)), ("Work family".to_owned(), "Work".to_owned()));
}

/// One copy goes where the message is found first; when its user archives it, it is moved to what is left.
#[tokio::test(flavor = "multi_thread")]
async fn the_one_copy_follows_its_message_out_of_the_inbox() {
    let play = Play::of(&gmail()).await;
    assert_done(&play.pass().await, 14);
    play.stage.change_source(|mailbox| {
        let inbox = mailbox.folder_mut(b"INBOX").unwrap();
        let first: Vec<u32> = inbox.messages().iter().skip(4).take(2).map(|message| message.uid).collect();
        inbox.expunge(|message| first.contains(&message.uid));
    });
    let report = play.pass().await;
    assert_eq!((report.state, report.counts.moved), (Outcome::Verified, 2), "{report:#?}");
    let there = play.there();
    assert!(there.contains_key(&("Archive".to_owned(), 4)) && there.len() == 20, "{there:#?}");
    assert_eq!(there[&("Work".to_owned(), 5)], [] as [&str; 0], "its folder says it");
    assert_eq!(play.stage.source.journal().messages_told(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_leave_they_are_told_and_done_when_there_is_one() {
    let play = Play::of(&gmail()).await;
    play.tenant.graph.inject(Kind::Patch, Fault::Refuse(403, None), 1000);
    let report = play.pass().await;
    assert_eq!(report.state, Outcome::Verified, "{report:#?}");
    assert_eq!(report.categories, Some(CategoriesReport { carried: 0, not_carried: 14 }));
    let line = report.attention.iter().find(|line| line.code == "TGT-CONSENT").unwrap();
    assert!(line.problem.contains("14 labels or keywords were not carried over"), "{line:#?}");
    assert!(line.reply.as_ref().is_some_and(|reply| reply.contains("ErrorAccessDenied")), "{line:#?}");

    let leave = Play { tenant: Tenant::new(Settings::default()).await, ..play };
    leave.tenant.graph.share(KIM, &store(&leave.stage.target));
    let Play { mut stage, tenant } = leave;
    let mailbox = tenant.service(Pace::default()).mailbox(KIM);
    stage.pair.target =
        Arc::new(Tagging(stage.pair.target.clone(), Arc::new(GraphCategories::new(mailbox, tenant.bodies.clone()))));
    let play = Play { stage, tenant };
    assert_done(&play.pass().await, 14);
    assert_eq!(play.there(), expected());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_without_categories_is_told() {
    let cast = Cast { source: Persona::gmail(), source_profile: &GMAIL, ..Cast::careful() };
    let stage = Stage::raise(&cast, &gmail(), &Mailbox::new('/')).await;
    let report = stage.pass(&options()).await;
    // It keeps keywords as they are.
    assert_eq!(report.categories, Some(CategoriesReport { carried: 0, not_carried: 9 }), "{report:#?}");
    assert_eq!((report.state, stage.at_target().messages()), (Outcome::Verified, 20));
}

/// Beside the letters lie strangers with their Message-IDs: of the same second, or of another.
#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_never_given_a_category() {
    let play = Play::of(&gmail()).await;
    let stranger = |n: u32, subject: &str, later: i64| -> NewMessage {
        let text = String::from_utf8(letter(n).content.bytes().to_vec()).unwrap();
        let changed = text.replace(&format!("Subject: Letter {n}\r\n"), &format!("Subject: {subject}\r\n"));
        let mut new = of_bytes(n, changed.into_bytes());
        new.received_at.unix += later;
        new
    };
    play.stage.change_target(|mailbox| {
        let inbox = mailbox.folder_mut(b"INBOX").unwrap();
        put(inbox, [stranger(5, "[list] Letter 5", 0), stranger(6, "Other", 60)]);
    });
    let report = play.pass().await;
    let tagged = play.tenant.graph.mailbox(KIM, |mailbox| {
        let one = |(_, item): (String, &mailhaul::lab::graph::NewItem)| (item.subject.clone(), item.categories.clone());
        mailbox.items().map(one).collect::<Vec<_>>()
    });
    let of = |subject: &str| {
        tagged.as_ref().unwrap().iter().filter(|(s, _)| s == subject).map(|(_, c)| c.len()).sum::<usize>()
    };
    assert_eq!((of("[list] Letter 5"), of("Other")), (0, 0), "{tagged:#?}");
    assert_eq!((of("Letter 5"), of("Letter 6")), (1, 2), "{tagged:#?}");
    assert_done(&report, 14);
}

/// A second one, which nothing tells from the first, came before the first had its category.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_are_alike_none_is_touched() {
    let play = Play::of(&gmail()).await;
    play.tenant.graph.inject(Kind::Patch, Fault::Refuse(403, None), 14);
    let refused = play.pass().await.categories.map_or(0, |categories| categories.not_carried);
    play.stage.change_target(|mailbox| put(mailbox.folder_mut(b"INBOX").unwrap(), [letter(7)]));
    // The faults that no request met in the first pass are met in some more.
    let mut report = play.pass().await;
    while report.categories.is_some_and(|categories| categories.not_carried > 1) {
        report = play.pass().await;
    }
    assert_eq!((refused, report.categories), (14, Some(CategoriesReport { carried: 13, not_carried: 1 })));
    let line = report.attention.iter().find(|line| line.code == "TGT-CONSENT").unwrap();
    assert!(line.problem.ends_with("1 messages were not found for certain among those of the target"), "{line:#?}");
    assert_eq!(play.there()[&("Inbox".to_owned(), 7)], [] as [&str; 0]);
}

/// Killed at every step of the ledger, before and after: resumed, each message is there once with what it is to have.
#[tokio::test(flavor = "multi_thread")]
async fn killed_anywhere_it_ends_the_same() {
    let mut mailbox = gmail();
    mailbox.folder_mut(b"INBOX").unwrap().expunge(|message| message.uid < 4);
    let whole = Play::of(&mailbox).await;
    let counting = Arc::new(FaultyLedger::immortal(whole.stage.ledger()));
    assert_done(&run(&whole.stage.pair, counting.clone(), &options()).await, 14);
    let end = whole.there();
    for fatal in 0..counting.steps() {
        for death in [Death::Before, Death::After] {
            let play = Play::of(&mailbox).await;
            let ledger = play.stage.ledger();
            let mortal: Arc<dyn Ledger> = Arc::new(FaultyLedger::new(ledger.clone(), fatal, death));
            run(&play.stage.pair, mortal, &options()).await;
            assert_done(&run(&play.stage.pair, ledger, &options()).await, 14);
            assert_eq!(play.there(), end, "killed {death:?} step {fatal}");
        }
    }
}
