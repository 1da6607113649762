//! Office 365 read by IMAP: what it does not deliver is read by Graph, and a notice is never copied as if it were mail (quirks 36, 37).

use std::sync::Arc;

use mailhaul::{
    error::Side,
    graph::Pace,
    lab::{
        graph::{Fault, Kind, Settings},
        imap::{Persona, Profile},
        mailstore::Mailbox,
    },
    source::imap::ImapSource,
    transfer::{MailboxReport, Options, Outcome},
};

use super::{
    letters::{letter, twin, with_body},
    scenes::put,
    theatre::{Cast, EXCHANGE, Stage, settings, store},
};
use crate::graph::stage::{KIM, Stage as Tenant};

/// UIDs 2 and 4 of every folder are not delivered; in the second folder two messages came in the second of one of them.
fn office() -> Mailbox {
    let mut mailbox = Mailbox::new('/');
    put(mailbox.folder_mut(b"INBOX").unwrap(), (0..8).map(letter));
    mailbox.create("Entw&APw-rfe/Alt".as_bytes()).unwrap();
    let quotes = with_body(
        12,
        "Hello,\r\n> Retrieval using the IMAP4 protocol failed for the following message: 7\r\nwhat is that?\r\n",
    );
    let old = [letter(10), letter(11), quotes, letter(13), twin(13, 1)];
    put(mailbox.folder_mut("Entw&APw-rfe/Alt".as_bytes()).unwrap(), old);
    mailbox
}

struct Play {
    stage: Stage,
    tenant: Tenant,
}

impl Play {
    async fn new() -> Play {
        let persona = Persona::exchange(Profile::Move).with(|persona| {
            persona.rendering.stubs.insert(2);
            persona.rendering.left_out.insert(4);
        });
        let cast = Cast { source: persona, source_profile: &EXCHANGE, ..Cast::careful() };
        let mut stage = Stage::raise(&cast, &office(), &Mailbox::new('/')).await;
        let tenant = Tenant::new(Settings::default()).await;
        tenant.graph.share(KIM, &store(&stage.source));
        let mailbox = tenant.service(Pace::default()).mailbox(KIM);
        let source = ImapSource::new(settings(&stage.source, Side::Source, &EXCHANGE)).with_graph(mailbox);
        stage.pair.source = Arc::new(source);
        Play { stage, tenant }
    }

    async fn pass(&self) -> MailboxReport {
        self.stage.pass(&Options::default()).await
    }

    /// Whether the very bytes of a letter are in a folder of the target.
    fn holds(&self, folder: &[u8], n: u32) -> bool {
        let is_it = |content: &mailhaul::lab::mailstore::Content| content.bytes() == letter(n).content.bytes();
        store(&self.stage.target).read(|mailbox| {
            mailbox.folder(folder).is_some_and(|folder| folder.messages().iter().any(|m| is_it(&m.content)))
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_imap_does_not_deliver_comes_by_graph() {
    let play = Play::new().await;
    let report = play.pass().await;
    assert_eq!((report.state, report.counts.copied, report.counts.failed), (Outcome::Finished, 12, 1), "{report:#?}");
    let alt = "Entw&APw-rfe/Alt".as_bytes();
    assert!(play.holds(b"INBOX", 1) && play.holds(b"INBOX", 3) && play.holds(alt, 11));
    // Two messages came in that second, and IMAP does not tell which of them it is.
    let line = report.attention.iter().find(|line| line.code == "ITEM-FETCH").unwrap();
    let words = line.reply.as_deref().unwrap_or_default();
    assert!(words.contains("by Graph: 2 messages of that second"), "{line:#?}");
    assert_eq!(play.pass().await.counts.copied_this_pass, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_leave_for_graph_they_are_listed_with_both_words() {
    let play = Play::new().await;
    play.tenant.graph.inject(Kind::List, Fault::Refuse(403, None), 10_000);
    let report = play.pass().await;
    assert_eq!((report.state, report.counts.copied, report.counts.failed), (Outcome::Finished, 9, 4), "{report:#?}");
    let words: Vec<&str> = report.attention.iter().filter_map(|line| line.reply.as_deref()).collect();
    assert_eq!(words.len(), 4, "{report:#?}");
    assert!(words.iter().all(|words| words.contains("; by Graph: HTTP 403: ErrorAccessDenied")), "{words:#?}");
    assert!(
        words.iter().any(|words| words.starts_with("the server sent a notice that it cannot retrieve")),
        "{words:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn graph_that_fails_for_a_moment_is_asked_again() {
    let play = Play::new().await;
    play.tenant.graph.inject(Kind::Value, Fault::Refuse(503, Some(1)), 1);
    play.tenant.graph.inject(Kind::Value, Fault::Refuse(500, None), 2);
    play.tenant.graph.inject(Kind::List, Fault::Cut, 1);
    let report = play.pass().await;
    assert_eq!((report.counts.copied, report.counts.failed), (12, 1), "{report:#?}");
}
