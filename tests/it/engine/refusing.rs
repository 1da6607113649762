//! Servers that will not: full, read-only, talking nonsense, silent, gone. Each has its own word, and nothing is lost.

use std::time::Duration;

use mailhaul::{
    lab::{generate::Recipe, imap::Persona, mailstore::Mailstore},
    transfer::{MailboxReport, Outcome},
};

use super::{letters::of_bytes, stage::Stage};

async fn stage(source: Persona, target: Persona) -> Stage {
    let from = Recipe { attachment: 3000, ..Recipe::new(61, 80) }.build();
    Stage::between((from, source), (Mailstore::empty(), target), "Dovecot").await
}

/// The word of the error that stopped the pass.
fn stopped_by(report: &MailboxReport) -> Option<&str> {
    report.error.as_ref().map(|error| error.code.as_str())
}

/// Found out beforehand where the target tells its quota, and by its refusals where it does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_mailbox_is_filled_when_there_is_room_again() {
    for untold in [&[][..], &["QUOTA", "QUOTA=RES-STORAGE"][..], &["QUOTA", "QUOTA=RES-STORAGE", "MULTIAPPEND"][..]] {
        let full = Persona::generic().without(untold).with(|persona| persona.append.quota = Some(100_000));
        let stage = stage(Persona::generic(), full).await;
        let report = stage.pass().await;
        assert_eq!((report.state, stopped_by(&report)), (Outcome::Failed, Some("TGT-QUOTA")), "{report:#?}");
        assert!(stage.to.snapshot().messages() < 80);
        stage.target.set_persona(Persona::generic());
        stage.until_verified().await;
        stage.assert_all_there_once();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_may_not_be_written() {
    let locked = Persona::generic().with(|persona| persona.append.read_only = true);
    let stage = stage(Persona::generic(), locked).await;
    let report = stage.pass().await;
    assert!(report.state > Outcome::Finished, "{report:#?}");
    assert!(
        !report.attention.is_empty() && report.attention.iter().all(|line| line.code == "TGT-READ-ONLY"),
        "{report:#?}"
    );
    assert_eq!(stage.to.snapshot().messages(), 0);
    stage.target.set_persona(Persona::generic());
    stage.until_verified().await;
    stage.assert_all_there_once();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_refused() {
    let stage = stage(Persona::generic(), Persona::generic()).await;
    stage.source.accounts().refuse_passwords(true);
    let report = stage.pass().await;
    assert_eq!((report.state, stopped_by(&report)), (Outcome::Failed, Some("SRC-AUTH")), "{report:#?}");
    stage.source.accounts().refuse_passwords(false);
    stage.until_verified().await;
    stage.assert_all_there_once();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_talks_nonsense() {
    let stage = stage(Persona::nonsense(), Persona::generic()).await;
    let report = stage.pass().await;
    assert_eq!((report.state, stopped_by(&report)), (Outcome::Failed, Some("SRC-PROTOCOL")), "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_says_a_word() {
    let mut stage = stage(Persona::silent(), Persona::generic()).await;
    stage.patience = Duration::from_millis(300);
    let report = stage.pass().await;
    assert_eq!((report.state, stopped_by(&report)), (Outcome::Failed, Some("SRC-TIMEOUT")), "{report:#?}");
}

/// Headers that a strict target takes only when they were repaired, each with its own faults.
fn malformed(n: u32) -> Vec<u8> {
    let long = "very ".repeat(600);
    let rest = format!("From: a@example.org\r\nMessage-ID: <broken-{n}@example.org>\r\n\r\nHello {n}\r\n");
    match n % 5 {
        0 => format!("Subject: {long} {n}\r\n{rest}"),
        1 => format!("Subject: Nothing\0 {n}\r\n{rest}"),
        2 => format!("Subject: Bare {n}\r\n{rest}").replace("\r\n", "\n"),
        3 => format!("Subject: =?x-nobody?Q?Gr=FC=DFe?= {n}\nno field\nX-Long: {long}\r\n{rest}"),
        _ => format!(
            "From a@example.org Mon Jan 1 00:00:00 2024\nSubject: Gr\u{fc}\u{df}e {n}\nX-Long: {long}\r\n{rest}"
        ),
    }
    .into_bytes()
}

/// What was repaired there is known by what it would be sent as.
#[tokio::test(flavor = "multi_thread")]
async fn repaired_headers_are_recognised_without_a_ledger() {
    let strict = Persona::generic().with(|persona| {
        persona.append.max_line = Some(2000);
        persona.append.refuse_bare_newline = true;
    });
    for profile in ["Dovecot", "Zimbra"] {
        let from = Mailstore::empty();
        from.write(|mailbox| {
            let inbox = mailbox.folder_mut(b"INBOX").unwrap();
            for n in 0..15 {
                inbox.append(of_bytes(n, malformed(n)), None);
            }
        });
        let stage = Stage::between((from, Persona::generic()), (Mailstore::empty(), strict.clone()), profile).await;
        let (report, _) = stage.until_verified().await;
        assert_eq!((report.counts.repaired, report.counts.copied), (15, 15), "{profile}: {report:#?}");
        stage.lose_the_ledger();
        let counts = stage.pass().await.counts;
        assert_eq!((counts.copied, counts.already_present), (0, 15), "{profile}: {counts:#?}");
        assert_eq!(stage.to.snapshot().messages(), 15);
    }
}
