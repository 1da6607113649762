//! A tenant with two mailboxes, a ledger, and passes from one mailbox to the other.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use mailhaul::{
    error::Side,
    graph::{Mailbox, Pace},
    lab::graph::{Settings, fill},
    ledger::{Ledger, Numbering, SqliteLedger},
    pace::Rates,
    source::items::{ItemSource, ItemSourceSettings},
    target::{
        TargetConnector,
        items::{ItemTarget, ItemTargetSettings},
    },
    transfer::{self, MailboxReport, Options, Outcome, Pair, Unobserved},
};
use tokio_util::sync::CancellationToken;

use crate::{
    graph::stage::{KIM, LEE, Stage},
    support::place,
};

/// A stand-in in this process has nothing on the way, and a scene is played many times.
const SETTLE: Duration = Duration::from_millis(60);

/// Two mailboxes of one service: Kim's goes to Lee's.
pub struct House {
    pub stage: Stage,
    pub pace: Pace,
    /// The target by IMAP.
    pub mail: Option<Arc<dyn TargetConnector>>,
    home: tempfile::TempDir,
}

impl House {
    /// With `count` items of every class at the source.
    pub async fn filled(count: usize, settings: Settings) -> House {
        let stage = Stage::new(settings).await;
        stage.graph.mailbox(KIM, |mailbox| fill(mailbox, count, 7));
        House { stage, pace: Pace::default(), mail: None, home: place::fresh("items") }
    }

    /// The same, where each of the first `count` items was copied in its folder `each` times and every copy edited since: they share all that an
    /// item is recognised by.
    pub fn with_copies(self, count: usize, each: usize) -> House {
        self.stage.graph.mailbox(KIM, |mailbox| {
            let originals: Vec<_> = mailbox.items().map(|(path, item)| (path, item.clone())).take(count).collect();
            for (path, item) in originals {
                for edit in 1..=each {
                    let subject = format!("{} (edited, {edit})", item.subject);
                    mailbox.add(&path, mailhaul::lab::graph::NewItem { subject, ..item.clone() }).unwrap();
                }
            }
        });
        self
    }

    /// The same, asked at another pace.
    pub fn paced(self, pace: Pace) -> House {
        House { pace, ..self }
    }

    pub fn ledger_path(&self) -> PathBuf {
        self.home.path().join("ledger.db")
    }

    pub fn ledger(&self) -> Arc<SqliteLedger> {
        SqliteLedger::open(self.ledger_path()).unwrap()
    }

    /// A mailbox as the side that it is on reaches it.
    pub fn mailbox(&self, user: &str, side: Side) -> Mailbox {
        self.stage.service_on(side, self.pace).mailbox(user)
    }

    /// The pair, numbered by `numbering`.
    pub fn pair(&self, numbering: Arc<dyn Numbering>) -> Pair {
        let source = ItemSource::new(ItemSourceSettings {
            mailbox: self.mailbox(KIM, Side::Source),
            describe: KIM.to_owned(),
            bodies: self.stage.bodies.clone(),
            rates: Rates::default(),
        });
        let target = ItemTarget::new(ItemTargetSettings {
            mailbox: self.mailbox(LEE, Side::Target),
            describe: LEE.to_owned(),
            identity: "lee@target".to_owned(),
            numbering,
            settle: SETTLE,
            mail: self.mail.clone(),
        });
        Pair {
            source_identity: "kim@source".to_owned(),
            target_identity: "lee@target".to_owned(),
            source: Arc::new(source),
            target: Arc::new(target),
        }
    }

    /// One pass with the ledger of the house.
    pub async fn pass(&self, options: &Options) -> MailboxReport {
        let ledger = self.ledger();
        run(&self.pair(ledger.clone()), ledger, options).await
    }

    /// One pass that must verify.
    pub async fn verified(&self) -> MailboxReport {
        let report = self.pass(&Options::default()).await;
        assert_eq!(report.state, Outcome::Verified, "{report:#?}");
        assert_eq!(report.counts.unexplained, 0, "{report:#?}");
        report
    }

    /// Everything of a mailbox that a transfer keeps: the folder of each item, and all that the item is.
    pub fn contents(&self, user: &str) -> Vec<String> {
        let look = |mailbox: &mut mailhaul::lab::graph::Mailbox| {
            mailbox.items().map(|(path, item)| format!("{path} {item:?}")).collect::<Vec<_>>()
        };
        let mut all = self.stage.graph.mailbox(user, look).unwrap();
        all.sort();
        all
    }

    /// Fails unless both mailboxes hold the same, each item once.
    pub fn assert_equal(&self, when: &str) {
        let (wanted, found) = (self.contents(KIM), self.contents(LEE));
        let lost: Vec<_> = differences(&wanted, &found);
        let extra: Vec<_> = differences(&found, &wanted);
        let cut =
            |lines: Vec<&String>| lines.iter().map(|line| line.chars().take(90).collect()).collect::<Vec<String>>();
        assert!(wanted == found, "{when}: lost {:#?}\nextra {:#?}", cut(lost), cut(extra));
    }
}

/// What `a` has more often than `b`; both are sorted.
fn differences<'a>(a: &'a [String], b: &[String]) -> Vec<&'a String> {
    let mut left = b.iter().peekable();
    let mut more = Vec::new();
    for line in a {
        while left.next_if(|other| *other < line).is_some() {}
        if left.next_if_eq(&line).is_none() {
            more.push(line);
        }
    }
    more
}

/// One pass over `pair`.
pub async fn run(pair: &Pair, ledger: Arc<dyn Ledger>, options: &Options) -> MailboxReport {
    transfer::run_pass(pair, ledger, options, Arc::new(Unobserved), CancellationToken::new()).await
}

/// The files of a ledger, to be put back.
pub fn copy_ledger(from: &Path, to: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let name = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        let _ = std::fs::remove_file(name(to));
        if suffix != "-shm" && name(from).exists() {
            std::fs::copy(name(from), name(to)).unwrap();
        }
    }
}
